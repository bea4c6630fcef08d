import { readProcess, type ProcessStat } from "../../host/procfs.ts";
import { AnswerTimeout } from "./_http.ts";
import { readPid } from "./faults.ts";

/** A daemon that works and does not answer for about a minute hangs, whatever it does. */
const mostUnanswered = 13;

/**
 * Whether the daemon of a home is there: one that is busy with a long command answers a ping, or uses CPU; one that
 * is stopped or gone does neither.
 * @param ping fails with `AnswerTimeout` when no answer comes in time.
 */
export function presenceOf(home: string, ping: () => Promise<unknown>): () => Promise<boolean> {
  let unanswered = 0;
  return async () => {
    const pid = readPid(home) ?? 0;
    const before = readProcess(pid);
    if (before?.state === stopped) return false;
    try {
      await ping();
      unanswered = 0;
      return true;
    } catch (error) {
      if (!(error instanceof AnswerTimeout)) return true;
      unanswered += 1;
      return unanswered < mostUnanswered && isAtWork(before, readProcess(pid));
    }
  };
}

/** States of proc(5) of a process that runs, or would if it had a processor or its disk. */
const running = new Set(["R", "D"]);
/** Asleep: it may have run in between. */
const sleeping = "S";
/** By SIGSTOP: there is nothing to ask. */
const stopped = "T";

/**
 * Whether a process is at work: on a machine with too much to do a daemon may need seconds to start many programs, and is
 * neither stopped nor hung.
 * @param before a moment earlier.
 */
export function isAtWork(
  before: Pick<ProcessStat, "startTicks" | "cpuTicks"> | undefined,
  after: Pick<ProcessStat, "startTicks" | "cpuTicks" | "state"> | undefined,
): boolean {
  if (before === undefined || after?.startTicks !== before.startTicks) return false;
  if (running.has(after.state)) return true;
  return after.state === sleeping && after.cpuTicks > before.cpuTicks;
}
