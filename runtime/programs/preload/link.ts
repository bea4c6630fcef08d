import { fstatSync } from "node:fs";
import type { Socket } from "node:net";
import {
  channelCommand,
  linkVersion,
  type Down,
  type PreloadOptions,
  type Up,
} from "../../contract/app-link/protocol.ts";
import { onLines } from "../../host/lines.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/** The app's line to God. It is opened when there is something to say, and comes back by itself when God does. */
export interface Link {
  /** What it says goes over the process's own channel, to the balancer or to a parent God. */
  readonly isChannel: boolean;
  open(): void;
  /**
   * @param handle a connection to send along, which only a channel can; `sent` is called when it is out.
   * @returns whether it will go out: not when the line is shut, or God does not read.
   */
  send(message: Up, handle?: { close(): void }, sent?: () => void): boolean;
  /** @returns whether it has left this process: not when it would have to wait for a line. */
  tellNow(message: Up): boolean;
  /** @param server the number of its port, or the path of its socket. */
  listening(server: string): void;
  /** What is repeated to every new God. */
  remember(name: string, message: unknown): void;
  markReady(): void;
  onDown(listener: (message: Down, handle?: object) => void): void;
  /** This process has no listener any more, for now or forever. */
  onEnd(listener: () => void): void;
  /** Whether the line keeps the process alive. */
  hold(isHeld: boolean): void;
  shut(): void;
}

export function createLink(options: PreloadOptions): Link {
  return options.isWorker ? channelLink() : socketLink(options);
}

/** Waits between two attempts to reach God again; ms. */
const firstRetryMs = 25;
const longestRetryMs = 1_000;

/** While God does not read, messages beyond this are dropped. */
const mostWaitingBytes = 1024 * 1024;

/** God takes a longer `hello` for no message; characters of what is said again with it. */
const longestSaid = 128 * 1024;

function socketLink(options: PreloadOptions): Link {
  const listeners: ((message: Down) => void)[] = [];
  const endListeners: (() => void)[] = [];
  const memory = new Map<string, unknown>();
  let socket: Socket | undefined;
  let isConnected = false;
  let isShut = false;
  let isReady = false;
  let isListening = false;
  let isHeld = false;
  let retryMs = firstRetryMs;
  let waiting: string[] = [];

  const write = (message: Up): boolean => {
    const line = `${JSON.stringify(message)}\n`;
    if (socket === undefined || !isConnected) {
      if (waiting.length > 1_000) return false;
      waiting.push(line);
      return true;
    }
    if (socket.writableLength > mostWaitingBytes) return false;
    socket.write(line);
    return true;
  };
  const keep = (): void => {
    if (isHeld) socket?.ref();
    else socket?.unref();
  };
  const greet = (current: Socket): void => {
    isConnected = true;
    const { life } = options;
    const said = saidAgain(memory);
    const hello: Up = {
      type: "hello",
      v: linkVersion,
      life,
      pid: process.pid,
      isReady,
      isListening,
      said,
    };
    current.write(`${JSON.stringify(hello)}\n${waiting.join("")}`);
    waiting = [];
  };
  const open = (): void => {
    if (socket !== undefined || isShut) return;
    const current = connectTo(options);
    if (current === undefined) return;
    socket = current;
    keep();
    let connectedAt = Number.POSITIVE_INFINITY;
    current.on("connect", () => {
      connectedAt = performance.now();
      greet(current);
    });
    onLines(current, (line) => {
      const message = JSON.parse(line) as Down;
      for (const listener of listeners) listener(message);
    });
    // No God, or another user's: the app continues without.
    current.on("error", () => {});
    current.on("close", () => {
      socket = undefined;
      isConnected = false;
      for (const listener of endListeners) listener();
      // An inherited line does not come back.
      isShut ||= options.socket === null;
      if (isShut) return;
      const timer = setTimeout(open, retryMs);
      if (!isHeld) timer.unref();
      // A God that does not know this life takes the line and ends it.
      const wasKept = performance.now() - connectedAt > longestRetryMs;
      retryMs = wasKept ? firstRetryMs : Math.min(retryMs * 2, longestRetryMs);
    });
    if (options.socket === null) greet(current);
  };

  return {
    isChannel: false,
    open,
    send: (message) => {
      if (isShut) return false;
      open();
      return write(message);
    },
    tellNow: (message) => {
      if (socket === undefined || !isConnected || isShut) return false;
      if (socket.writableLength > 0) return false;
      // Node writes at once what the kernel takes at once.
      socket.write(`${JSON.stringify(message)}\n`);
      return socket.writableLength === 0;
    },
    listening: (server) => {
      const wasConnected = isConnected;
      isListening = true;
      open();
      if (wasConnected) write({ type: "listening", server });
    },
    remember: (name, message) => void memory.set(name, message),
    markReady: () => {
      isReady = true;
    },
    onDown: (listener) => void listeners.push(listener),
    onEnd: (listener) => void endListeners.push(listener),
    hold: (held) => {
      isHeld = held;
      keep();
    },
    shut: () => {
      isShut = true;
      socket?.end();
    },
  };
}

/** @returns `undefined` for a line that was not inherited: a command in front of the app has not passed it on. */
function connectTo({ socket, fd }: PreloadOptions): Socket | undefined {
  const { connect, Socket: NetSocket } = require("node:net") as typeof import("node:net");
  if (socket !== null) return withSocketPath(socket, (short) => connect(short));
  try {
    return fd !== null && fstatSync(fd).isSocket()
      ? new NetSocket({ fd, readable: true, writable: true })
      : undefined;
  } catch {
    return undefined;
  }
}

/** As many of the last messages of each name as fit. */
function saidAgain(memory: ReadonlyMap<string, unknown>): unknown[] {
  let length = 0;
  return [...memory.values()].filter((message) => {
    length += JSON.stringify(message).length;
    return length <= longestSaid;
  });
}

/** The parent is the balancer, which outlives God and says again what God has to know. */
function channelLink(): Link {
  const send = (message: Up, handle?: { close(): void }, sent?: () => void): boolean => {
    if (!process.connected) return false;
    const packet = { cmd: channelCommand, message };
    // Its word for "queued", behind a connection that the balancer has not acknowledged, is `false`: it goes out.
    if (handle === undefined) return process.send?.(packet) !== undefined;
    process.send?.(packet, handle as never, {}, () => {
      // The other side has its own copy by now.
      handle.close();
      sent?.();
    });
    return true;
  };
  return {
    isChannel: true,
    open: () => {},
    send,
    tellNow: (message) =>
      process.connected && process.send?.({ cmd: channelCommand, message }) === true,
    listening: (server) => void send({ type: "listening", server }),
    remember: () => {},
    markReady: () => {},
    onDown: (listener) => {
      const seen = (packet: { cmd?: unknown; message?: Down }, handle?: object): void => {
        if (packet.cmd === channelCommand && packet.message !== undefined) {
          listener(packet.message, handle);
        }
      };
      process.on("internalMessage" as never, seen as never);
    },
    onEnd: (listener) => void process.on("disconnect", listener),
    hold: () => {},
    shut: () => {},
  };
}
