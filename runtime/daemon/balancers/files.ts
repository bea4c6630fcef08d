import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A path of a socket that nobody has, be it on disk or for a balancer that is coming up. */
export function freePath(folder: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `${number}.sock`);
    if (!existsSync(path) && !taken.has(path)) return path;
  }
}

export function isSocket(name: string): boolean {
  return name.endsWith(".sock");
}

/** What a dead balancer has left. */
export function removeFiles(path: string): void {
  rmSync(path, { force: true });
  rmSync(path.replace(/sock$/, "shares"), { force: true });
}
