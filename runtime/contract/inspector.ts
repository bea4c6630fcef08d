import { processStatuses, type ProcessStatus } from "../../machines/facts.ts";
import type { ProcessView } from "./api/schemas.ts";
import type { HistoryRecord } from "./history.ts";

/*
 * What God's inspector and its page say to each other. The page is served at `/`, the charts (`ChartFile`) at
 * `/charts/process.json`, `/charts/app.json`, `/charts/reload.json`, `/charts/group.json` and `/charts/god.json`, and the API of the unix
 * socket stands under `/v1` (the page uses `/v1/history`, `/v1/logs`, `/v1/actions`, `/v1/reloads`). Streams are
 * server-sent events, a JSON value each. Values of environment variables are never among what is sent.
 */

/** Of `GET /inspector/live?process=ID`: what happens, and the machines around one process, each generation of it that lives. */
export type LiveMessage =
  | HelloMessage
  | {
      readonly type: "processes";
      readonly at: number;
      /** All of them first, then those that have changed. */
      readonly processes: readonly ProcessView[];
      readonly removed: readonly number[];
    }
  /** Every two seconds: id, CPU in percent of a core, resident bytes. */
  | {
      readonly type: "metrics";
      readonly at: number;
      readonly samples: readonly (readonly [id: number, cpuPercent: number, memoryBytes: number])[];
    }
  /** A transition as the history keeps it. */
  | { readonly type: "record"; readonly record: HistoryRecord }
  /** A machine around the chosen process: once at the beginning, then with each of its transitions. */
  | { readonly type: "machine"; readonly machine: MachineView };

/** The first message of a connection; the same again from the next God after this one has died. */
export interface HelloMessage {
  readonly type: "hello";
  /** God's clock, ms since the epoch: countdowns are relative to it. */
  readonly at: number;
  readonly lastSeq: number;
  readonly daemon: {
    readonly pid: number;
    readonly version: string;
    readonly startedAt: number;
    readonly home: string;
  };
  /** Whether the page may send events (`xm inspect --control`). */
  readonly mayControl: boolean;
}

export type MachineName = "process" | "app" | "reload" | "group" | "god";

/** Where one machine is now, and how it came there. */
export interface MachineView {
  readonly machine: MachineName;
  /** The id of a process, the key of an app, the name of a group, or "god". */
  readonly of: string;
  /** Of a process: in a reload two of one id live, the one that serves and its replacement. */
  readonly generation: number;
  readonly at: number;
  /** Every active state, parents too, as ids of the chart: `process`, `process.alive`, … */
  readonly states: readonly string[];
  /** Its context as JSON, without values of the environment. */
  readonly context: unknown;
  /** What the latest macrostep did, in order; empty at the beginning of a connection. */
  readonly steps: readonly MachineStep[];
  /** The last result of each guard that was evaluated while a viewer was connected. */
  readonly guards: readonly GuardReading[];
  /** The delays that are running. */
  readonly delays: readonly PendingDelay[];
  /** Why it is where it is, in a sentence. */
  readonly sentence: string | null;
}

/** One transition that was taken: source and target are ids of the chart, `event` and `guard` the words of its label. */
export interface MachineStep {
  readonly source: string;
  readonly target: string | null;
  readonly event: string;
  readonly guard: string | null;
}

export interface GuardReading {
  readonly guard: string;
  readonly result: boolean;
  /** Compared, by name, for example `{ unstableRestarts: 16, maxRestarts: 16 }`; times in ms. */
  readonly saw: Readonly<Record<string, number | string | boolean | null>>;
  readonly at: number;
}

export interface PendingDelay {
  /** For example `restartDelay`. */
  readonly delay: string;
  /** The state it leaves, as an id of the chart. */
  readonly state: string;
  readonly startedAt: number;
  readonly dueAt: number;
}

/**
 * Of `GET /inspector/timeline?since=MS`, as one JSON value: the lanes of all processes, compact. Read in the
 * background, so that God keeps answering meanwhile.
 */
export interface Timeline {
  readonly since: number;
  readonly until: number;
  readonly lastSeq: number;
  readonly lanes: readonly TimelineLane[];
  /** When daemons started. */
  readonly daemons: readonly number[];
}

export interface TimelineLane {
  readonly id: number;
  readonly name: string;
  /** Flat triples: when (ms after `since`), number of the record, `statusCodes[n]`. */
  readonly points: readonly number[];
  /** The same of a second generation that lives beside the one that serves, in a reload; `removed` where there is none. */
  readonly others: readonly number[];
  readonly marks: readonly TimelineMark[];
}

/** The status that a lane's third number stands for. */
export const statusCodes: readonly ProcessStatus[] = processStatuses;

/** Of several statuses in one place the one to be seen: the rarer and the worse before the usual. */
export const statusPriority: readonly ProcessStatus[] = [
  "errored",
  "failed",
  "waiting",
  "pending",
  "stopping",
  "starting",
  "stopped",
  "completed",
  "online",
  "removed",
];

export interface TimelineMark {
  /** ms after `since`. */
  readonly at: number;
  readonly seq: number;
  /** `restart`: a command asked; `version`: what is run from now on is another version. */
  readonly kind:
    | "exit"
    | "memory"
    | "watch"
    | "cron"
    | "heartbeat"
    | "liveness"
    | "cpu"
    | "age"
    | "restart"
    | "reload"
    | "version";
  /** For example `code 1`, `SIGKILL`, `1.4.0`. */
  readonly label: string;
}

/** A key as the page gets it. */
export interface PageKey {
  readonly id: string;
  readonly secret: string;
}

/** What a page gets when it has entered, or proved itself. */
export interface PageSession {
  /** `Authorization: Bearer` for everything it asks of this God. */
  readonly ticket: string;
  readonly kept?: PageKey;
  readonly live?: PageKey;
  /** God's own proof, where the page has given one. */
  readonly proof?: string;
}
