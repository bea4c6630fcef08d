import type {
  ChildFact,
  ExitFact,
  Failure,
  Goal,
  ProcessFacts,
  ProcessStatus,
  Readiness,
  Decision,
  Removal,
  Verdict,
} from "./facts.ts";
import { decide, type Judged, type Judgement } from "./restart-policy.ts";
import type { Unmet } from "./dependencies.ts";
import { lostDecision, metDecision, pendingDecision, unmetText } from "./dependency-decisions.ts";
import type { DependencyInput, End, ProcessEvent, ProcessInput, Resume } from "./process-events.ts";
import type { AppSpec, LifecyclePolicy } from "./spec.ts";

/** What a process machine knows; the state says where it is. */
export interface ProcessContext {
  readonly id: number;
  readonly generation: number;
  readonly app: string;
  readonly instance: number;
  readonly seed: number;
  readonly uniqueId: string | null;
  readonly spec: AppSpec;
  readonly goal: Goal;
  /** Why it goes; `null` unless its goal is `remove`. */
  readonly removal: Removal | null;
  /** Who asked for the end that is under way. */
  readonly askedBy: string | null;
  readonly child: ChildFact | null;
  /** Pid of the life that has ended last. */
  readonly endedPid: number | null;
  readonly readiness: Readiness;
  /** How long its last child took until it could serve, or that of the process it replaces; `null` when none has. */
  readonly readyMs: number | null;
  readonly createdAt: number;
  readonly restarts: number;
  readonly unstableRestarts: number;
  readonly restartTimes: readonly number[];
  readonly backoffMs: number;
  readonly restartAt: number | null;
  readonly killAt: number | null;
  /** How long the wait or the grace period under way lasts: the whole of it, or what a resume left of it. */
  readonly delayMs: number;
  readonly lastExit: ExitFact | null;
  readonly failure: (Failure & { readonly transient: boolean }) | null;
  readonly decisions: readonly Decision[];
  /** What the rules compared at the latest decision; for people who look, and no fact. */
  readonly judgement: Judgement | null;
  /** Why its life is being ended, when a probe of it has failed. */
  readonly verdict: Verdict | null;
  /** Its child has been sent its stop signal, or is about to be. */
  readonly wasSignalled: boolean;
  /** What its latest failed probe found. */
  readonly finding: string | null;
  /** What it waits for before its next life, while it is pending. */
  readonly unmet: readonly Unmet[];
  /** It is started whatever becomes of what it depends on, until a command says otherwise. */
  readonly ignoresDependencies: boolean;
  /** Of what it depends on, apps that a command restarts with it. */
  readonly renewed: DependencyInput["renewed"];
  /** What it goes on from; only the first state looks at it. */
  readonly resume: Resume | null;
  readonly owner: ProcessInput["owner"];
}

/** Decisions kept for `xm why`. */
const keptDecisions = 10;

export function contextFrom(input: ProcessInput): ProcessContext {
  const facts = input.resume?.facts;
  return {
    id: input.id,
    generation: facts?.generation ?? input.generation ?? 0,
    app: input.app,
    instance: input.instance,
    seed: input.seed,
    uniqueId: facts?.uniqueId ?? input.uniqueId ?? null,
    spec: input.spec,
    goal: facts?.goal ?? firstGoal(input.spec),
    removal: facts?.removal ?? null,
    // Who asked is not kept; that somebody did shows in the goal.
    askedBy: facts != null && facts.child !== null && facts.goal !== "run" ? "a command" : null,
    child: input.resume?.child === "none" ? null : (facts?.child ?? null),
    endedPid: null,
    readiness: facts?.readiness ?? "pending",
    readyMs: facts?.readyMs ?? input.inherits?.readyMs ?? null,
    createdAt: facts?.createdAt ?? input.at,
    restarts: facts?.restarts ?? input.inherits?.restarts ?? 0,
    unstableRestarts: facts?.unstableRestarts ?? 0,
    restartTimes: facts?.restartTimes ?? [],
    backoffMs: facts?.backoffMs ?? 0,
    restartAt: facts?.restartAt ?? null,
    killAt: facts?.killAt ?? null,
    delayMs: 0,
    lastExit: facts?.lastExit ?? null,
    failure: facts?.failure ? { ...facts.failure, transient: false } : null,
    decisions: facts?.decisions ?? input.inherits?.decisions ?? [],
    judgement: null,
    verdict: facts?.verdict ?? null,
    wasSignalled: facts?.signalled ?? false,
    finding: null,
    unmet: [],
    ignoresDependencies:
      facts?.ignoresDependencies ??
      input.inherits?.ignoresDependencies ??
      input.waits?.ignoresDependencies ??
      false,
    renewed: input.waits?.renewed ?? null,
    resume: input.resume,
    owner: input.owner,
  };
}

