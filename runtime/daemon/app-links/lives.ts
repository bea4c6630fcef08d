import type { Down, Up } from "../../contract/app-link/protocol.ts";
import type { Peer } from "./peer.ts";

/** What a life says, and by which of its processes. */
export type Listener = (message: Up, from: Peer) => void;

/** The connections of one life: of its main process, and of the Node apps behind a command such as `npm start`. */
export interface Life {
  readonly peers: ReadonlySet<Peer>;
  /** @returns whether the connection may stay. */
  add(peer: Peer): boolean;
  hear(message: Up, peer: Peer): void;
}

/** Whether there may be a line to a life that has none now: it connects itself, or it inherited the only one it ever has. */
export type LineOf = "connects" | "inherits" | "had";

/** What becomes of a message: it goes to the app, too much waits for it, or no line to the app will be there again. */
export type Delivery = "sent" | "full" | "unreachable";

/** A line to one life of an app. */
export interface Talk {
  /**
   * Says something to those of the life that it is meant for: a message goes to the main process if it is connected, an
   * order to the app behind a command if there is one.
   * @returns how many of them may hear it.
   */
  tell(message: Down): number;
  /** Whether anything receives messages. */
  hears(): boolean;
  /**
   * Gives the app a message, once it listens: a preload makes its line when the app does.
   */
  post(data: unknown): Delivery;
  /** Pid of the main process, once it is known. */
  main(pid: number): void;
  release(): void;
}

/** So much waits for an app that does not listen yet; more is refused. */
const mostWaiting = 1_000;
const mostWaitingBytes = 1024 * 1024;

/** A command may start several apps. */
const mostPeers = 64;

/** A connected life: its messages are passed on, and messages to it are delivered. */
export class HeardLife implements Life, Talk {
  readonly peers = new Set<Peer>();
  readonly #listener: Listener;
  readonly #forget: () => void;
  #line: LineOf;
  #mainPid: number | undefined;
  #waiting: Down[] = [];
  #waitingBytes = 0;

  constructor(listener: Listener, forget: () => void, line: LineOf) {
    this.#listener = listener;
    this.#line = line;
    this.#forget = forget;
  }

  add(peer: Peer): boolean {
    for (const each of this.peers)
      if (each.pid !== undefined && each.pid === peer.pid) this.#drop(each);
    if (this.peers.size >= mostPeers) return false;
    this.peers.add(peer);
    peer.onGone(() => {
      this.peers.delete(peer);
      if (this.peers.size === 0 && this.#line === "inherits") this.#line = "had";
    });
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const message of waiting) peer.tell(message);
    return true;
  }

  hear(message: Up, peer: Peer): void {
    this.#listener(message, peer);
  }

  tell(message: Down): number {
    return this.#hearersOf(message).filter((peer) => peer.tell(message)).length;
  }

  hears(): boolean {
    return this.peers.size > 0;
  }

  post(data: unknown): Delivery {
    const message: Down = { type: "message", data };
    if (this.tell(message) > 0) return "sent";
    if (this.#line === "had" && this.peers.size === 0) return "unreachable";
    const bytes = JSON.stringify(message).length;
    if (this.#waiting.length >= mostWaiting || this.#waitingBytes + bytes > mostWaitingBytes) {
      return "full";
    }
    this.#waiting.push(message);
    this.#waitingBytes += bytes;
    return "sent";
  }

  main(pid: number): void {
    this.#mainPid = pid;
  }

  release(): void {
    this.#forget();
    for (const peer of this.peers) this.#drop(peer);
  }

  #hearersOf(message: Down): readonly Peer[] {
    const all = [...this.peers];
    const main = all.filter(({ pid }) => pid === this.#mainPid);
    const behind = all.filter(({ pid }) => pid !== undefined && pid !== this.#mainPid);
    if (message.type !== "message") return behind.length > 0 ? behind : main;
    if (main.length > 0) return main;
    return behind.length > 0 ? behind : all;
  }

  #drop(peer: Peer): void {
    this.peers.delete(peer);
    peer.end();
  }
}
