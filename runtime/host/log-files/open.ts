import { closeSync, constants, fstatSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";

/**
 * Opens a log file to append to, making its folder when it is missing. A child gets the descriptor and writes
 * by itself: `O_APPEND` makes each write land at the end, whoever else writes.
 * @throws `ERR_LOG_UNWRITABLE`
 */
export function openLog(path: string): number {
  try {
    return openToAppend(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw unwritable(path, error);
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openToAppend(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

const { O_WRONLY, O_RDONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;

/**
 * Opening a pipe for writing waits until somebody reads it (fifo(7)), and the whole daemon with it. So it is opened without
 * waiting, which refuses one that nobody reads (ENXIO). Its writer shall wait where it is full: it gets a descriptor that
 * does, opened while another of ours reads.
 */
function openToAppend(path: string): number {
  const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return descriptor;
  const reader = stat.isFIFO() ? openSync(path, O_RDONLY | O_NONBLOCK) : undefined;
  try {
    return openSync(path, "a");
  } finally {
    closeSync(descriptor);
    if (reader !== undefined) closeSync(reader);
  }
}

function unwritable(path: string, error: unknown): Error {
  const why =
    errnoOf(error) === "ENXIO" ? "it is a socket, or a pipe that nobody reads" : messageOf(error);
  return xmError("ERR_LOG_UNWRITABLE", { path, why }, { cause: error });
}
