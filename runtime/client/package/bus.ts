import { patternOf, toPacket, topicsOf, type Packet } from "../../compat/bus.ts";
import type { Client } from "../connection/types.ts";
import type { BusTopic } from "../connection/types.ts";
import { isDaemonAway } from "../../contract/errors.ts";
import { pause } from "../../host/pause.ts";
import type {
  EventListener,
  ExceptionPacket,
  LogPacket,
  MessagePacket,
  ProcessEventPacket,
} from "./packets.ts";

/** Waits between two attempts to reach the daemon again; ms. */
const firstRetryMs = 25;
const longestRetryMs = 1_000;

interface Handler {
  readonly pattern: RegExp;
  readonly hasWildcard: boolean;
  readonly name: string;
  readonly listener: EventListener;
}

/**
 * PM2's bus. The daemon is asked for a topic once it has a listener, so that a topic without listeners costs
 * nothing. A bus outlives the daemon: it listens to the next one as soon as there is one. It keeps the program
 * alive until it is closed.
 */
export class Bus {
  readonly #client: Client;
  readonly #handlers = new Set<Handler>();
  readonly #abort = new AbortController();
  readonly #topics = new Set<BusTopic>();
  #opening: Promise<unknown> = Promise.resolve();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Hears a channel. With `*` in its name the listener gets what the `*` stands for, and then the packet. */
  on(name: "process:event", listener: (packet: ProcessEventPacket) => void): this;
  on(name: "log:out" | "log:err" | "log:PM2", listener: (packet: LogPacket) => void): this;
  on(name: "process:exception", listener: (packet: ExceptionPacket) => void): this;
  on(name: "process:msg", listener: (packet: MessagePacket) => void): this;
  on(name: string, listener: EventListener): this;
  on(name: string, listener: EventListener): this {
    const hasWildcard = name.includes("*");
    this.#handlers.add({ pattern: patternOf(name), hasWildcard, name, listener });
    this.#need(topicsOf(name));
    return this;
  }

  /** Hears a channel no more: one listener, or all of its. */
  off(name: string, listener?: EventListener): this {
    for (const handler of this.#handlers) {
      const isMeant = listener === undefined || handler.listener === listener;
      if (handler.name === name && isMeant) this.#handlers.delete(handler);
    }
    return this;
  }

  /** Ends it. */
  close(): void {
    this.#abort.abort();
    this.#handlers.clear();
  }

  /** Resolves when every listener of now misses nothing any more. */
  settled(): Promise<unknown> {
    return this.#opening;
  }

  /** Listeners that come in one go share a stream. */
  #need(topics: readonly BusTopic[]): void {
    const missing = topics.filter((topic) => !this.#topics.has(topic));
    if (missing.length === 0 || this.#abort.signal.aborted) return;
    for (const topic of missing) this.#topics.add(topic);
    this.#waiting.push(...missing);
    if (this.#waiting.length > missing.length) return;
    this.#opening = Promise.all([
      this.#opening,
      new Promise<void>((resolve) => {
        queueMicrotask(() => {
          const wanted = this.#waiting.splice(0);
          this.#hear(wanted, resolve).catch((error: unknown) => {
            resolve();
            throw error;
          });
        });
      }),
    ]);
  }

  readonly #waiting: BusTopic[] = [];

  async #hear(topics: readonly BusTopic[], onFirst: () => void): Promise<void> {
    const { signal: abort } = this.#abort;
    let retryMs = firstRetryMs;
    const onOpen = (): void => {
      retryMs = firstRetryMs;
      onFirst();
    };
    while (!abort.aborted) {
      try {
        for await (const event of this.#client.bus(topics, { abort, onOpen })) {
          this.#tell(toPacket(event));
        }
      } catch (error) {
        if (!isDaemonAway(error)) throw error;
      }
      if (abort.aborted) return;
      await pause(retryMs, abort);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }

  #tell({ name, data }: Packet): void {
    for (const { pattern, hasWildcard, listener } of this.#handlers) {
      const match = pattern.exec(name);
      if (match === null) continue;
      const wild = hasWildcard ? match.slice(1) : [];
      // An exception of a listener is the program's own and does not end the stream.
      process.nextTick(() => listener(...wild, data));
    }
  }
}
