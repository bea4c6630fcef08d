import type { Decision, NextStep, Rule } from "./decision.ts";
import type { ExitFact, Failure, Goal } from "./facts.ts";
import { drawFrom, nextBackoff } from "./lib/backoff.ts";
import { countRestarts } from "./lib/intensity.ts";
import { duration, howItEnded } from "./lib/words.ts";
import type { RestartPolicy } from "./spec.ts";

/** All that the restart policy may look at. */
export interface Judged {
  readonly policy: RestartPolicy;
  readonly goal: Goal;
  readonly exit: ExitFact | null;
  readonly failure: (Failure & { readonly transient: boolean }) | null;
  /** Unstable exits in a row, this one included. */
  readonly unstableRestarts: number;
  /** Earlier automatic restarts; this one is not among them yet. */
  readonly restartTimes: readonly number[];
  readonly backoffMs: number;
  readonly seed: number;
}

interface RuleEntry {
  readonly rule: Rule;
  readonly next: NextStep;
  readonly applies: (judged: Judged) => boolean;
  /** What is said to the user, and the values it rests on. */
  readonly because: (judged: Judged) => { why: string; saw: Decision["saw"] };
}

/** Signals by which a program is asked to end: to obey one is a clean end (systemd.service(5), "clean signals"). */
const cleanSignals: readonly string[] = ["SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"];

/**
 * The whole restart policy. The first rule that applies decides; the `exited` state of the process machine asks
 * them in this order, one guard each.
 */
export const rules: readonly RuleEntry[] = [
  {
    rule: "wantsRemoval",
    next: "remove",
    applies: ({ goal }) => goal === "remove",
    because: () => ({ why: "it was deleted", saw: {} }),
  },
  {
    rule: "wantsStop",
    next: "stop",
    applies: ({ goal }) => goal === "stop",
    because: ({ exit }) => ({
      why: `${exit?.askedBy ?? "a command"} stopped it`,
      saw: { askedBy: exit?.askedBy ?? null },
    }),
  },
  {
    rule: "cannotBeSpawned",
    next: "give up",
    applies: ({ failure }) => failure !== null && !failure.transient,
    because: ({ failure }) => ({
      why: `it cannot be started: ${failure?.message ?? "unknown reason"}`,
      saw: { code: failure?.code ?? null },
    }),
  },
  {
    rule: "wantsRestart",
    next: "start",
    applies: ({ goal }) => goal === "restart",
    because: ({ exit }) => ({
      why: `${exit?.askedBy ?? "a command"} asked for a restart`,
      saw: { askedBy: exit?.askedBy ?? null },
    }),
  },
  {
    rule: "isOnProbation",
    next: "stop",
    applies: ({ policy }) => policy.onProbation === true,
    because: () => ({
      why: "it was to replace a process and had not served yet: the reload decides",
      saw: {},
    }),
  },
  {
    rule: "isStopExitCode",
    next: "stop",
    applies: ({ exit, policy }) => exit?.code != null && policy.stopExitCodes.includes(exit.code),
    because: ({ exit, policy }) => ({
      why: `exit code ${exit?.code} is one of stop_exit_codes (${policy.stopExitCodes.join(", ")})`,
      saw: { code: exit?.code ?? null, stopExitCodes: policy.stopExitCodes.join(", ") },
    }),
  },
  {
    rule: "neverRestarts",
    next: "stop",
    applies: ({ policy }) => policy.mode === "never",
    because: () => ({
      why: "it is never restarted (restart: never, or autorestart: false)",
      saw: { restart: "never" },
    }),
  },
  {
    rule: "endedCleanly",
    next: "stop",
    applies: ({ policy, exit }) => policy.mode !== "always" && exit !== null && isClean(exit),
    because: ({ policy, exit }) => ({
      why: `it ended cleanly, and restart: ${policy.mode} leaves a clean end alone`,
      saw: { restart: policy.mode, code: exit?.code ?? null, signal: exit?.signal ?? null },
    }),
  },
  {
    rule: "endedByItsOwnCode",
    next: "stop",
    applies: ({ policy, exit }) => policy.mode === "on-abnormal" && exit?.code != null,
    because: ({ exit }) => ({
      why: "it ended by an exit code of its own, and restart: on-abnormal restarts only after a signal",
      saw: { restart: "on-abnormal", code: exit?.code ?? null },
    }),
  },
  {
    rule: "unstableTooOften",
    next: "give up",
    applies: ({ unstableRestarts, policy }) =>
      unstableRestarts >= policy.maxRestarts && unstableRestarts > 0,
    because: ({ unstableRestarts, policy }) => ({
      why: `that was unstable exit ${unstableRestarts} of ${policy.maxRestarts} in a row (each life shorter than min_uptime, ${duration(policy.minUptimeMs)})`,
      saw: { unstableRestarts, maxRestarts: policy.maxRestarts, minUptimeMs: policy.minUptimeMs },
    }),
  },
  {
    rule: "restartsTooOften",
    next: "give up",
    applies: (judged) =>
      judged.policy.restartWindowMs > 0 && restartsInWindow(judged) > judged.policy.maxRestarts,
    because: (judged) => ({
      why: `it would be restart ${restartsInWindow(judged)} within ${duration(judged.policy.restartWindowMs)} (restart_window), and max_restarts is ${judged.policy.maxRestarts}`,
      saw: {
        restartsInWindow: restartsInWindow(judged),
        maxRestarts: judged.policy.maxRestarts,
        restartWindowMs: judged.policy.restartWindowMs,
      },
    }),
  },
  {
    rule: "backsOff",
    next: "wait",
    applies: ({ policy }) => policy.backoff !== null,
    because: ({ backoffMs, policy }) => ({
      why: "waits grow from one restart to the next (exp_backoff_restart_delay)",
      saw: { previousWaitMs: backoffMs, maxWaitMs: policy.backoff?.maxMs ?? null },
    }),
  },
  {
    rule: "delaysRestart",
    next: "wait",
    applies: ({ policy }) => policy.restartDelayMs > 0,
    because: ({ policy }) => ({
      why: "restart_delay says so",
      saw: { restartDelayMs: policy.restartDelayMs },
    }),
  },
  {
    rule: "restartsAtOnce",
    next: "start",
    applies: () => true,
    because: ({ policy, unstableRestarts }) => ({
      why:
        unstableRestarts > 0
          ? `unstable exit ${unstableRestarts} of ${policy.maxRestarts}, no delay is set`
          : "no delay is set",
      saw: { unstableRestarts, maxRestarts: policy.maxRestarts },
    }),
  },
];

