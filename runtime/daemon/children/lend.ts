import { spawn } from "node:child_process";
import { fchownSync } from "node:fs";
import { asUser, type Identity } from "../../host/users.ts";

/** Descriptors that another user's process can open by a path, for a while. */
export interface Lent {
  readonly paths: readonly string[];
  close(): void;
}

/**
 * Lets a process of another user open files that lie where it cannot go: log files in this user's home. They become that
 * user's, and are held by a shell of that user's, in whose `/proc/PID/fd` they can be reopened.
 */
export function lend(descriptors: readonly number[], identity: Identity): Lent {
  const { uid, gid } = identity;
  for (const descriptor of descriptors) {
    fchownSync(descriptor, uid ?? process.getuid?.() ?? 0, gid ?? process.getgid?.() ?? 0);
  }
  const holder = { command: "/bin/sh", args: ["-c", "read -r _"], env: {} };
  const { command, args, ...rights } = asUser(identity, holder);
  const shell = spawn(command, args, {
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore", ...descriptors],
    ...rights,
  });
  shell.on("error", () => {});
  // It ends when its standard input does: with this daemon at the latest.
  shell.stdin?.on("error", () => {});
  shell.unref();
  return {
    paths: descriptors.map((_, index) => `/proc/${shell.pid}/fd/${index + 3}`),
    close: () => void shell.stdin?.destroy(),
  };
}
