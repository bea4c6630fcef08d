import type { ProcessContext } from "./process-context.ts";
import type { ProcessEvent } from "./process-events.ts";
import type { LifecyclePolicy } from "./spec.ts";

/* How long a process waits, and how long it is waited for: begun, or continued from what a former daemon left. */

/** A start may take this many times as long as the previous one. */
const patience = 3;

/** A start that seems to have taken longer was one over which the clock was set; ms. */
const longestStartMs = 200_000;

/**
 * How long a child is waited for until it can serve: listen_timeout where a file says it, otherwise no less than three
 * times as long as the child before it took; ms.
 */
export function listenPatienceMs(
  { listenTimeoutMs, listenTimeoutIsGiven = false }: LifecyclePolicy,
  readyMs: number | null,
): number {
  return listenTimeoutIsGiven
    ? listenTimeoutMs
    : Math.max(listenTimeoutMs, patience * Math.min(readyMs ?? 0, longestStartMs));
}

/** What the event that ends a life grants it until SIGKILL; `undefined` for kill_timeout. ms. */
function grantedMs({ probes }: LifecyclePolicy, event: ProcessEvent): number | undefined {
  if (event.type === "remove") return event.graceMs;
  if (event.type === "probe.failing") return probes?.liveness?.graceMs;
  return event.type === "child.unstarted" ? probes?.startup?.graceMs : undefined;
}

/** The longest that anything grants a life until SIGKILL; ms. */
function longestGraceMs({ killTimeoutMs, drainTimeoutMs, probes }: LifecyclePolicy): number {
  const ofProbes = [probes?.startup?.graceMs ?? 0, probes?.liveness?.graceMs ?? 0];
  return Math.max(killTimeoutMs, drainTimeoutMs, ...ofProbes);
}

/** What a former daemon left of a wait: no more than the whole of it, whatever became of the clock. */
const leftUntil = (
  deadline: number | null | undefined,
  now: number | undefined,
  wholeMs: number,
): number => Math.min(Math.max(0, (deadline ?? 0) - (now ?? 0)), wholeMs);

/** What is left of a time that began with the life: all of it, unless the child was adopted. */
export function leftOfLife({ resume, child }: ProcessContext, wholeMs: number): number {
  if (resume?.child !== "alive" || child === null) return wholeMs;
  return Math.min(wholeMs, Math.max(0, child.at + wholeMs - resume.at));
}

/** The wait that the latest decision gave it. */
export function beginsWait({ decisions }: ProcessContext): Partial<ProcessContext> {
  const last = decisions.at(-1);
  return { delayMs: last?.delayMs ?? 0, restartAt: (last?.at ?? 0) + (last?.delayMs ?? 0) };
}

/** What is left of a wait that a former daemon began. */
export function resumesWait({ resume, decisions, spec }: ProcessContext): Partial<ProcessContext> {
  const { restartDelayMs, backoff } = spec.policy.restart;
  const wholeMs = decisions.at(-1)?.delayMs ?? Math.max(restartDelayMs, backoff?.maxMs ?? 0);
  const delayMs = leftUntil(resume?.facts.restartAt, resume?.at, wholeMs);
  const latest = (resume?.at ?? 0) + delayMs;
  return { delayMs, restartAt: Math.min(resume?.facts.restartAt ?? latest, latest) };
}

/** The grace period that an event begins. */
export function beginsGrace(
  { spec: { policy } }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  const delayMs = grantedMs(policy, event) ?? policy.killTimeoutMs;
  return { delayMs, killAt: ("at" in event ? event.at : 0) + delayMs };
}

/** A grace period of kill_timeout in place of a longer one. */
export function shortensGrace(
  { spec: { policy } }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  const at = "at" in event ? event.at : 0;
  return { delayMs: policy.killTimeoutMs, killAt: at + policy.killTimeoutMs };
}

/** A former daemon may have begun to end the child; while its pre_stop hook runs nobody has. */
export function stopWasAsked({ resume, hook }: ProcessContext): boolean {
  const isHooked = hook?.name === "pre_stop" && hook.end === null;
  return resume?.facts.status === "stopping" && !isHooked;
}

/** What is left of a grace period that a former daemon granted. */
export function resumesGrace({ resume, spec }: ProcessContext): Partial<ProcessContext> {
  const delayMs = leftUntil(resume?.facts.killAt, resume?.at, longestGraceMs(spec.policy));
  const latest = (resume?.at ?? 0) + delayMs;
  return { delayMs, killAt: Math.min(resume?.facts.killAt ?? latest, latest) };
}
