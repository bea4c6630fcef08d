import { closeSync } from "node:fs";
import type { HookInput } from "../../../machines/process-events.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { openLogWithoutWaiting, ownStream } from "../../host/log-files/open.ts";
import { logRights } from "../../host/log-files/rights.ts";
import type { Lane } from "../log-lane/lane.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import { writeTo, type Sink } from "./capture.ts";

/** The app's logs, for what its hooks write. */
export interface Sinks {
  readonly out: Sink;
  readonly error: Sink;
  close(): void;
}

/** Each is opened with the first words: most hooks say nothing. Words that no log takes are lost. */
export function openSinks(
  { spec, id }: HookInput,
  { home, lane }: { readonly home: string; readonly lane: Lane },
): Sinks {
  const logs = instanceLogPaths(spec, id);
  const closers: (() => void)[] = [];
  const open = (stream: "out" | "err"): number | null => {
    const order = pipeOrder({ spec, id, logs }, stream);
    if (order !== undefined) {
      const pipe = lane.open(order);
      closers.push(() => pipe.close());
      return pipe.descriptor;
    }
    const path = ownFile({ spec, logs }, stream);
    if (path === null) return null;
    const own = ownStream(path);
    if (own !== undefined) return own;
    const descriptor = openLogWithoutWaiting(path, logRights(spec, home)(path));
    closers.push(() => closeSync(descriptor));
    return descriptor;
  };
  const sink = (stream: "out" | "err"): Sink => {
    let descriptor: number | null | undefined;
    return (bytes) => {
      try {
        descriptor ??= open(stream);
      } catch (error) {
        // A bug of ours is an error, too, and ends no hook.
        if (!(error instanceof Error)) throw error;
        descriptor = null;
      }
      if (descriptor !== null) writeTo(descriptor, bytes);
    };
  };
  return {
    out: sink("out"),
    error: sink("err"),
    close: () => {
      for (const each of closers.splice(0)) each();
    },
  };
}
