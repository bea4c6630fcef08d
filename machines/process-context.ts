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
import type { Cause } from "./cause.ts";
import type { Judgement } from "./judgement.ts";
import type { GroupOrder } from "./group-events.ts";
import type { HookRun } from "./hooks.ts";
import type { Unmet } from "./dependencies.ts";
import type { DependencyInput, ProcessInput, Resume } from "./process-events.ts";
import { hasTimes, type AppSpec } from "./spec.ts";

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
  /** Who asked for the end that is in progress. */
  readonly askedBy: string | null;
  /** What of another process is behind it. */
  readonly cause: Cause | null;
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
  /** How long the current wait or grace period lasts: the whole of it, or what a resume left of it. */
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
  /** What of this life cannot do its work, and why: `sensors`, `bonds`. */
  readonly troubles: Readonly<Record<string, string>>;
  /** What it waits for before its next life, while it is pending. */
  readonly unmet: readonly Unmet[];
  /** It is started whatever becomes of what it depends on, until a command says otherwise. */
  readonly ignoresDependencies: boolean;
  /** Of what it depends on, apps that a command restarts with it. */
  readonly renewed: DependencyInput["renewed"];
  /** Arguments that a command gave in place of the declared ones. */
  readonly runArgs: readonly string[] | null;
  /** What its group asks of it; `null` unless that is to come, or was the last that happened. */
  readonly groupOrder: GroupOrder | null;
  /** The latest time of its schedule that was begun, or skipped; ms since the epoch. */
  readonly firedAt: number | null;
  /** Its latest hook, until the next life has begun. */
  readonly hook: HookRun | null;
  /** What it continues from; only the first state looks at it. */
  readonly resume: Resume | null;
  readonly owner: ProcessInput["owner"];
}

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
    // Who asked is not recorded; that someone did is visible from the goal.
    askedBy: facts != null && facts.child !== null && facts.goal !== "run" ? "a command" : null,
    cause: facts?.cause ?? null,
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
    troubles: {},
    unmet: [],
    ignoresDependencies:
      facts?.ignoresDependencies ??
      input.inherits?.ignoresDependencies ??
      input.waits?.ignoresDependencies ??
      false,
    renewed: input.waits?.renewed ?? null,
    runArgs: facts?.runArgs ?? null,
    groupOrder: facts?.groupOrder ?? null,
    firedAt: facts?.firedAt ?? null,
    hook: facts?.hook ?? null,
    resume: input.resume,
    owner: input.owner,
  };
}

/** An app with a cron pattern that is declared but not started waits for its time. */
function firstGoal(spec: AppSpec): Goal {
  return spec.autostart || hasTimes(spec) ? "run" : "stop";
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
    ...(context.runArgs === null ? {} : { runArgs: context.runArgs }),
    ...(context.groupOrder === null ? {} : { groupOrder: context.groupOrder }),
    ...(context.firedAt === null ? {} : { firedAt: context.firedAt }),
    ...(context.hook === null ? {} : { hook: context.hook }),
    ...(context.cause === null ? {} : { cause: context.cause }),
  };
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

/** What its next life is started from. */
export function launchedSpec({ spec, runArgs }: ProcessContext): AppSpec {
  return runArgs === null ? spec : { ...spec, args: runArgs };
}
