import type { ExitFact } from "./exit.ts";
import { judgementOf, type Judged, type Judgement } from "./judgement.ts";
import { drawFrom, nextBackoff } from "./lib/backoff.ts";
import { duration, howItEnded } from "./lib/words.ts";
import type { Cause } from "./cause.ts";
import { rules, type ExitRule, type NextStep } from "./restart-rules.ts";

export { guardRules, isSuccess, rules, type GuardRule, type NextStep } from "./restart-rules.ts";

/** The wait for a machine that is short of something; up to half of it less, so that many apps do not try at once. */
const shortageWaitMs = 2_000;

/** A rule about the apps that come first. */
export type DependencyRule = "waitsForDependencies" | "hasItsDependencies" | "lostItsDependency";

/** What decided. */
export type Rule = ExitRule | DependencyRule | "skipsRun" | "ignoresFailedHook";

/** Why a process is where it is: the rule that applied, the values it saw, and what follows. */
export interface Decision {
  readonly at: number;
  readonly rule: Rule;
  readonly next: NextStep;
  readonly exit: ExitFact | null;
  /** The values that the rule compared, by name; times in ms. */
  readonly saw: Readonly<Record<string, number | string | boolean | null>>;
  /** How long until the next start; 0 unless `next` is `wait`. */
  readonly delayMs: number;
  readonly sentence: string;
  /** What of another process is behind it. */
  readonly cause?: Cause;
}

/**
 * Judges an end: the decision record, and the wait to continue from when it backs off (`backoffMs`).
 * @param at when it is decided, in ms since the epoch.
 */
export function decide(
  judged: Judged,
  at: number,
): { decision: Decision; backoffMs: number; judgement: Judgement } {
  const entry = rules.find((candidate) => candidate.applies(judged));
  if (entry === undefined) throw new Error("can't happen: the last rule always applies");
  const judgement = judgementOf(judged);
  const wait = waitOf(entry.rule, judged, at);
  const sentence = `${endOf(judged)}; ${nextOf(entry.next, wait.waitMs)}, because ${entry.why(judged)}.`;
  const { rule, next } = entry;
  const saw = seenBy(rule, judgement);
  return {
    decision: { at, rule, next, exit: judged.exit, saw, delayMs: wait.waitMs, sentence },
    backoffMs: wait.baseMs,
    judgement,
  };
}

/** What one rule saw of it. */
export function seenBy(rule: Rule, judgement: Judgement): Decision["saw"] {
  const sees = rules.find((entry) => entry.rule === rule)?.sees ?? [];
  return Object.fromEntries(sees.map((name) => [name, judgement[name]]));
}

function waitOf(rule: Rule, judged: Judged, at: number): { baseMs: number; waitMs: number } {
  const { policy, backoffMs, seed } = judged;
  if (rule === "backsOff" && policy.backoff !== null) {
    return nextBackoff(policy.backoff, backoffMs, drawFrom(seed + at));
  }
  if (rule === "lacksResources") {
    return {
      baseMs: backoffMs,
      waitMs: Math.round(shortageWaitMs * (1 - drawFrom(seed + at) / 2)),
    };
  }
  return { baseMs: backoffMs, waitMs: rule === "delaysRestart" ? policy.restartDelayMs : 0 };
}

function endOf({ exit, failure }: Judged): string {
  if (failure !== null) return "Could not be spawned";
  if (exit?.verdict?.probe === "preStart") return howItEnded(exit);
  return exit === null ? "Ended" : `${howItEnded(exit)} after ${duration(exit.uptimeMs)}`;
}

function nextOf(next: NextStep, waitMs: number): string {
  switch (next) {
    case "remove":
      return "it is removed";
    case "stop":
      return "it stays stopped";
    case "give up":
      return "it is marked errored";
    case "complete":
      return "it has completed";
    case "fail":
      return "it has failed";
    case "hold":
      return "it is restarted in its turn";
    case "wait":
      return `it starts again in ${duration(waitMs)}`;
    case "start":
      return "it starts again at once";
  }
}
