import type { Socket } from "node:net";
import {
  channelCommand,
  linkVersion,
  type Down,
  type PreloadOptions,
  type Up,
} from "../../contract/app-link/protocol.ts";
import { onLines } from "../../host/lines.ts";

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
  listening(): void;
  /** What is said again to every God that comes. */
  remember(name: string, message: unknown): void;
  markReady(): void;
  onDown(listener: (message: Down, handle?: object) => void): void;
  /** Whether the line keeps the process alive. */
  hold(isHeld: boolean): void;
  shut(): void;
}

export function createLink(options: PreloadOptions): Link {
  return options.socket === null ? channelLink() : socketLink(options, options.socket);
}

/** Waits between two attempts to reach God again; ms. */
const firstRetryMs = 25;
const longestRetryMs = 1_000;

/** God does not read: what is said meanwhile is dropped beyond this. */
const mostWaitingBytes = 1024 * 1024;

function socketLink({ life }: PreloadOptions, path: string): Link {
  const listeners: ((message: Down) => void)[] = [];
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
  const open = (): void => {
    if (socket !== undefined || isShut) return;
    const { connect } = require("node:net") as typeof import("node:net");
    const current = connect(path);
    socket = current;
    keep();
    current.on("connect", () => {
      isConnected = true;
      retryMs = firstRetryMs;
      const said = [...memory.values()];
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
    });
    onLines(current, (line) => {
      const message = JSON.parse(line) as Down;
      for (const listener of listeners) listener(message);
    });
    // No God, or another user's: the app goes on without.
    current.on("error", () => {});
    current.on("close", () => {
      socket = undefined;
      isConnected = false;
      if (isShut) return;
      const timer = setTimeout(open, retryMs);
      if (!isHeld) timer.unref();
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    });
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
    listening: () => {
      const wasConnected = isConnected;
      isListening = true;
      open();
      if (wasConnected) write({ type: "listening" });
    },
    remember: (name, message) => void memory.set(name, message),
    markReady: () => {
      isReady = true;
    },
    onDown: (listener) => void listeners.push(listener),
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

/** The parent is the balancer, which outlives God and says again what God has to know. */
function channelLink(): Link {
  const send = (message: Up, handle?: { close(): void }, sent?: () => void): boolean => {
    if (!process.connected) return false;
    const packet = { cmd: channelCommand, message };
    if (handle === undefined) return process.send?.(packet) === true;
    // Whether it is queued does not matter here: it is gone, and the copy is closed when the other side has it.
    process.send?.(packet, handle as never, {}, () => {
      handle.close();
      sent?.();
    });
    return true;
  };
  return {
    isChannel: true,
    open: () => {},
    send,
    tellNow: send,
    listening: () => void send({ type: "listening" }),
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
    hold: () => {},
    shut: () => {},
  };
}
