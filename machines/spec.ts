import type { Hooks } from "./hooks.ts";
import type { NotifySpec } from "./notify-spec.ts";
import type { Membership } from "./group-spec.ts";
import type { RotationSpec } from "./log-rotation.ts";
import type { Probe, Probes } from "./probes.ts";
import type { Confinement } from "./confinement.ts";

export type * from "./confinement.ts";

/** When an exited process is started again. The words are systemd's `Restart=`. */
export type RestartMode = "always" | "on-failure" | "on-abnormal" | "never";

/** Waits that grow from one restart to the next. Times in ms. */
export interface BackoffPolicy {
  readonly initialMs: number;
  /** Each wait is the one before times this, rounded down. PM2: 1.5. */
  readonly factor: number;
  /** No wait is longer. PM2: 15 000. */
  readonly maxMs: number;
  /** 0 … 1: the share of each wait that is drawn at random, so that a fleet does not restart in step. */
  readonly jitter: number;
  /** An uptime of this many ms brings the wait back to `initialMs`. PM2: 30 000. */
  readonly resetAfterMs: number;
}

/** A job: a program that does its work and ends (systemd's `Type=oneshot`). */
export interface JobPolicy {
  /** A run that succeeded counts until it is stopped: a start does not run it again (systemd's `RemainAfterExit=`). */
  readonly remainsAfterExit: boolean;
  /** A run that takes longer is ended, and has failed; `null` for no limit. ms. */
  readonly runTimeoutMs: number | null;
}

/** The rules an exit is judged by. */
export interface RestartPolicy {
  readonly mode: RestartMode;
  /** An exit sooner than this counts as unstable. */
  readonly minUptimeMs: number;
  /** Gives up at this many unstable exits in a row. */
  readonly maxRestarts: number;
  /** Restart intensity (OTP): more than `maxRestarts` restarts within this many ms is the end; 0 leaves the rule out. */
  readonly restartWindowMs: number;
  readonly restartDelayMs: number;
  readonly backoff: BackoffPolicy | null;
  /** Exits with one of these codes are wanted ones: the process is left stopped. */
  readonly stopExitCodes: readonly number[];
  /** Exits with one of these codes are clean ones, as with 0 (systemd's `SuccessExitStatus=`). */
  readonly successExitCodes?: readonly number[] | undefined;
  /** Not there for a service, which is not meant to end. */
  readonly job?: JobPolicy | undefined;
  /** A replacement that has not served yet: its reload decides what follows from its end. */
  readonly onProbation?: boolean;
}

/** What turns `launching` into `online`. */
export type ReadinessKind = "spawned" | "message" | "listening" | "probe";

/** How the connections of a cluster app come to its processes; docs/explanation/cluster.md compares them. */
export type Scheduling = "shared" | "round-robin" | "reuse-port" | "sticky";

/** How an app's processes are replaced while it serves. */
export interface ReloadPolicy {
  /** How many at a time. */
  readonly concurrency: number;
  /** The replacement is started before the old process is asked to exit; otherwise after it. */
  readonly surge: boolean;
}

/** The part of an app's declaration that decides what happens when. */
export interface LifecyclePolicy {
  readonly restart: RestartPolicy;
  readonly readiness: ReadinessKind;
  /** Asked when `readiness` is `probe`. */
  readonly probe: Probe | null;
  /** `null` when none is declared. */
  readonly probes: Probes | null;
  /** How long to wait for readiness before the process counts as online anyway. */
  readonly listenTimeoutMs: number;
  /** It was declared, and is not a default: then it is never longer. */
  readonly listenTimeoutIsGiven?: boolean | undefined;
  /** The grace period: from the stop signal to SIGKILL. */
  readonly killTimeoutMs: number;
  /** A Node app without shutdown code of its own finishes what is in flight before it ends. */
  readonly drain: boolean;
  /** How long a process that is replaced gets for that; WebSockets and other upgraded connections too. */
  readonly drainTimeoutMs: number;
  readonly reload: ReloadPolicy;
}

