import { readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { HeardLife, type LineOf, type Listener, type Talk } from "./lives.ts";
import { readPeer, type Peer, type Speech } from "./peer.ts";
import { withSocketPath } from "../../host/socket-path.ts";

/*
 * God's side of the lines to apps. What comes in is an app's, and an app is not trusted: every frame goes through one
 * schema (`contract/app-link/up-schema.ts`), lines and what waits are bounded, only lives that God knows keep a
 * connection, and a fault ends the connection that it came over. No channel of Node's own is among them: Node would read
 * it inside God, and ends the process that reads it for a line it cannot take.
 */

export interface Links {
  /** Hears one life from now on. @param line of a program that connects itself, unless it says otherwise. */
  attach(life: string, listener: Listener, line?: LineOf): Talk;
  /** Hears a life over a socket whose other end its child has inherited. */
  inherit(life: string, socket: Socket, speech: Speech): void;
  /** Lets apps connect, once the lives that may are attached. */
  listen(): Promise<void>;
  close(): void;
}

/** A connection says to which life it belongs within this; ms. */
const saysHelloWithinMs = 10_000;

/** At most this many connections may not have identified their life yet. */
const mostUnknown = 64;

/** More connections than this of all apps together are not taken; fewer where descriptors are few. */
const mostConnections = 4_096;

/** The same fault of the same app is logged once in this time; ms. */
const saysEveryMs = 60_000;

/** Over the unix socket that preloads connect to. It is created under the daemon's umask: 0600 in a 0700 folder. */
export function createLinks(path: string, log: (line: string) => void): Links {
  const lives = new Map<string, HeardLife>();
  const unknown = new Set<Socket>();
  const report = reporter(log);

  const server = createServer((socket) => {
    if (unknown.size >= mostUnknown) {
      socket.destroy();
      report("?", `more than ${mostUnknown} connections have not identified themselves`);
      return;
    }
    unknown.add(socket);
    socket.once("close", () => unknown.delete(socket));
    const deadline = setTimeout(() => socket.destroy(), saysHelloWithinMs).unref();
    let life: string | undefined;
    readPeer(socket, "link", {
      isKnown: () => life !== undefined,
      fault: (why) => report(life ?? "?", why),
      hear: (message, peer) => {
        if (life === undefined) {
          clearTimeout(deadline);
          unknown.delete(socket);
          const isTaken = message.type === "hello" && lives.get(message.life)?.add(peer) === true;
          if (!isTaken) {
            peer.end();
            return false;
          }
          life = message.life;
        } else if (message.type === "hello") throw new Error("it sent hello twice");
        lives.get(life)?.hear(message, peer);
        return true;
      },
    });
  });
  server.maxConnections = Math.min(mostConnections, Math.floor(mostDescriptors() / 2));
  server.on("error", (error) => log(`the socket for apps: ${error.message}`));

  return {
    listen: () => {
      rmSync(path, { force: true });
      return listening(server, path);
    },
    attach: (life, listener, line = "connects") => {
      const forget = (): void => {
        if (lives.get(life) === heard) lives.delete(life);
      };
      const heard: HeardLife = new HeardLife(listener, forget, line);
      lives.set(life, heard);
      return heard;
    },
    inherit: (life, socket, speech) => {
      let isAdded = speech === "node";
      const peer: Peer = readPeer(socket, speech, {
        isKnown: () => true,
        fault: (why) => report(life, why),
        hear: (message) => {
          if (message.type === "hello") {
            if (message.life !== life) throw new Error("it sent hello for another life");
            isAdded ||= lives.get(life)?.add(peer) === true;
          }
          if (!isAdded) return false;
          lives.get(life)?.hear(message, peer);
          return true;
        },
      });
      if (isAdded) lives.get(life)?.add(peer);
    },
    close: () => {
      server.close();
      for (const life of lives.values()) for (const peer of life.peers) peer.end();
      for (const socket of unknown) socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => {
    server.once("error", () => resolve());
    withSocketPath(path, (short) => server.listen(short, resolve));
  });
}

/** A line of the log for each life and minute: an app can send faults as fast as it likes. */
function reporter(log: (line: string) => void): (life: string, why: string) => void {
  const said = new Map<string, number>();
  return (life, why) => {
    const now = performance.now();
    for (const [each, at] of said) if (now - at >= saysEveryMs) said.delete(each);
    if (said.has(life) || said.size >= 1_000) return;
    said.set(life, now);
    log(`a connection of life ${life} is ended: ${why}`);
  };
}

/** How many files this process may have open (getrlimit(2)). */
function mostDescriptors(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return Number(line?.[1] ?? 1_024);
  } catch {
    return 1_024;
  }
}
