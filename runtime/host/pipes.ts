import { spawnSync } from "node:child_process";

/**
 * Makes named pipes that only their owner can open. Node has no mkfifo(3), so the program of that name does it, for many
 * at once since a call costs 5 ms.
 * @returns why it could not; `undefined` when all of them are there.
 */
export function makePipes(paths: readonly string[]): string | undefined {
  const made = spawnSync("mkfifo", ["-m", "600", ...paths], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (made.status === 0) return undefined;
  return made.error === undefined ? String(made.stderr).trim() : made.error.message;
}
