import { statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { errnoOf } from "../../contract/errors.ts";

/**
 * The lock that makes a second daemon for one home impossible: a name in Linux's abstract socket namespace
 * (unix(7)), bound for as long as the daemon lives. Binding is atomic, so of twenty daemons that start at once
 * one gets it; the kernel takes it back the instant its holder dies, SIGKILL included, so there is no stale
 * lock to judge and no pid that may have been recycled. The name is made of the home folder's device and
 * inode: two paths to one folder are one home.
 *
 * It does not protect a home shared by containers with separate network namespaces, nor from another local
 * user who binds the name on purpose (the daemon then says that the lock is taken and does not start).
 * @param part of the home that is locked by itself; the whole by default.
 */
export function acquireLock(home: string, part = ""): Promise<Lock | undefined> {
  const { dev, ino } = statSync(home);
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if (errnoOf(error) === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(`\0exmachina/${dev}/${ino}${part && `/${part}`}`, () => {
      server.unref();
      resolve({ release: () => close(server) });
    });
  });
}

/** Held until released or until the process ends. */
export interface Lock {
  release(): Promise<void>;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
