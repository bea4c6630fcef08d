import { readdirSync, rmSync } from "node:fs";
import { errnoOf } from "../contract/errors.ts";

/** Removes a file that may be gone already. */
export function removeIfThere(path: string): void {
  rmSync(path, { force: true });
}

/** What is in a folder; nothing where there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
