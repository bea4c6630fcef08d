import type { Decision, ExitFact } from "./facts.ts";
import { lostDecision, metDecision, pendingDecision, unmetText } from "./dependency-decisions.ts";
import { causeIn } from "./cause.ts";
import type { Unmet } from "./dependencies.ts";
import { addRestart } from "./lib/intensity.ts";
import type { Judged } from "./judgement.ts";
import type { ProcessContext } from "./process-context.ts";
import type { End, ProcessEvent } from "./process-events.ts";
import { duration } from "./lib/words.ts";
import { decide, isSuccess } from "./restart-policy.ts";

/* What a process knows after an end, a decision, a command, or a word of what it depends on. */

/** Decisions kept for `xm why`. */
const keptDecisions = 10;

export function judgedFrom(context: ProcessContext): Judged {
  return {
    policy: context.spec.policy.restart,
    goal: context.goal,
    removal: context.removal,
    order: context.groupOrder,
    exit: context.failure === null ? withoutWords(context.lastExit) : null,
    failure: context.failure,
    unstableRestarts: context.unstableRestarts,
    restartTimes: context.restartTimes,
    backoffMs: context.backoffMs,
    seed: context.seed,
  };
}

/** A decision rests on how a life ended, and not on what it said: its words are kept once. */
function withoutWords(exit: ExitFact | null): ExitFact | null {
  if (exit?.lastWords === undefined) return exit;
  const { lastWords: _, ...rest } = exit;
  return rest;
}

/** The end of a life, told by its child source. */
export function afterExit(context: ProcessContext, end: End): Partial<ProcessContext> {
  const uptimeMs = Math.max(0, end.at - (context.child?.at ?? end.at));
  return {
    child: null,
    verdict: null,
    wasSignalled: false,
    endedPid: context.child?.pid ?? null,
    killAt: null,
    failure: null,
    lastExit: {
      at: end.at,
      code: end.code,
      signal: end.signal,
      uptimeMs,
      askedBy: context.askedBy,
      ...(context.child?.version === undefined ? {} : { version: context.child.version }),
      ...(context.verdict === null ? {} : { verdict: context.verdict }),
      ...(end.lastWords === undefined ? {} : { lastWords: end.lastWords }),
      ...(end.backgroundPid === undefined ? {} : { backgroundPid: end.backgroundPid }),
      ...(end.outOfMemory === undefined ? {} : { outOfMemory: end.outOfMemory }),
    },
  };
}

/**
 * Counts an end that was not requested. A life shorter than `min_uptime` makes one more unstable exit in a row, a
 * longer one ends the row; a life of `resetAfterMs` brings the backoff back to its beginning.
 */
export function afterCounting(context: ProcessContext): Partial<ProcessContext> {
  if (context.goal !== "run" || context.failure?.transient === true) return {};
  const { minUptimeMs, backoff, job } = context.spec.policy.restart;
  if (job !== undefined && hasSucceeded(context)) return { unstableRestarts: 0, backoffMs: 0 };
  const uptimeMs = context.failure === null ? (context.lastExit?.uptimeMs ?? 0) : 0;
  // However long it took: one that has never served was not stable.
  const hasServed = context.failure !== null || !isUnserved(context.lastExit);
  // A job that runs again has failed, however long it ran.
  const isUnstable = uptimeMs < minUptimeMs || !hasServed || job !== undefined;
  return {
    unstableRestarts: isUnstable ? context.unstableRestarts + 1 : 0,
    backoffMs: backoff !== null && uptimeMs >= backoff.resetAfterMs ? 0 : context.backoffMs,
  };
}

/** Its life was ended, or did not begin, because it could not serve. */
function isUnserved(exit: ExitFact | null): boolean {
  const probe = exit?.verdict?.probe;
  return probe === "startup" || probe === "preStart" || probe === "postStart";
}

function hasSucceeded({ failure, lastExit, spec }: ProcessContext): boolean {
  return failure === null && lastExit !== null && isSuccess(lastExit, spec.policy.restart);
}

/** The run of a job has taken its time. */
export function afterRunTimeout(context: ProcessContext): Partial<ProcessContext> {
  const { killTimeoutMs, restart } = context.spec.policy;
  const verdict = {
    probe: "runTimeout" as const,
    why: duration(restart.job?.runTimeoutMs ?? 0),
  };
  const killAt = endOfRun(context) + killTimeoutMs;
  return { verdict, askedBy: null, delayMs: killTimeoutMs, killAt };
}

