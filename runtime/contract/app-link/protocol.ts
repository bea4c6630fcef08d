/**
 * The messages between a Node app's preload and God: one JSON object a line over a unix socket, or the same
 * object as a `NODE_XM` message over the channel between a cluster worker and its balancer, which passes it on. What may
 * come from an app is checked by `up-schema.ts`.
 * Versioned by `hello`; unknown types are ignored on both sides, so that an app outlives an upgrade of God.
 */
export const linkVersion = 1;

/** What nothing has caught, as texts. */
export interface UncaughtException {
  /** ms since the epoch. */
  readonly at: number;
  readonly message: string;
  readonly stack: string;
  /** Name of its class. */
  readonly error: string;
}

/** What an app is asked of itself. */
export type Question =
  /** Whether one of its servers takes a connection, and what it answers to a request. */
  | { kind: "server"; server: string; isTls: boolean; request: string | null }
  /** How its event loop has turned since it was asked last. */
  | { kind: "loop" };

/** What it answers. */
export interface Reply {
  /** Of the request, 0 for an answer that is not HTTP. */
  readonly status?: number | undefined;
  /** The longest that the event loop stood still; ms. */
  readonly delayMs?: number | undefined;
  /** 0 … 1: how much of the time it was busy. */
  readonly utilization?: number | undefined;
  /** Why there is no better answer. */
  readonly fault?: string | undefined;
}

/** From the app. */
export type Up =
  | {
      type: "hello";
      v: number;
      life: string;
      pid: number;
      isReady: boolean;
      isListening: boolean;
      /** The last `axm:monitor` and `axm:action` messages, which a new God does not know. */
      said: readonly unknown[];
      /** Where it listens, as `listening` says it. */
      listens?: readonly string[] | undefined;
    }
  /** A server listens: the number of its port, or the path of its socket. */
  | { type: "listening"; server?: string | undefined }
  /** What the app gave to `process.send`. */
  | { type: "message"; data: unknown }
  /** It is about to end by an exception that nothing has caught, or its own code handles it as such. */
  | { type: "exception"; error: UncaughtException }
  /** Its log file does not take what it writes. */
  | { type: "unwritable"; stream: "stdout" | "stderr"; why: string }
  /** The event loop has turned. */
  | { type: "beat" }
  /** The answer to `stop`: it drains and ends by the signal itself, or wants to be signalled. */
  | { type: "stopping"; how: "drain" | "signal" }
  /**
   * A worker has drained; its balancer answers `leave` when nothing more is on its way to it. Or an app behind a command
   * has: God signals the command.
   */
  | { type: "drained" }
  /**
   * A worker gives away a connection, which comes with the message, because it has more than its share; or because it
   * has no server for it any more (`isHomeless`); or because those of one `client` all go to one worker.
   */
  | { type: "give"; server: string; isHomeless?: boolean; client?: string | undefined }
  /** The answer to `ask`. */
  | ({ type: "answer"; ticket: number } & Reply)
  /** It wants no more connections of others; the balancer answers `parted`. */
  | { type: "parting" }
  /** A connection that was given to a worker is among its own now. */
  | { type: "took"; ticket: number }
  /** A part of a profile that God has asked for; the first is empty and says that it has begun. */
  | {
      type: "profile";
      ticket: number;
      pid: number;
      text: string;
      isLast: boolean;
      /** Why there is none. */
      fault?: string | undefined;
    };

/** Asks an app to profile itself. */
export interface ProfileOrder {
  readonly type: "profile";
  readonly ticket: number;
  readonly kind: "cpu" | "memory";
  readonly durationMs: number;
}

/** Characters of a part of a profile, and of a whole one. */
export const profilePart = 256 * 1024;
export const longestProfile = 64 * 1024 * 1024;

/** To the app. */
export type Down =
  | {
      type: "stop";
      signal: string;
      /** Until it is killed, of which its own code may want `ownMs`; ms. */
      graceMs: number;
      ownMs: number;
      /** By when it is signalled unless it has answered; ms. */
      answerMs: number;
      /** How long what is not HTTP/1 may take; ms. */
      drainMs: number;
      /** Its own code waits for the message `shutdown`, and not for the signal. */
      byMessage: boolean;
      /** A daemon that died may or may not have sent it already: an action in progress continues. */
      again?: boolean;
      /** That daemon may have sent the signal, or the message in its place; without it, it has not. */
      wasSignalled?: boolean;
    }
  | { type: "message"; data: unknown }
  /** It is to end by its signal, unless that has come already. */
  | { type: "leave" }
  /** The connection that comes with the message, for the server of that address. */
  | { type: "take"; server: string; ticket: number }
  | { type: "ask"; ticket: number; about: Question }
  /** A worker accepts connections, or leaves them to the others. */
  | { type: "traffic"; isTaken: boolean }
  /** From now on it gets no connections from others. */
  | { type: "parted" }
  /** A connection that it gave away is with another. */
  | { type: "taken" }
  | ProfileOrder
  /** Whoever asked for the profile has gone. */
  | { type: "profile.end"; ticket: number };

/** What the preload reads from its environment, in the variable `XM_PRELOAD`, which it removes. */
export interface PreloadOptions {
  readonly v: number;
  readonly life: string;
  /** Of God; `null` when it cannot be reached: a worker's line is its balancer's, another user's app has inherited one. */
  readonly socket: string | null;
  /** Descriptor of an inherited line to God. */
  readonly fd: number | null;
  /** The channel that Node has made of `NODE_CHANNEL_FD` ends at God, which does not give it back after its own end. */
  readonly hasGodsChannel: boolean;
  /** What was prepended to `NODE_OPTIONS`, to be removed again. */
  readonly nodeOptions: string;
  /** Pid of the parent that waits for the process: God, or the balancer. */
  readonly parent: number;
  /** Forked by a balancer, which is the one that waits for it. */
  readonly isWorker: boolean;
  /** Where an app leaves its exit code when nobody waits for it. */
  readonly exits: string;
  readonly drain: boolean;
  readonly heartbeatMs: number | null;
  /** It measures how its event loop turns. */
  readonly measuresLoop?: boolean;
  readonly sourceMaps: boolean;
  readonly reusesPort: boolean;
  /** All connections of one client go to one worker. */
  readonly isSticky?: boolean;
}

export const preloadVariable = "XM_PRELOAD";

/** Set by the balancer: the file of the workers' shares. */
export const sharesVariable = "XM_SHARES";

/** Name of the messages that are ours on a Node channel; Node keeps names that begin so from the app. */
export const channelCommand = "NODE_XM";
