import { closeSync, constants, openSync, type Stats } from "node:fs";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { isShortage, noteShortage } from "../descriptors.ts";
import { openPlace } from "../files/open.ts";
import type { FileOwner } from "../files/place.ts";
import { withUmask } from "../umask.ts";

/** Whose log files are opened. Default: this process's own user, readable by no one else. */
export interface LogRights {
  /** The app's user, where it is another one than this process's. */
  readonly owner?: FileOwner | undefined;
  /** The app's umask, for files outside the home. */
  readonly umask?: number | null | undefined;
}

/**
 * The stream of this process that a path names: it is handed on as it is. Opened by its name it would be another open file,
 * which the kernel refuses where it is a socket, or a pipe of another user's, as the output of a container may be.
 */
export function ownStream(path: string): 1 | 2 | undefined {
  return ownStreams.get(path);
}

const ownStreams: ReadonlyMap<string, 1 | 2> = new Map([
  ["/dev/stdout", 1],
  ["/dev/fd/1", 1],
  ["/proc/self/fd/1", 1],
  ["/dev/stderr", 2],
  ["/dev/fd/2", 2],
  ["/proc/self/fd/2", 2],
]);

const { O_WRONLY, O_RDONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;

/**
 * Opens a log file to append to, making its folder when it is missing. A child gets the descriptor and writes
 * by itself: `O_APPEND` makes each write land at the end, whoever else writes.
 * @throws `ERR_LOG_UNWRITABLE`; `EMFILE` or `ENFILE`, which are not the file's fault and pass
 */
export function openLog(path: string, rights: LogRights = {}): number {
  try {
    const { descriptor, stat } = openToAppend(path, rights);
    return stat.isFile() ? descriptor : waitingOne(descriptor, stat);
  } catch (error) {
    throw faultOf(path, error);
  }
}

/**
 * The same for a process that serves many and must not block: it never waits for anything that is not a file, and what that does not take is lost.
 * @throws `ERR_LOG_UNWRITABLE`
 */
export function openLogWithoutWaiting(path: string, rights: LogRights = {}): number {
  try {
    return openToAppend(path, rights).descriptor;
  } catch (error) {
    throw unwritable(path, error);
  }
}

function openToAppend(
  path: string,
  { owner, umask }: LogRights,
): { descriptor: number; stat: Stats } {
  const flags = O_WRONLY | O_APPEND | O_CREAT;
  const hasUmask = umask !== null && umask !== undefined;
  return withUmask(umask, () =>
    openPlace(path, {
      flags,
      owner,
      mode: hasUmask ? 0o666 : 0o600,
      folderMode: hasUmask ? 0o777 : 0o700,
    }),
  );
}

/**
 * Opening a pipe for writing blocks until it has a reader (fifo(7)), and the whole daemon with it. So it is opened without
 * blocking, which fails for one without a reader (ENXIO). Its writer must block when it is full: it gets a descriptor that
 * does, opened while another of ours reads.
 */
function waitingOne(descriptor: number, stat: Stats): number {
  const same = `/proc/self/fd/${descriptor}`;
  let reader: number | undefined;
  try {
    if (stat.isFIFO()) reader = openSync(same, O_RDONLY | O_NONBLOCK);
    return openSync(same, "a");
  } finally {
    closeSync(descriptor);
    if (reader !== undefined) closeSync(reader);
  }
}

function faultOf(path: string, error: unknown): unknown {
  if (!isShortage(error)) return unwritable(path, error);
  noteShortage(error);
  return error;
}

function unwritable(path: string, error: unknown): Error {
  const why =
    errnoOf(error) === "ENXIO" ? "it is a socket, or a pipe that nobody reads" : messageOf(error);
  return xmError("ERR_LOG_UNWRITABLE", { path, why }, { cause: error });
}
