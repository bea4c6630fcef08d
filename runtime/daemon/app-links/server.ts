import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import { onLines } from "../../host/lines.ts";

/** A line to one life of an app. */
export interface Talk {
  /** @returns whether somebody is there to hear it. */
  tell(message: Down): boolean;
  /**
   * Gives the app a message, once it listens: a preload makes its line when the app does.
   * @returns whether the app may get it.
   */
  post(data: unknown): boolean;
  release(): void;
}

/** So much waits for an app that does not listen yet; more is refused. */
const mostWaiting = 1_000;
const mostWaitingBytes = 1024 * 1024;

export interface Links {
  /** Hears one life from now on; what its `hello` said is told at once. */
  attach(life: string, listener: (message: Up) => void): Talk;
  close(): void;
}

/** Serves the unix socket that preloads connect to. It is made under the daemon's umask: 0600 in a 0700 folder. */
export async function serveLinks(path: string, log: (line: string) => void): Promise<Links> {
  const listeners = new Map<string, (message: Up) => void>();
  const sockets = new Map<string, { socket: Socket; hello: Up }>();
  const waiting = new Map<string, { lines: string[]; bytes: number }>();

  const server = createServer((socket) => {
    let life: string | undefined;
    onLines(socket, (line) => {
      const message = parse(line);
      if (message === undefined) {
        socket.destroy();
        return false;
      }
      if (message.type === "hello") {
        life = message.life;
        sockets.set(life, { socket, hello: message });
        for (const line of waiting.get(life)?.lines ?? []) socket.write(line);
        waiting.delete(life);
      }
      if (life !== undefined) listeners.get(life)?.(message);
      return true;
    });
    // An app may die in the middle of a line.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (life !== undefined && sockets.get(life)?.socket === socket) sockets.delete(life);
    });
    socket.unref();
  });
  server.on("error", (error) => log(`the socket for apps: ${error.message}`));
  rmSync(path, { force: true });
  await new Promise<void>((resolve) => {
    server.once("error", () => resolve());
    server.listen(path, resolve);
  });

  return {
    attach: (life, listener) => {
      listeners.set(life, listener);
      const there = sockets.get(life);
      if (there !== undefined) setImmediate(() => listeners.get(life)?.(there.hello));
      const tell: Talk["tell"] = (message) => {
        const to = sockets.get(life)?.socket;
        if (to === undefined || to.destroyed) return false;
        to.write(`${JSON.stringify(message)}\n`);
        return true;
      };
      return {
        tell,
        post: (data) => {
          const message: Down = { type: "message", data };
          if (tell(message)) return true;
          const line = `${JSON.stringify(message)}\n`;
          const own = waiting.get(life) ?? { lines: [], bytes: 0 };
          if (own.lines.length >= mostWaiting || own.bytes + line.length > mostWaitingBytes) {
            return false;
          }
          own.lines.push(line);
          own.bytes += line.length;
          waiting.set(life, own);
          return true;
        },
        release: () => {
          if (listeners.get(life) !== listener) return;
          listeners.delete(life);
          waiting.delete(life);
        },
      };
    },
    close: () => {
      server.close();
      for (const { socket } of sockets.values()) socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

/** What an app sends is an app's: anything but an object with a type ends the connection. */
function parse(line: string): Up | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === "object" && value !== null && "type" in value;
    return isMessage ? (value as Up) : undefined;
  } catch {
    return undefined;
  }
}
