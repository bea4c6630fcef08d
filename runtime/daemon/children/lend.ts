import { spawn } from "node:child_process";
import { fchownSync } from "node:fs";
import type { Identity } from "../../host/users.ts";

/** Descriptors that another user's process can open by a path, for a while. */
export interface Lent {
  readonly paths: readonly string[];
  close(): void;
}

/**
 * Lets a process of another user open files that lie where it cannot go: log files in this user's home. They become that
 * user's, and are held by a shell of that user's, in whose `/proc/PID/fd` they can be opened anew.
 */
export function lend(descriptors: readonly number[], { uid, gid }: Identity): Lent {
  for (const descriptor of descriptors) {
    fchownSync(descriptor, uid ?? process.getuid?.() ?? 0, gid ?? process.getgid?.() ?? 0);
  }
  const shell = spawn("/bin/sh", ["-c", "read -r _"], {
    cwd: "/",
    env: {},
    stdio: ["pipe", "ignore", "ignore", ...descriptors],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
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