/** A run that was due while the one before was in progress. */
export function afterSkip(
  { decisions }: ProcessContext,
  { at, by }: { readonly at: number; readonly by: string },
): Partial<ProcessContext> {
  const decision: Decision = {
    at,
    rule: "skipsRun",
    next: "wait",
    exit: null,
    saw: { concurrencyPolicy: "forbid" },
    delayMs: 0,
    sentence: `A run was due (${by}) and was skipped, because the one before is in progress (concurrency_policy: forbid).`,
  };
  return { decisions: withDecision(decisions, decision) };
}

/** When the time of a run is over; one that a former daemon left was over before. */
export function endOfRun({ spec, child, resume }: ProcessContext): number {
  const { job } = spec.policy.restart;
  return Math.max((child?.at ?? 0) + (job?.runTimeoutMs ?? 0), resume?.at ?? 0);
}

/** Adds the decision record to what is known. */
export function afterJudging(context: ProcessContext): Partial<ProcessContext> {
  const endedAt = context.failure?.at ?? context.lastExit?.at ?? context.createdAt;
  const at = Math.max(endedAt, concludedAt(context));
  const { decision, backoffMs, judgement } = decide(judgedFrom(context), at);
  // A crash has no cause in another process, whatever was asked before.
  const isCaused = context.cause !== null && context.goal !== "run";
  const whole = isCaused ? { ...decision, cause: context.cause } : decision;
  const decisions = withDecision(context.decisions, whole);
  return { backoffMs, decisions, judgement };
}

/** When its post_stop hook had ended, after which the next start is waited for; 0 without one. */
function concludedAt({ hook, resume }: ProcessContext): number {
  if (hook?.name !== "post_stop") return 0;
  return Math.max(hook.end?.at ?? 0, resume?.at ?? 0);
}

/** Counts the restart that the latest decision brings. */
export function afterRestart(context: ProcessContext): Partial<ProcessContext> {
  const { restartWindowMs } = context.spec.policy.restart;
  const last = context.decisions.at(-1);
  // There was no life that this one would follow.
  if (last?.rule === "lacksResources") return {};
  const at = (last?.at ?? 0) + (last?.delayMs ?? 0);
  return {
    restarts: context.restarts + 1,
    restartTimes:
      restartWindowMs === 0 ? [] : addRestart(context.restartTimes, at, restartWindowMs),
  };
}

/** It should run, and nothing has been started for it yet. */
export const freshlyPending = {
  goal: "run",
  askedBy: null,
  cause: null,
  failure: null,
  unmet: [],
  groupOrder: null,
} as const satisfies Partial<ProcessContext>;

/** How a command treats dependencies. */
export function afterCommand(event: ProcessEvent): Partial<ProcessContext> {
  if (event.type !== "start" && event.type !== "restart") return {};
  const { ignoresDependencies = false, renewed = [], args = null, at } = event;
  return {
    ignoresDependencies,
    runArgs: args,
    groupOrder: null,
    renewed: renewed.length === 0 ? null : { keys: renewed, since: at },
  };
}

/** What it waits for, told by the port; the decision is written when the wait begins. */
export function afterUnmet(
  { unmet: before, decisions }: ProcessContext,
  { at, unmet }: { readonly at: number; readonly unmet: readonly Unmet[] },
): Partial<ProcessContext> {
  if (before.length > 0) return { unmet };
  return { unmet, decisions: withDecision(decisions, pendingDecision(at, unmet)) };
}

/** What it has waited for is there. */
export function afterMet(context: ProcessContext, at: number): Partial<ProcessContext> {
  const { unmet, decisions } = context;
  const waited = decisions.findLast(({ rule }) => rule === "waitsForDependencies");
  if (unmet.length === 0 || waited === undefined) return {};
  return { decisions: withDecision(decisions, metDecision(at, waited)) };
}

/** What it has waited for does not come. */
export function afterLost(
  { decisions }: ProcessContext,
  event: { readonly at: number; readonly unmet: readonly Unmet[] },
): Partial<ProcessContext> {
  const { at, unmet } = event;
  const cause = causeIn(event);
  const decision = lostDecision(at, unmet);
  const lost = unmet.filter(({ isLost }) => isLost);
  const message = `it depends on ${unmetText(lost)}`;
  return {
    failure: { at, code: "ERR_DEPENDENCY_LOST", message, transient: false },
    decisions: withDecision(decisions, cause === null ? decision : { ...decision, cause }),
  };
}

/** The latest decisions, with one more. */
export function withDecision(
  decisions: readonly Decision[],
  decision: Decision,
): readonly Decision[] {
  return [...decisions, decision].slice(-keptDecisions);
}
