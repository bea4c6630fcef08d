import { renameSync } from "node:fs";
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
    syncDirectory(paths.home);
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

function isUsable(file: string): boolean {
  try {
    return readList(file).length >= 0;
  } catch {
    return false;
  }
}

function readList(file: string): unknown[] {
  const list = parseJson(readPlain(file));
  if (!Array.isArray(list)) throw new Error("it holds no list");
  return list;
}
