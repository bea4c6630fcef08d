import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";

/**
 * The version of the package that a script belongs to: of the nearest `package.json` above it. It is read at each
 * start, so that what is deployed under a running app shows when it runs.
 * @returns `undefined` when there is no package, or it says no version that can be read.
 */
export function packageVersion(script: string): string | undefined {
  for (let folder = dirname(script); ; folder = dirname(folder)) {
    const text = readIfThere(join(folder, "package.json"));
    if (text !== undefined) return versionIn(text);
    if (folder === dirname(folder)) return undefined;
  }
}

function versionIn(text: string): string | undefined {
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "string" && version !== "" ? version : undefined;
  } catch {
    // Half written by a deployment, or no package at all: the app runs without.
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (unreadable.includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** A script that is not a file at all fails by itself, and says so. */
const unreadable: readonly string[] = [
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
];
