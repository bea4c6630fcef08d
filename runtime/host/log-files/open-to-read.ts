import { closeSync, constants, type Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { errnoOf } from "../../contract/errors.ts";
import { isShortage } from "../descriptors.ts";
import { openPlace } from "../files/open.ts";

/*
 * Log files as readers see them: the daemon reads them for its clients, so it reads only what an app logged and nothing
 * that the app's user put in its place. A pipe, a device, a folder, or a link in a folder that others can write to holds no
 * lines.
 */

/** @returns `undefined` when there is no file that can be read; it may come. */
export async function openLogToRead(path: string): Promise<FileHandle | undefined> {
  const found = find(path);
  if (found === undefined) return undefined;
  try {
    // The same file, whatever its name leads to by now.
    return await open(`/proc/self/fd/${found.descriptor}`, flags);
  } catch (error) {
    if (errnoOf(error) === undefined || isShortage(error)) throw error;
    return undefined;
  } finally {
    closeSync(found.descriptor);
  }
}

/** What such a file is. */
export function statLog(path: string): Stats | undefined {
  const found = find(path);
  if (found !== undefined) closeSync(found.descriptor);
  return found?.stat;
}

const flags = constants.O_RDONLY | constants.O_NONBLOCK;

function find(path: string): { descriptor: number; stat: Stats } | undefined {
  try {
    const found = openPlace(path, { flags });
    if (found.stat.isFile()) return found;
    closeSync(found.descriptor);
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined || isShortage(error)) throw error;
    return undefined;
  }
}
