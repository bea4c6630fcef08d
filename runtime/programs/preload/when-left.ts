import type { Server } from "node:net";
import type { Connections, Left } from "./connections.ts";

/** Between two looks at what is left; ms. */
const lookEveryMs = 20;

/**
 * Looks at what is left of all servers' connections until it is not waited for any more.
 * @param isWaitedFor given the sum of them, and the time since `began` (ms).
 */
export function whenLeft(
  servers: ReadonlyMap<Server, Connections>,
  began: number,
  isWaitedFor: (left: Left, sinceMs: number) => boolean,
  done: () => void,
): void {
  const timer = setInterval(() => {
    const sinceMs = performance.now() - began;
    // After the poll phase: what had arrived has been read.
    setImmediate(() => {
      if (isWaitedFor(leftOf(servers), sinceMs)) return;
      clearInterval(timer);
      done();
    });
  }, lookEveryMs);
}

/** Each call closes what has been idle for long enough. */
export function leftOf(servers: ReadonlyMap<Server, Connections>): Left {
  const sum = { busy: 0, idle: 0, open: 0 };
  for (const connections of servers.values()) {
    const { busy, idle, open } = connections.left();
    sum.busy += busy;
    sum.idle += idle;
    sum.open += open;
  }
  return sum;
}