/** Whether a rule is the first one that applies. */
export function applies(rule: Rule, judged: Judged): boolean {
  return rules.find((entry) => entry.applies(judged))?.rule === rule;
}

/**
 * Judges an end: the decision record, and the wait to go on from when it backs off (`backoffMs`).
 * @param at when it is decided, in ms since the epoch.
 */
export function decide(judged: Judged, at: number): { decision: Decision; backoffMs: number } {
  const entry = rules.find((candidate) => candidate.applies(judged));
  if (entry === undefined) throw new Error("can't happen: the last rule always applies");
  const { why, saw } = entry.because(judged);
  const wait = waitOf(entry.rule, judged, at);
  const sentence = `${endOf(judged)}; ${nextOf(entry.next, wait.waitMs)}, because ${why}.`;
  const { rule, next } = entry;
  return {
    decision: { at, rule, next, exit: judged.exit, saw, delayMs: wait.waitMs, sentence },
    backoffMs: wait.baseMs,
  };
}

/** A clean end: exit code 0, or one of the signals that ask a program to end. An unknown end is not clean. */
function isClean(exit: ExitFact): boolean {
  return exit.code === 0 || (exit.signal !== null && cleanSignals.includes(exit.signal));
}

function restartsInWindow({ restartTimes, exit, failure, policy }: Judged): number {
  const at = exit?.at ?? failure?.at ?? 0;
  return countRestarts(restartTimes, at, policy.restartWindowMs) + 1;
}

function waitOf(rule: Rule, judged: Judged, at: number): { baseMs: number; waitMs: number } {
  const { policy, backoffMs, seed } = judged;
  if (rule === "backsOff" && policy.backoff !== null) {
    return nextBackoff(policy.backoff, backoffMs, drawFrom(seed + at));
  }
  return { baseMs: backoffMs, waitMs: rule === "delaysRestart" ? policy.restartDelayMs : 0 };
}

function endOf({ exit, failure }: Judged): string {
  if (failure !== null) return "Could not be spawned";
  return exit === null ? "Ended" : `${howItEnded(exit)} after ${duration(exit.uptimeMs)}`;
}

function nextOf(next: NextStep, waitMs: number): string {
  switch (next) {
    case "remove":
      return "it is gone";
    case "stop":
      return "it stays stopped";
    case "give up":
      return "it is given up as errored";
    case "wait":
      return `it starts again in ${duration(waitMs)}`;
    case "start":
      return "it starts again at once";
  }
}
