import { renameSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, xmError } from "../../contract/errors.ts";
import type { HomePaths } from "../../host/home/paths.ts";
import { syncDirectory, writeTemporary } from "../../host/atomic.ts";
import { readPlain } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";

/** Saves the list; the one before becomes the backup, unless it could not be used. */
export function writeDump(paths: HomePaths, list: readonly unknown[]): void {
  try {
    const temporary = writeTemporary(paths.dump, [`${JSON.stringify(list, null, 2)}\n`]);
    // Only now: on a full disk both lists stay as they are.
    if (isUsable(paths.dump)) renameSync(paths.dump, paths.dumpBackup);
    renameSync(temporary, paths.dump);
    syncDirectory(dirname(paths.dump));
  } catch (error) {
    throw xmError(
      "ERR_STATE_NOT_WRITABLE",
      { path: paths.dump, why: messageOf(error) },
      { cause: error },
    );
  }
}

/**
 * Reads the saved list, or its backup when it cannot be used.
 * @throws `ERR_DUMP_UNREADABLE` when neither can.
 */
export function readDump(paths: HomePaths): { list: unknown[]; notes: string[] } {
  try {
    return { list: readList(paths.dump), notes: [] };
  } catch (error) {
    const why = messageOf(error);
    try {
      return {
        list: readList(paths.dumpBackup),
        notes: [`${paths.dump} cannot be used (${why}); the backup was`],
      };
    } catch (backupError) {
      const both = `${why}; backup: ${messageOf(backupError)}`;
      throw xmError("ERR_DUMP_UNREADABLE", { file: paths.dump, why: both }, { cause: error });
    }
  }
}

/** Whether it is a list, of apps alone: one that is damaged does not take the place of a whole one. */
function isUsable(file: string): boolean {
  try {
    return readList(file).every(isApp);
  } catch {
    return false;
  }
}

function readList(file: string): unknown[] {
  const list = parseJson(readPlain(file));
  if (!Array.isArray(list)) throw new Error("it contains no list");
  if (list.length > 0 && !list.some(isApp)) throw new Error("nothing in its list is an app");
  return list;
}

/** An entry of ours or of PM2's. */
function isApp(entry: unknown): boolean {
  return (
    typeof entry === "object" &&
    entry !== null &&
    typeof (entry as { name?: unknown }).name === "string"
  );
}
