import { steadyAtUptime } from "../../host/clock.ts";
import { isAlive, isLiving, readProcess } from "../../host/procfs.ts";
import type { Identity } from "../../host/users.ts";
import type { Connection } from "./connection.ts";
import type { LifeMark, WorkerEvents } from "./contract.ts";

/** One balancer, as God knows it. */
export interface Balancer {
  readonly app: string;
  readonly path: string;
  /** Interpreter, scheduling and user: a declaration that changes them needs another balancer. */
  readonly madeOf: string;
  readonly pid: number;
  /** Proof that the pid is still its own; `null` when it is not known. */
  readonly startTicks: number | null;
  connection: Promise<Connection | undefined>;
  isLost: boolean;
  readonly workers: Map<string, Held>;
  linger: NodeJS.Timeout | undefined;
}

/** A worker of this daemon's, and what it is known by when its balancer names its pid. */
export interface Held {
  readonly events: WorkerEvents;
  readonly ordered?: { readonly mark: LifeMark; readonly identity: Identity };
  /** Until its balancer has answered the order to start it: one that never does would block its stop forever. */
  late?: NodeJS.Timeout | undefined;
}

/** Ends one that is not trusted any more, or of no use: nothing reaches it. */
export function end({ pid, startTicks }: Balancer): void {
  if (startTicks === null || pid === 0 || !isAlive({ pid, startTicks })) return;
  process.kill(pid, "SIGKILL");
}

/** Whether a process is gone by then: one without a waiting parent may be a zombie for a while, and counts as gone. */
export async function goneBy(pid: number, deadline: number): Promise<boolean> {
  for (;;) {
    const stat = readProcess(pid);
    if (stat === undefined || !isLiving(stat)) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** Its own clock may have been set since. */
export function inSteadyTime<T extends { readonly at: number; readonly up?: number | undefined }>(
  end: T,
): T {
  return end.up === undefined ? end : { ...end, at: steadyAtUptime(end.up) };
}
