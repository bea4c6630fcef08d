import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { readProcess } from "../procfs.ts";
import { withSocketPath } from "../socket-path.ts";

/*
 * A lock as a listening socket in a folder that only its user can enter. A claim is a number: `locks/god.7`. Whoever
 * wants the lock listens on a socket of its own, reads the highest number, and asks its socket. If that answers, the
 * lock is taken; if the kernel refuses the connection, its process is dead, and the next number is linked to the own
 * socket. Linking fails if another was faster, and then it starts over.
 *
 * Why two never hold it: the highest number is never removed, so numbers only grow. A holder saw its number as the
 * highest after it had linked it; a later number needs one that asked the holder's socket and was refused, which the
 * kernel does not do while the holder lives. "Refused" is not a guess: the socket is bound to the process.
 *
 * It works across network namespaces, for containers that share a home. It does not across machines.
 */

export type Claim =
  | { readonly kind: "held"; release(): Promise<void> }
  /** The file system has no sockets or hard links, or nothing can be written. */
  | { readonly kind: "impossible" };

type Taken = { readonly kind: "taken"; readonly pid?: number };

/** Without room or rights for a name, and where sockets or hard links do not exist. */
const impossible: readonly string[] = [
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
];

export async function claim(home: string, part: string): Promise<Claim | Taken> {
  const folder = join(home, "locks");
  const own = join(folder, `${part}.${process.pid}.${randomBytes(6).toString("hex")}.new`);
  let server: Server | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    server = await listen(own);
    const taken = await takeNumber(folder, part, own);
    if (taken !== undefined) {
      await close(server);
      return taken;
    }
  } catch (error) {
    if (server !== undefined) await close(server);
    if (impossible.includes(errnoOf(error) ?? "")) return { kind: "impossible" };
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const held = server;
  return { kind: "held", release: () => close(held) };
}

/** @returns who has the lock; `undefined` when it is ours. */
async function takeNumber(folder: string, part: string, own: string): Promise<Taken | undefined> {
  for (;;) {
    const highest = Math.max(0, ...numbers(folder, part));
    if (highest > 0) {
      const holder = await ask(join(folder, `${part}.${highest}`));
      if (holder.isAlive) return { kind: "taken", ...(holder.pid && { pid: holder.pid }) };
    }
    const mine = join(folder, `${part}.${highest + 1}`);
    try {
      linkSync(own, mine);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      continue;
    }
    if (Math.max(...numbers(folder, part)) === highest + 1) {
      clean(folder, part, highest + 1);
      return undefined;
    }
    // It was slow: the number it linked had been used and removed already.
    rmSync(mine, { force: true });
  }
}

function numbers(folder: string, part: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const [own, number = "", ...rest] = name.split(".");
    return own === part && rest.length === 0 && /^\d{1,15}$/.test(number) ? [Number(number)] : [];
  });
}

/** Whether a process listens behind a name; it answers with its pid. */
function ask(path: string): Promise<{ isAlive: boolean; pid?: number }> {
  return new Promise((resolve, reject) => {
    const socket = withSocketPath(path, (short) => connect(short));
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    const answer = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const pid = Number.parseInt(text, 10);
      resolve({ isAlive: true, ...(pid > 0 && { pid }) });
    };
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n") || text.length > 32) answer();
    });
    socket.once("connect", () => {
      timer = setTimeout(answer, answersWithinMs);
    });
    socket.once("end", answer);
    socket.on("error", (error) => {
      const code = errnoOf(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve({ isAlive: false });
      // Its queue is full, or it hung up: it is alive.
      else if (code === "EAGAIN" || code === "ECONNRESET" || code === "EPIPE") answer();
      else reject(error);
    });
  });
}

/** A holder that is stopped still holds the lock; ms. */
const answersWithinMs = 300;

function listen(path: string): Promise<Server> {
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.end(`${process.pid}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.unref();
      resolve(server);
    });
    withSocketPath(path, (short) => server.listen(short));
  });
}

/** Removes lower numbers, and sockets whose makers died before they had one. */
function clean(folder: string, part: string, highest: number): void {
  for (const name of readdirSync(folder)) {
    const [own, number, random] = name.split(".");
    if (own !== part) continue;
    const isOld = random === undefined && Number(number) < highest;
    const isLeft = random !== undefined && readProcess(Number(number)) === undefined;
    if (isOld || isLeft) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