/** What is declared with a cron pattern and not started waits for its time. */
function firstGoal({ autostart, sensors }: AppSpec): Goal {
  return autostart || sensors.cron !== null ? "run" : "stop";
}

/** The facts of a process, from where it is and what it knows. */
export function factsFrom(context: ProcessContext, status: ProcessStatus): ProcessFacts {
  const {
    generation,
    readiness,
    readyMs,
    id,
    app,
    instance,
    goal,
    child,
    createdAt,
    restarts,
    unstableRestarts,
    restartTimes,
  } = context;
  const { backoffMs, restartAt, killAt, lastExit, failure, decisions, removal, uniqueId } = context;
  return {
    id,
    generation,
    app,
    instance,
    ...(uniqueId === null ? {} : { uniqueId }),
    status,
    goal,
    child,
    readiness,
    ...(readyMs === null ? {} : { readyMs }),
    createdAt,
    restarts,
    unstableRestarts,
    restartTimes,
    backoffMs,
    restartAt,
    killAt,
    lastExit,
    failure: failure && { at: failure.at, code: failure.code, message: failure.message },
    decisions,
    ...(removal === null ? {} : { removal }),
    ...(context.wasSignalled && child !== null ? { signalled: true as const } : {}),
    ...(context.verdict === null || child === null ? {} : { verdict: context.verdict }),
    ...(context.ignoresDependencies ? { ignoresDependencies: true as const } : {}),
  };
}

/** A start may take this many times as long as the one before. */
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
export function grantedMs({ probes }: LifecyclePolicy, event: ProcessEvent): number | undefined {
  if (event.type === "remove") return event.graceMs;
  if (event.type === "probe.failing") return probes?.liveness?.graceMs;
  return event.type === "child.unstarted" ? probes?.startup?.graceMs : undefined;
}

/** The longest that anything grants a life until SIGKILL; ms. */
export function longestGraceMs({ killTimeoutMs, drainTimeoutMs, probes }: LifecyclePolicy): number {
  const ofProbes = [probes?.startup?.graceMs ?? 0, probes?.liveness?.graceMs ?? 0];
  return Math.max(killTimeoutMs, drainTimeoutMs, ...ofProbes);
}

/** Of what runs, or ran last: what its package said at that start, else what the declaration says. */
export function versionOf(
  { child, lastExit }: Pick<ProcessFacts, "child" | "lastExit">,
  { passthrough }: AppSpec,
): string | null {
  const { version: declared } = passthrough;
  const seen = child === null ? lastExit?.version : child.version;
  return seen ?? (typeof declared === "string" ? declared : null);
}

export function judgedFrom(context: ProcessContext): Judged {
  return {
    policy: context.spec.policy.restart,
    goal: context.goal,
    removal: context.removal,
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
    },
  };
}

/**
 * Counts an end nobody asked for. A life shorter than `min_uptime` makes one more unstable exit in a row, a
 * longer one ends the row; a life of `resetAfterMs` brings the backoff back to its beginning.
 */
export function afterCounting(context: ProcessContext): Partial<ProcessContext> {
  if (context.goal !== "run" || context.failure?.transient === true) return {};
  const { minUptimeMs, backoff } = context.spec.policy.restart;
  const uptimeMs = context.failure === null ? (context.lastExit?.uptimeMs ?? 0) : 0;
  // However long it took: one that has never served was not stable.
  const hasServed = context.failure !== null || context.lastExit?.verdict?.probe !== "startup";
  return {
    unstableRestarts: uptimeMs < minUptimeMs || !hasServed ? context.unstableRestarts + 1 : 0,
    backoffMs: backoff !== null && uptimeMs >= backoff.resetAfterMs ? 0 : context.backoffMs,
  };
}

/** Adds the decision record to what is known. */
export function afterJudging(context: ProcessContext): Partial<ProcessContext> {
  const at = context.failure?.at ?? context.lastExit?.at ?? context.createdAt;
  const { decision, backoffMs, judgement } = decide(judgedFrom(context), at);
  const decisions = [...context.decisions, decision].slice(-keptDecisions);
  return { backoffMs, decisions, judgement };
}

/** What a command says of the apps that come first. */
export function afterCommand(event: ProcessEvent): Partial<ProcessContext> {
  if (event.type !== "start" && event.type !== "restart") return {};
  const { ignoresDependencies = false, renewed = [], at } = event;
  return {
    ignoresDependencies,
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
  { at, unmet }: { readonly at: number; readonly unmet: readonly Unmet[] },
): Partial<ProcessContext> {
  const lost = unmet.filter(({ isLost }) => isLost);
  const message = `it depends on ${unmetText(lost)}`;
  return {
    failure: { at, code: "ERR_DEPENDENCY_LOST", message, transient: false },
    decisions: withDecision(decisions, lostDecision(at, unmet)),
  };
}

function withDecision(decisions: readonly Decision[], decision: Decision): readonly Decision[] {
  return [...decisions, decision].slice(-keptDecisions);
}
