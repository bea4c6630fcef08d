import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, messageOf, xmError } from "../errors.ts";

/**
 * Opens a log file to append to, making its folder when it is missing. A child gets the descriptor and writes
 * by itself: `O_APPEND` makes each write land at the end, whoever else writes.
 * @throws `ERR_LOG_UNWRITABLE`
 */
export function openLog(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw unwritable(path, error);
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "a", 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): Error {
  return xmError("ERR_LOG_UNWRITABLE", { path, why: messageOf(error) }, { cause: error });
}
