import type { AppSpec } from "../../machines/spec.ts";
import type {
  ActionRequest,
  DaemonView,
  DeclareRequest,
  DumpResult,
  FollowRequest,
  HistoryRecordView,
  LogFiles,
  LogLine,
  MachineStates,
  Outcome,
  ProcessDetail,
  ProcessView,
  Progress,
  ReloadRequestBody,
  ResurrectResult,
  TriggerRequest,
  TriggerResult,
} from "../api/schemas.ts";

export type {
  ActionRequest,
  DaemonView,
  DumpResult,
  FollowRequest,
  HistoryRecordView,
  LogFiles,
  LogLine,
  MachineStates,
  Outcome,
  ProcessDetail,
  ProcessView,
  Progress,
  ReloadRequestBody,
  ResurrectResult,
  TriggerRequest,
  TriggerResult,
};

export interface LogQuery {
  readonly ids: readonly number[];
  /** How many last lines of each file. */
  readonly lines: number;
  readonly follow: boolean;
  readonly streams: readonly ("out" | "err")[];
}

export interface HistoryQuery {
  readonly ids?: readonly number[];
  /** ms since the epoch. */
  readonly since?: number;
  /** Number of the last record that is known. */
  readonly after?: number;
  /** The last so many. */
  readonly limit?: number;
}

/** The daemon as a program sees it. Every method throws `XmError`; streams end when the daemon's answer ends. */
export interface Client {
  readonly home: string;
  ping(): Promise<{ pid: number; version: string }>;
  daemon(): Promise<DaemonView>;
  /** All processes, by id. `metrics` asks for memory and CPU, which costs a sample. */
  list(options?: { metrics?: boolean }): Promise<ProcessView[]>;
  /** All processes with their specification, environment and decisions. */
  details(options?: { metrics?: boolean }): Promise<ProcessDetail[]>;
  detail(id: number): Promise<ProcessDetail>;
  /** Starts what is missing of the apps and treats the known ones as `known` says; one outcome per process, as it happens. */
  declare(request: {
    apps: readonly AppSpec[];
    known: DeclareRequest["known"];
    by: string;
  }): AsyncIterable<Outcome>;
  act(request: ActionRequest): AsyncIterable<Outcome>;
  /** Replaces processes without a gap: its steps as they are taken, then an outcome for each process. */
  reload(request: ReloadRequestBody): AsyncIterable<Outcome | Progress>;
  /** Asks apps to do an action that they offer. */
  trigger(request: TriggerRequest): Promise<TriggerResult[]>;
  scale(app: string, instances: number, by: string): AsyncIterable<Outcome>;
  signal(ids: readonly number[], signal: string): Promise<Outcome[]>;
  /** The states that its machine, its app's, a reload's and God's are in, as ids of their charts. */
  states(id: number): Promise<MachineStates>;
  /** Past moments, oldest first; 10 000 at most unless told. */
  history(query: HistoryQuery): Promise<HistoryRecordView[]>;
  logs(query: LogQuery, abort?: AbortSignal): AsyncIterable<LogLine>;
  /** Log lines; a stream that is followed goes on under the next daemon, without a gap and without a line twice. */
  followLogs(request: FollowRequest, abort?: AbortSignal): AsyncIterable<LogLine>;
  /** Empties the log files of processes, and the daemon's own. */
  flushLogs(ids: readonly number[], daemon: boolean): Promise<LogFiles>;
  /** Makes log files anew that were renamed or removed. */
  reopenLogs(): Promise<LogFiles>;
  /** Moments as they happen; with `after` first those with a higher number, so that nothing is missed. */
  events(abort?: AbortSignal, after?: number): AsyncIterable<HistoryRecordView>;
  save(): Promise<DumpResult>;
  resurrect(by: string): Promise<ResurrectResult>;
  /** Stops every process, forgets them and ends the daemon. Resolves when it is gone. */
  shutDown(by: string): Promise<{ stopped: number }>;
  /** Ends the daemon and leaves every process running. Resolves when it is gone. */
  handOver(by: string): Promise<void>;
}

export interface ConnectOptions {
  /** Where the daemon lives; default: `resolveHome(process.env)`. */
  readonly home?: string;
  /** Start one if none runs; otherwise `ERR_DAEMON_NOT_RUNNING`. Default true. */
  readonly autostart?: boolean;
}
