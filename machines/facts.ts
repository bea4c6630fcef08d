/** How a life ended. An adopted child that is not ours to wait for ends with neither code nor signal. */
export interface ExitFact {
  /** When, in ms since the epoch. */
  readonly at: number;
  readonly code: number | null;
  /** For example `SIGKILL`. */
  readonly signal: string | null;
  /** How long it had lived. */
  readonly uptimeMs: number;
  /** Who asked for it: nobody (it ended by itself), a command, or a sensor. */
  readonly askedBy: string | null;
  /** Of what had run. */
  readonly version?: string;
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
}

/** Why a process cannot be run at all. */
export interface Failure {
  readonly at: number;
  /** A code of `runtime/contract/errors.ts`, or an errno. */
  readonly code: string;
  readonly message: string;
}

/** What its user wants of a process; a stop stays a stop until a later command says otherwise. */
export type Goal = "run" | "restart" | "stop" | "remove";

/** Where a process can be. PM2's words for them are in `runtime/compat/`. */
export const processStatuses = [
  "stopped",
  "starting",
  "online",
  "stopping",
  "waiting",
  "errored",
  "removed",
] as const;

export type ProcessStatus = (typeof processStatuses)[number];

/** Whether the child of now has said that it can serve; `late` counts as online and has not. */
export type Readiness = "pending" | "ready" | "late";

/** Why a reload stopped. */
export interface ReloadFailure {
  readonly id: number;
  readonly at: number;
  readonly reason: string;
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
 * What is known of one process: written to the journal at every change and enough to go on from after the
 * daemon's death. Facts, not a statechart's snapshot: they hold for any version of the machine.
 */
export interface ProcessFacts {
  readonly id: number;
  /** Grows by one with each reload: for a while two generations of one id live. */
  readonly generation: number;
  readonly app: string;
  /** Number within the app. */
  readonly instance: number;
  readonly status: ProcessStatus;
  readonly goal: Goal;
  readonly child: ChildFact | null;
  readonly readiness: Readiness;
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

/** The rules of the restart policy, in no order; the order they are asked in is that of restart-policy.ts. */
export type Rule =
  | "wantsRemoval"
  | "wantsStop"
  | "wantsRestart"
  | "isOnProbation"
  | "isStopExitCode"
  | "neverRestarts"
  | "endedCleanly"
  | "endedByItsOwnCode"
  | "unstableTooOften"
  | "restartsTooOften"
  | "backsOff"
  | "delaysRestart"
  | "restartsAtOnce"
  | "cannotBeSpawned";

export type NextStep = "remove" | "stop" | "start" | "wait" | "give up";

/** Why a process is where it is: the rule that applied, the values it saw, and what follows. */
export interface Decision {
  readonly at: number;
  readonly rule: Rule;
  readonly next: NextStep;
  readonly exit: ExitFact | null;
  /** What the rule looked at, by name; times in ms. */
  readonly saw: Readonly<Record<string, number | string | boolean | null>>;
  /** How long until the next start; 0 unless `next` is `wait`. */
  readonly delayMs: number;
  readonly sentence: string;
}
