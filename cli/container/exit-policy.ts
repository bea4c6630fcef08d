import { isAtRest } from "../../runtime/contract/words/rest.ts";
import { constants } from "node:os";
import type { ProcessView } from "../../runtime/client/connection/types.ts";

/** When a container ends by itself: when no app runs any more, when any of them has ended, or one of some that matter. */
export const exitPolicies = ["all-stopped", "any", "significant"] as const;

export type ExitPolicy = (typeof exitPolicies)[number];

type Seen = Pick<ProcessView, "name" | "id" | "status" | "lastExit" | "failure" | "reload">;

/** That the container ends: with which code, and why. */
export interface Ending {
  readonly code: number;
  readonly why: string;
}

/**
 * Whether processes have come to their end, and what the container's exit code then is: that of the app that decided.
 * @param significant the names that matter for `significant`.
 */
export function endingOf(
  policy: ExitPolicy,
  processes: readonly Seen[],
  significant: readonly string[],
): Ending | undefined {
  const ended = processes.filter(hasEnded);
  if (policy === "all-stopped") {
    if (ended.length < processes.length) return undefined;
    const deciding = decidingOf(ended);
    if (deciding === undefined) return { code: 0, why: "no app runs" };
    return { code: codeOf(deciding), why: `no app runs any more; ${wordsOf(deciding)}` };
  }
  const counted = policy === "any" ? ended : ended.filter(({ name }) => significant.includes(name));
  // One that was never started has not ended.
  const [first] = counted.filter(hasRun).sort((a, b) => endedAt(a) - endedAt(b));
  return first === undefined ? undefined : { code: codeOf(first), why: wordsOf(first) };
}

/** The exit code after everything was stopped: that of what ended last, or of what failed last if that ended well. */
export function codeAfterStop(processes: readonly Seen[]): number {
  const deciding = decidingOf(processes);
  return deciding === undefined ? 0 : codeOf(deciding);
}

function hasEnded({ status, reload }: Seen): boolean {
  return isAtRest(status) && reload === null;
}

function hasRun({ lastExit, failure }: Seen): boolean {
  return lastExit !== null || failure !== null;
}

/** Who ended last; a failure is not hidden by another app that ended well after it. */
function decidingOf(processes: readonly Seen[]): Seen | undefined {
  const latest = processes.filter(hasRun).sort((a, b) => endedAt(b) - endedAt(a));
  return latest.find((each) => codeOf(each) !== 0) ?? latest[0];
}

function endedAt({ lastExit, failure }: Seen): number {
  return Math.max(lastExit?.at ?? 0, failure?.at ?? 0);
}

/** A shell's words: 128 and the signal's number for an end by a signal, 126 for what could not be run. */
function codeOf({ status, lastExit, failure }: Seen): number {
  if (lastExit === null) return failure === null ? 0 : 126;
  const { code, signal } = lastExit;
  if (signal !== null) return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  // An errored app is not a success, whatever its exit code.
  return code === null || (code === 0 && status === "errored") ? 1 : code;
}

function wordsOf(process: Seen): string {
  const { name, id, status, lastExit, failure } = process;
  const who = `${name} (${id})`;
  if (lastExit === null) return `${who} could not be run: ${failure?.message ?? ""}`;
  const how =
    lastExit.signal === null ? `code ${lastExit.code ?? "unknown"}` : `signal ${lastExit.signal}`;
  return `${who} ended with ${how}${status === "errored" ? " and was given up" : ""}`;
}
