import type { Down, Up } from "./app-link/protocol.ts";

/*
 * What God and a balancer say to each other: one JSON object a line over the balancer's unix socket. The balancer
 * is the server, so that a God that has just started finds every balancer; its listening socket is made by God,
 * and it runs as the app's user. It begins with `hello`, which says all that a new God has to know; an end is said again
 * until God has said `forget`.
 */
export const balancerVersion = 1;

/** How a worker is started. Paths are absolute. Its user is its balancer's. */
export interface WorkerCommand {
  /** Number within its app: a replacement has that of what it replaces. */
  readonly instance?: number;
  readonly script: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  /** Of `node_permissions`; not there for an app without. */
  readonly permissions?: readonly string[] | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its log files. */
  readonly out: string | null;
  readonly error: string | null;
  /** Of the worker, and of the log files that its balancer makes; `null` leaves it the balancer's. */
  readonly umask?: number | null | undefined;
  /** It runs even when they cannot be opened: it has run before. */
  readonly mayLoseOutput?: boolean;
}

/** From God. */
export type Order =
  /** The first order of all: what the balancer proves itself with to the Gods that come later. */
  | { order: "claim"; secret: string }
  | { order: "fork"; life: string; command: WorkerCommand }
  | { order: "tell"; life: string; message: Down }
  /** The end of this life is in the journal. */
  | { order: "forget"; life: string }
  | { order: "quit" };

export interface WorkerEnd {
  readonly life: string;
  /** ms since the epoch; `up` is the same by the monotonic clock, of a balancer that knows it. */
  readonly at: number;
  readonly up?: number | undefined;
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a balancer reports about a living worker. */
export interface WorkerState {
  readonly life: string;
  readonly pid: number;
  readonly isListening: boolean;
  readonly isReady: boolean;
  /** Its last `axm:monitor` and `axm:action` messages. */
  readonly said: readonly unknown[];
  /** Where it listens. */
  readonly listens?: readonly string[] | undefined;
}

/** To God. */
export type News =
  | {
      news: "hello";
      v: number;
      app: string;
      /** What it was made with: interpreter, scheduling, user. */
      madeOf: string;
      pid: number;
      /** Of its first God; `null` before that. Balancers of version 0.1.0 have none. */
      secret?: string | null | undefined;
      workers: readonly WorkerState[];
      ended: readonly WorkerEnd[];
    }
  | { news: "forked"; life: string; pid: number }
  | { news: "failed"; life: string; code: string; message: string }
  | { news: "told"; life: string; message: Up }
  /** A line for God's log, of a balancer that has no log of its own. */
  | { news: "noted"; line: string }
  | ({ news: "ended" } & WorkerEnd);