/**
 * What an app has to have come to before another one is started: `usual` is `healthy` for an app that says when it can
 * serve, and `started` for any other.
 */
export type DependencyCondition = "usual" | "started" | "healthy" | "completed" | "succeeded";

/** Another app that has to be there first. */
export interface DependencySpec {
  /** Its name: of the same namespace if there is one, else of any. */
  readonly app: string;
  readonly condition: DependencyCondition;
  /** Without it nothing is started; otherwise a condition that cannot be met any more is left out. */
  readonly isRequired: boolean;
  /** What becomes of the one that depends on it when it ends, other than for a restart; it runs on unless this says it. */
  readonly onLoss?: "keep" | "stop" | "restart" | undefined;
  /** A restart or a reload of it, by whatever asked for it, restarts the one that depends on it. */
  readonly followsRestarts?: boolean | undefined;
}

/** Where a process writes. `null` throws the stream away. Paths are absolute and hold no placeholder. */
export interface LogPaths {
  readonly out: string | null;
  readonly error: string | null;
}

/** The log files of an app: one for each stream, and one for both. */
export type LogFile = "out" | "error" | "combined";

/** What becomes of the lines of an app; see docs/explanation/logs.md. */
export interface LogSpec extends LogPaths {
  /** A file for both streams, beside their own. */
  readonly combined: string | null;
  /** Those that each process has for itself, with its id in the name; the others are shared. */
  readonly numbered: readonly LogFile[];
  /** Nothing is written; the files exist and are empty. */
  readonly isOff: boolean;
  /** `json`: each line becomes a record; `pairs`: `timestamp=… app=… message=…`; `labelled`: `id|name | …`. */
  readonly type: "plain" | "json" | "pairs" | "labelled";
  /** Time in front of each line, or in its record, in dayjs's tokens; `null` for none. */
  readonly dateFormat: string | null;
  /** How its files are rotated; what is left out is the home's. */
  readonly rotation?: RotationSpec | undefined;
}

/** What limits a life beside the size of its main process at one look. Times in ms. */
export interface LimitSpec {
  /** Of whom `maxMemoryBytes` is: the main process, or everything it has started too. */
  readonly memoryScope: "main" | "tree";
  /** How long it has to be over the limit; 0 for one look. */
  readonly memoryForMs: number;
  /** Of one core; `null` for no limit. */
  readonly maxCpuPercent: number | null;
  readonly cpuForMs: number;
  /** From the start of a life; `null` for no limit. */
  readonly maxAgeMs: number | null;
  /** Up to so much more, drawn for each life, so that processes do not restart all at once. */
  readonly ageJitterMs: number;
}

/** When a job is run, in the words of Kubernetes' CronJob. Times in ms. */
export interface ScheduleSpec {
  /** A cron pattern; `null` when it has `everyMs`. */
  readonly cron: string | null;
  /** IANA name; `null` for the daemon's own time zone. */
  readonly timezone: string | null;
  /** From one time to the next, counted from the epoch. */
  readonly everyMs: number | null;
  /** What becomes of a time at which the run before is still in progress. */
  readonly concurrency: "forbid" | "replace";
  /** A run may begin this much later than it was due. */
  readonly startingDeadlineMs: number;
  /** The latest of the times that were missed is made up for, however long ago it was. */
  readonly catchesUp: boolean;
  /** A run begins up to this much later, drawn for each time. */
  readonly jitterMs: number;
}

