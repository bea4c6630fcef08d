import type { Cause } from "./cause.ts";
import type { ExitFact, Failure, Goal, Removal, Verdict } from "./exit.ts";
import type { GroupOrder } from "./group-events.ts";
import type { HookRun } from "./hooks.ts";
import type { Decision } from "./restart-policy.ts";

export type * from "./exit.ts";
export type { Decision, NextStep, Rule } from "./restart-policy.ts";

/** What a folder's repository has checked out. */
export interface Checkout {
  /** The folder that `.git`, `.hg` or `.svn` is in. */
  readonly root: string;
  /** `null` for a commit that no branch is checked out for. */
  readonly branch: string | null;
  /** `null` before the first commit. */
  readonly commit: string | null;
  /** Address of `origin`, or of the first remote, without a password. */
  readonly remote: string | null;
  /** Not there for git. Of Subversion no more than this is known. */
  readonly system?: "mercurial" | "subversion";
}

/** One life of a process: what the kernel runs. A pid alone is not an identity, its start time makes it one. */
export interface ChildFact {
  readonly pid: number;
  /** Kernel start time in clock ticks since boot (proc(5), field 22). */
  readonly startTicks: number;
  /** Unique id of this life; also in the child's environment. */
  readonly lifeId: string;
  /** When it was spawned, in ms since the epoch. */
  readonly at: number;
  /** Of the package that the script belonged to then; not there when it says none. */
  readonly version?: string;
  /** Of its working directory then; not there outside of a repository, or when the app wants nothing of it. */
  readonly checkout?: Checkout;
  /** Size of its error log when it was spawned; bytes. What is in it from there on is this life's. */
  readonly errorLogBytes?: number;
}

/** Where a process can be. PM2's words for them are in `runtime/compat/`. */
export const processStatuses = [
  "stopped",
  "starting",
  "online",
  "stopping",
  "waiting",
  "errored",
  "removed",
  "pending",
  "completed",
  "failed",
] as const;

export type ProcessStatus = (typeof processStatuses)[number];

/** Whether it has no child and gets none without a command or its schedule. */
export function isAtRest(status: ProcessStatus): boolean {
  return ["stopped", "errored", "completed", "failed"].includes(status);
}

/** Whether the current child has reported ready; `late` counts as online although it has not. */
export type Readiness = "pending" | "ready" | "late";

export type Health = "starting" | "healthy" | "unhealthy";

/** Why a reload stopped. */
export interface ReloadFailure {
  readonly id: number;
  readonly at: number;
  readonly reason: string;
  /** Of the replacement. */
  readonly lastWords?: readonly string[];
}

/** Where a reload is: `launching` replacements, `draining` what they replace, giving up, or at its end. */
export type ReloadStep = "launching" | "draining" | "failing" | "succeeded" | "failed";

/** What is known of one reload of an app; enough for the next daemon to finish it. */
export interface ReloadFacts {
  readonly key: string;
  readonly by: string;
  readonly startedAt: number;
  readonly at: number;
  readonly step: ReloadStep;
  readonly concurrency: number;
  readonly surge: boolean;
  readonly force: boolean;
  readonly pending: readonly number[];
  readonly batch: readonly number[];
  readonly done: readonly number[];
  /** Processes that a command took out of it. */
  readonly takenOut: readonly number[];
  readonly failure: ReloadFailure | null;
}

/**
 * What is known of one process: written to the journal at every change and enough to continue from after the
 * daemon's death. Facts, not a statechart's snapshot: they hold for any version of the machine.
 */
export interface ProcessFacts {
  readonly id: number;
  /** Grows by one with each reload: for a while two generations of one id live. */
  readonly generation: number;
  readonly app: string;
  /** Number within the app. */
  readonly instance: number;
  /** PM2's `unique_id`: from its declaration to its end; not there in the facts of older daemons. */
  readonly uniqueId?: string | undefined;
  readonly status: ProcessStatus;
  readonly goal: Goal;
  /** Why it goes, while its goal is `remove`. */
  readonly removal?: Removal;
  /** A command started it whatever becomes of what it depends on. */
  readonly ignoresDependencies?: true;
  /** What its group asks of it; kept until it starts again. */
  readonly groupOrder?: GroupOrder;
  /** It waits for the word of its group. */
  readonly held?: true;
  /** Arguments in place of the declared ones, until a command starts it again. */
  readonly runArgs?: readonly string[];
  /** The latest time of its schedule that was begun or skipped: written before the run begins. ms since the epoch. */
  readonly firedAt?: number;
  /** What of another process is behind the end that is in progress. */
  readonly cause?: Cause;
  /** Its latest hook, until the next life has begun. */
  readonly hook?: HookRun;
  readonly child: ChildFact | null;
  readonly readiness: Readiness;
  /** What its probes say, in Docker's words; not there when none is declared or nothing runs. */
  readonly health?: Health;
  /** The other processes of its cluster take its connections, because its readiness probe fails. */
  readonly outOfTraffic?: true;
  /** It has been sent its stop signal, or the message in its place, or is about to be: written before that is sent. */
  readonly signalled?: true;
  /** Why its life is being ended, when a probe has failed. */
  readonly verdict?: Verdict;
  /** How long the last child took to become ready; absent if none has. ms. */
  readonly readyMs?: number | undefined;
  /** First declared, or last restarted by a command. */
  readonly createdAt: number;
  /** Restarts shown to the user: automatic ones and restarts of a running process. */
  readonly restarts: number;
  /** Unstable exits in a row. */
  readonly unstableRestarts: number;
  /** When the automatic restarts within the restart window were decided. */
  readonly restartTimes: readonly number[];
  /** The last wait; 0 before the first and after a reset. */
  readonly backoffMs: number;
  /** When a waiting process starts again; `null` when it is not waiting. */
  readonly restartAt: number | null;
  /** When a stopping process is killed; `null` when it is not stopping. */
  readonly killAt: number | null;
  readonly lastExit: ExitFact | null;
  readonly failure: Failure | null;
  /** The latest decisions, newest last; at most ten. */
  readonly decisions: readonly Decision[];
}
