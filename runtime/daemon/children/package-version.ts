import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJsonFact } from "../../host/files/read.ts";

/** What a package file may hold; a larger one is none. */
const mostBytes = 1024 * 1024;

/** No real version is longer; it is shown in lists. */
const longestVersion = 64;

/**
 * The version of the package that a script belongs to: of the nearest `package.json` above it. It is read at each
 * start, so that what is deployed under a running app shows when it runs.
 * @returns `undefined` when there is no package, or it says no version that can be read.
 */
export function packageVersion(script: string): string | undefined {
  // The script may be a folder itself.
  for (let folder = script; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (isThere(file)) return versionIn(readJsonFact(file, mostBytes));
    if (folder === dirname(folder)) return undefined;
  }
}

function versionIn(content: unknown): string | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  const { version } = content as { version?: unknown };
  const isOne = typeof version === "string" && version !== "" && version.length <= longestVersion;
  return isOne ? version : undefined;
}

/** A script that is not a file at all fails by itself with its own message: any fault of the path is "no". */
function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
