import type { Pm2Env } from "./types.ts";

/** Whose packet it is. */
export interface PacketProcess {
  readonly pm_id: number;
  readonly name: string;
  readonly namespace: string;
  readonly rev: string | null;
}

/** `process:event`: something has become of a process. */
export interface ProcessEventPacket {
  readonly event:
    | "start"
    | "online"
    | "exit"
    | "restart overlimit"
    | "restart"
    | "stop"
    | "delete"
    | "reload"
    | "graceful reload";
  /** Whether a command has done it. */
  readonly manually: boolean;
  readonly process: Pm2Env;
  readonly at: number;
}

/** `log:out`, `log:err`: a line of an app's output, with its newline. `log:PM2`: one of the daemon's log. */
export interface LogPacket {
  readonly at: number;
  readonly data: string;
  readonly process: Omit<PacketProcess, "pm_id" | "namespace"> & {
    readonly pm_id: number | string;
    readonly namespace?: string;
  };
}

/** `process:exception`: an uncaught exception of the app, or one that it reported itself. */
export interface ExceptionPacket {
  readonly at: number;
  readonly data: {
    readonly message: string;
    readonly stack: string;
    readonly name: string;
    /** `file:line` of where it was thrown. */
    readonly callsite?: string;
    readonly context?: unknown;
  };
  readonly process: PacketProcess;
}

/** What an app gave to `process.send`: on the channel of its `type`, or as `raw` on `process:msg`. */
export interface MessagePacket {
  readonly at: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- what apps say is theirs
  readonly data?: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- what apps say is theirs
  readonly raw?: any;
  readonly process: PacketProcess;
}

// oxlint-disable-next-line typescript/no-explicit-any -- packets are as many as apps make of them
export type EventListener = (...args: any[]) => void;
