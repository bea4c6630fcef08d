import type { Worker } from "node:cluster";
import { channelCommand, type Down } from "../../contract/app-link/protocol.ts";

/** A worker, and what is known of it. */
export interface Held {
  readonly life: string;
  readonly worker: Worker;
  /** Number within its app: a replacement has that of what it replaces. */
  readonly instance: number;
  /** It has reported that it listens. */
  isListening: boolean;
  /** The ports and sockets where. */
  readonly listens: Set<string>;
  isReady: boolean;
  /** It takes no connections of others any more. */
  isParting: boolean;
  /** It leaves its connections to others for now. */
  isOut: boolean;
  /** Connections given to it that are not among its count yet. */
  given: number;
  readonly said: Map<string, unknown>;
}

export function send(worker: Worker, message: Down): void {
  if (worker.isConnected()) worker.send({ cmd: channelCommand, message });
}
