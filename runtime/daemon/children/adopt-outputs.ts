import type { Lane } from "../log-lane/lane.ts";
import { pipeOrder } from "../log-lane/launch-order.ts";
import type { Launch } from "./contract.ts";

/** A daemon that died during a start may have left a pipe that no lane serves. */
export function adoptOutputs(launch: Launch, pid: number, lane: Lane): void {
  const [out, err] = [pipeOrder(launch, "out"), pipeOrder(launch, "err")];
  if (out !== undefined || err !== undefined)
    lane.adopt(pid, { ...(out && { out }), ...(err && { err }) });
}
