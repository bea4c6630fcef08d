import type { AppSpec } from "../../../machines/spec.ts";
import type {
  ActionRequest,
  BusEvent,
  BusTopic,
  DaemonView,
  DeclareRequest,
  DumpResult,
  FollowRequest,
  HistoryRecordView,
  Inspection,
  InspectorOpened,
  InspectorView,
  LogFiles,
  LogLine,
  MachineStates,
  OpenInspector,
  Outcome,
  ProcessDetail,
  ProcessView,
  ProfileRequest,
  Progress,
  ReloadRequestBody,
  ResurrectResult,
  RunLine,
  TriggerRequest,
  TriggerResult,
  UsageView,
} from "../../contract/api/schemas.ts";

/** The bodies and answers of the API. */
export type * from "../../contract/api/schemas.ts";

/** What an app is from now on. */
export interface AppSettings {
  /** The app's key, as a process shows it. */
  readonly key: string;
  readonly spec: AppSpec;
}

export type ActionCall = Omit<ActionRequest, "settings"> & {
  readonly settings?: readonly AppSettings[];
};

/** One run of a job. */
export interface RunCall {
  readonly id: number;
  readonly name: string;
  readonly by: string;
  /** In place of the declared ones. */
  readonly args?: readonly string[];
  readonly settings?: readonly AppSettings[];
}

export type ReloadCall = Omit<ReloadRequestBody, "settings"> & {
  readonly settings?: readonly AppSettings[];
};

export interface LogQuery {
  readonly ids: readonly number[];
  /** How many last lines of each file. */
  readonly lines: number;
  readonly follow: boolean;
  readonly streams: readonly ("out" | "err")[];
}

export interface HistoryQuery {
  /** Of these processes; what God and daemons did is of all. */
  readonly ids?: readonly number[];
  /** Of the apps with these keys. */
  readonly apps?: readonly string[];
  readonly kinds?: readonly HistoryRecordView["kind"][];
  /** ms since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Only what has a lower number. */
  readonly before?: number;
  /** Number of the last record that is known. */
  readonly after?: number;
  /** The last N. */
  readonly limit?: number;
}

export interface UsageQuery {
  /** Default: all. */
  readonly ids?: readonly number[];
  /** ms since the epoch; default: the last 15 minutes. */
  readonly since?: number;
  readonly until?: number;
  /** Points per process at most. */
  readonly most?: number;
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
  /** @param options.usage reads what its lives of the last day have used, which is kept on disk. */
  detail(id: number, options?: { usage?: boolean }): Promise<ProcessDetail>;
  /** Starts what is missing of the apps and treats the known ones as `known` says; one outcome per process, as it happens. */
  declare(request: {
    apps: readonly AppSpec[];
    known: DeclareRequest["known"];
    by: string;
    kind?: DeclareRequest["kind"];
  }): AsyncIterable<Outcome>;
  act(request: ActionCall): AsyncIterable<Outcome>;
  /** Runs a job: that it has begun, and how it has ended; goes on under the next daemon. */
  run(request: RunCall): AsyncIterable<RunLine>;
  /** Replaces processes without a gap: its steps as they are taken, then an outcome for each process. */
  reload(request: ReloadCall): AsyncIterable<Outcome | Progress>;
  /** Asks apps to do an action that they offer. */
  trigger(request: TriggerRequest): Promise<TriggerResult[]>;
  scale(app: string, instances: number, by: string): AsyncIterable<Outcome>;
  signal(ids: readonly number[], signal: string): Promise<Outcome[]>;
  /** Gives apps a message, which their `process.on("message")` gets; any JSON value. */
  message(ids: readonly number[], message: unknown): Promise<Outcome[]>;
  /** Writes to the standard input of processes, as it is: a line needs its newline. */
  input(ids: readonly number[], text: string): Promise<Outcome[]>;
  /** The current states of its machine, its app's, a reload's and God's, as ids of their charts. */
  states(id: number): Promise<MachineStates>;
  /** Memory and CPU over time, as the daemon keeps it; costs no sample. Processes of which nothing is known are left out. */
  usage(query: UsageQuery): Promise<UsageView[]>;
  /** Past moments, oldest first; by default at most 10 000. */
  history(query: HistoryQuery): Promise<HistoryRecordView[]>;
  logs(query: LogQuery, abort?: AbortSignal): AsyncIterable<LogLine>;
  /** Log lines; a stream that is followed continues under the next daemon, without a gap and without a line twice. */
  followLogs(request: FollowRequest, abort?: AbortSignal): AsyncIterable<LogLine>;
  /** Empties the log files of processes, and the daemon's own. */
  flushLogs(ids: readonly number[], daemon: boolean): Promise<LogFiles>;
  /** Rotates the log files of processes now: the rotated files, and what could not be done. */
  rotateLogs(ids: readonly number[]): Promise<LogFiles>;
  /** Reopens log files that were renamed or removed. */
  reopenLogs(): Promise<LogFiles>;
  /** Moments as they happen; with `after` first those with a higher number, so that nothing is missed. */
  events(abort?: AbortSignal, after?: number): AsyncIterable<HistoryRecordView>;
  /**
   * Switches the Node inspector of a running app on, on the loopback interface, until aborted: it gives one value, and the end of the
   * connection, by a kill too, switches the inspector off again.
   */
  holdDebugger(id: number, signal: AbortSignal): AsyncIterable<Inspection>;
  /** Profiles the daemon itself: the content of a `.cpuprofile` or `.heapprofile` file. */
  profile(request: ProfileRequest): Promise<object>;
  /**
   * Has an app profile itself, without a port: the text of such a file.
   * @returns `undefined` for an app that has no line to the daemon, such as one that neither listens nor sends messages.
   */
  profileApp(request: ProfileRequest & { readonly id: number }): Promise<string | undefined>;
  /** Saves the list of processes, or an empty one; the one before becomes the backup. */
  save(options?: { empty?: boolean }): Promise<DumpResult>;
  /** Opens the inspector on 127.0.0.1: an address that lets its reader in once, and a token for programs. */
  openInspector(request: OpenInspector): Promise<InspectorOpened>;
  inspector(): Promise<InspectorView>;
  /** All its addresses, pages and tokens become invalid. */
  closeInspector(by: string): Promise<InspectorView>;
  /**
   * What happens, as it happens, of some topics. `onOpen` is called when nothing that happens from then on is missed.
   * A reader that is 4 MB behind is cut off: the stream then ends as if the daemon had died.
   */
  bus(
    topics: readonly BusTopic[],
    options?: { abort?: AbortSignal; onOpen?: () => void },
  ): AsyncIterable<BusEvent>;
  resurrect(by: string): Promise<ResurrectResult>;
  /** Stops and removes every process and ends the daemon. Resolves when it is gone. */
  shutDown(by: string): Promise<{ stopped: number; note: string | null }>;
  /** Ends the daemon and leaves every process running. Resolves when it is gone. */
  handOver(by: string): Promise<void>;
}

export interface ConnectOptions {
  /** Where the daemon lives; default: `resolveHome(process.env)`. */
  readonly home?: string;
  /** Start one if none runs; otherwise `ERR_DAEMON_NOT_RUNNING`. Default true. */
  readonly autostart?: boolean;
  /** A daemon that this starts ends, with its apps, when this process does, and keeps it alive until then. */
  readonly lifeline?: boolean;
  /** Check every answer against the contract (`ERR_ANSWER_INVALID`). Default false: it loads the schemas. */
  readonly checksAnswers?: boolean;
}
