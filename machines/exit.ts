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
  /** It was ended because a probe of it failed, or its time was over. */
  readonly verdict?: Verdict;
  /** Of what had run. */
  readonly version?: string;
  /**
   * What the program said last, when nobody had asked it to end: the exception that nothing caught, else the last lines
   * it wrote to its errors. Bounded, and not there when it said nothing.
   */
  readonly lastWords?: readonly string[];
  /**
   * Pid of a descendant that ran on in a session of its own when the main process had ended with 0: a program that puts
   * itself into the background does so.
   */
  readonly backgroundPid?: number;
  /** The kernel has killed processes of it because memory had run out. */
  readonly outOfMemory?: OutOfMemory;
}

/** What a cgroup counts of the kernel's kills. */
export interface OutOfMemory {
  readonly kills: number;
  /** `memory_max`, if that was exceeded; `null` when the memory of the machine, or of a group around the app's, ran out. */
  readonly limitBytes: number | null;
  /** The most that all its processes have used at once; `null` where the kernel does not tell. */
  readonly peakBytes: number | null;
}

export const verdictKinds = [
  "startup",
  "liveness",
  "runTimeout",
  "preStart",
  "postStart",
  "postStop",
] as const;

/** Why a life was ended that nobody had asked to end. */
export interface Verdict {
  /** `runTimeout` is no probe: the run of a job took too long. Nor is a hook that failed. */
  readonly probe: (typeof verdictKinds)[number];
  /** What it found, for example `HTTP 503`; for a run the time that it had. */
  readonly why: string;
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

/** Why a process is to go: by a command, by its reload (its replacement serves, or it was one that failed), or with God. */
export type Removal = "deleted" | "replaced" | "discarded" | "scaledDown" | "shutDown";