/** What trips a restart of an online process. */
export interface SensorSpec {
  /** Resident size of the main pid above which it is restarted; `null` for no limit. */
  readonly maxMemoryBytes: number | null;
  /** A cron pattern (croner's dialect: five or six fields). */
  readonly cron: string | null;
  /** IANA name of the time zone the pattern is read in; `null` for the daemon's own. */
  readonly cronTimezone: string | null;
  /** Only of a job; not there when it has none. */
  readonly schedule?: ScheduleSpec | undefined;
  readonly watch: WatchSpec | null;
  /** What else limits a life; not there when nothing of it is declared. */
  readonly limits?: LimitSpec | undefined;
  /** Restarted when its event loop has not turned for this long; ms. `null` for no such rule. */
  readonly heartbeatMs: number | null;
}

/** A name, glob or path, or a RegExp as data. */
export type PatternText = string | { readonly regexp: string; readonly flags: string };

/** How it is watched. */
export interface WatchOptions {
  /** The polling interval in ms, for file systems that report no changes; `null` to use notifications. */
  readonly pollMs: number | null;
  /** How many folders below a watched path; `null` for all. */
  readonly depth: number | null;
  readonly followSymlinks: boolean;
}

export interface WatchSpec {
  /** Absolute paths and globs; one that begins with `!` is left out. */
  readonly paths: readonly string[];
  /** What does not count, from the app's `cwd`. */
  readonly ignore: readonly PatternText[];
  readonly delayMs: number;
  readonly options: WatchOptions;
}

/**
 * An app as its user declared it, every default filled in and every path absolute.
 * `runtime/client/config/` makes it from PM2's fields; one is shared by all processes of the app.
 */
export interface AppSpec {
  readonly name: string;
  readonly namespace: string;
  /** Absolute path of what is run. */
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Program that runs the script: absolute path or a name looked up in PATH; `null` runs the script itself. */
  readonly interpreter: string | null;
  readonly interpreterArgs: readonly string[];
  /** The app's own variables over the caller's environment at the time of its start. */
  readonly env: Readonly<Record<string, string>>;
  /** How many processes. */
  readonly instances: number;
  readonly mode: "fork" | "cluster";
  readonly scheduling: Scheduling;
  /** The processes share their files, be there one or many of them (PM2's word; `logs.numbered` says which). */
  readonly mergeLogs: boolean;
  readonly logs: LogSpec;
  /** Absolute path before the instance's id is put in; see `runtime/host/home/paths.ts`. */
  readonly pidFile: string;
  /** Name of the variable that tells a process its number within the app. */
  readonly instanceVariable: string;
  /** Name of a variable whose number grows by one from process to process (a port). */
  readonly incrementVariable: string | null;
  /** Show source lines in stack traces: always, never, or (`null`) when a map lies beside the script. */
  readonly sourceMaps: boolean | null;
  /** For example `SIGINT`. */
  readonly stopSignal: string;
  /** Ask by the IPC message `shutdown` instead of a signal. */
  readonly stopWithMessage: boolean;
  /** Signals reach the whole tree, and nothing of it outlives the main process. */
  readonly killsTree: boolean;
  readonly uid: number | string | null;
  readonly gid: number | string | null;
  /** Of its processes, and of its files outside the home; `null` leaves them the daemon's, 077. */
  readonly umask: number | null;
  /** Not there when the app says nothing of it. */
  readonly confinement?: Confinement;
  /** Started when declared. */
  readonly autostart: boolean;
  /** Apps that come before it. */
  readonly dependsOn: readonly DependencySpec[];
  /** Not there when nobody is to be told. */
  readonly notify?: readonly NotifySpec[];
  readonly group?: Membership | undefined;
  /** Not there when it has none. */
  readonly hooks?: Hooks;
  readonly policy: LifecyclePolicy;
  readonly sensors: SensorSpec;
  /** Fields of PM2's that change nothing here but that scripts read back (`vizion`, `pmx` …), under PM2's names. */
  readonly passthrough: Readonly<Record<string, unknown>>;
}

/** Whether the clock starts it: then it is wanted from its declaration on. */
export function hasTimes({ sensors }: AppSpec): boolean {
  return sensors.cron !== null || sensors.schedule !== undefined;
}
