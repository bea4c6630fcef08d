import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { errnoOf } from "../contract/errors.ts";

/** The first executable of that name in a PATH; a path with a slash is checked as it is. */
export function findInPath(command: string, path: string | undefined): string | undefined {
  if (isAbsolute(command)) return isExecutable(command) ? command : undefined;
  return (path ?? "/usr/local/bin:/usr/bin:/bin")
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

/** A path that cannot be one (too long, a loop of links) is not a file either. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
