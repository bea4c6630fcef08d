import type { Socket } from "node:net";
import { longestLine, onLines, type Waiting } from "../../host/lines.ts";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import { heardFrom, heardInLine, type Heard } from "../../contract/app-link/up-schema.ts";
import { messageOf } from "../../contract/errors.ts";

/** One process at the other end of a connection. */
export interface Peer {
  /** What its `hello` said; `undefined` before that, and of a program that speaks as Node's channels do. */
  readonly pid: number | undefined;
  /** @returns whether it may hear it: not when it does not read. */
  tell(message: Down): boolean;
  onGone(listener: () => void): void;
  end(): void;
}

/** How a peer writes. */
export type Speech =
  /** As our preload does: `Up` and `Down`. */
  | "link"
  /** As a child of Node's `child_process` does, with JSON: each line is a message of the app. */
  | "node";

/** A peer that does not read may have so much waiting for it; bytes. */
const mostUnreadBytes = 4 * 1024 * 1024;

/** A `hello` repeats the app's messages; the preload keeps that below 128 K. */
export const longestHello = 256 * 1024;

/** What unfinished lines of all apps may hold together; characters. */
const waiting: Waiting = { length: 0, most: 64 * 1024 * 1024 };

/**
 * Reads one connection. A frame that is too long or does not fit, or a fault while it is handled, ends the connection.
 * @param hear returns whether the connection continues.
 * @param isKnown whether it has identified its life; until then a line must be short.
 */
export function readPeer(
  socket: Socket,
  speech: Speech,
  on: {
    hear: (message: Up, peer: Peer) => boolean;
    isKnown: () => boolean;
    fault: (why: string) => void;
  },
): Peer {
  let pid: number | undefined;
  const peer: Peer = {
    get pid() {
      return pid;
    },
    tell: (message) => {
      if (socket.destroyed || socket.writableLength > mostUnreadBytes) return false;
      if (speech === "link") socket.write(`${JSON.stringify(message)}\n`);
      else if (message.type === "message")
        socket.write(`${JSON.stringify(message.data) ?? "null"}\n`);
      else return false;
      return true;
    },
    onGone: (listener) => void socket.once("close", listener),
    end: () => socket.destroy(),
  };
  const read = speech === "link" ? heardInLine : (line: string) => heardOfNode(line, socket);
  const handle = (line: string): boolean => {
    try {
      const heard = read(line);
      if (heard.message === undefined) {
        if (heard.fault === undefined) return true;
        throw new Error(heard.fault);
      }
      if (heard.message.type === "hello") pid = heard.message.pid;
      return on.hear(heard.message, peer);
    } catch (error) {
      socket.destroy(error as Error);
      return false;
    }
  };
  // An app may die in the middle of a line: what the kernel says of that is not a fault of the app's.
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.syscall === undefined) on.fault(messageOf(error));
  });
  onLines(socket, handle, () => ({
    longest: on.isKnown() ? longestLine : longestHello,
    shared: waiting,
  }));
  socket.unref();
  return peer;
}

/**
 * A line on a channel of Node's own kind (`serialization: "json"`). Node's internal messages are not messages of the app;
 * a handle sent with one is closed by the kernel, because nothing receives it, and its sender waits for an answer.
 */
function heardOfNode(line: string, socket: Socket): Heard {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return { message: undefined, fault: "a line is not JSON" };
  }
  const command: unknown =
    typeof data === "object" && data !== null ? Reflect.get(data, "cmd") : undefined;
  if (typeof command === "string" && command.startsWith("NODE_")) {
    if (command === "NODE_HANDLE") socket.write('{"cmd":"NODE_HANDLE_ACK"}\n');
    return { message: undefined, fault: undefined };
  }
  return heardFrom({ type: "message", data });
}
