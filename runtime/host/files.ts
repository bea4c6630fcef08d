import { rmSync } from "node:fs";

/** Removes a file that may be gone already. */
export function removeIfThere(path: string): void {
  rmSync(path, { force: true });
}
