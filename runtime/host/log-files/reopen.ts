import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { writeWhole } from "../atomic.ts";
import { walkTo } from "../files/place.ts";
import { openLog, type LogRights } from "./open.ts";

/** One stream of a process that writes to its file by itself. */
export interface LogWriter {
  readonly name: string;
  readonly pid: number | null;
  /** 1 or 2. */
  readonly descriptor: number;
  readonly path: string;
  readonly rights: LogRights;
  /**
   * The file that it was given, as `fileIdentity`. What an app of another user has there may be anything that user can name,
   * so such a one is believed only when it is that file; `null` when it is not known any more.
   */
  readonly given: string | null;
}

/** A file under whatever name. */
export function fileIdentity({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

/** Output that a program still writes to a file that is no longer its log is carried there. */
export interface Carry {
  begin(order: {
    readonly writer: LogWriter;
    readonly pid: number;
    /** The file, opened only as a path (O_PATH). */
    readonly held: number;
    /** Earlier content is not carried. */
    readonly position: number;
  }): void;
}

/**
 * Opens log files again that were renamed or removed while programs write to them. A program keeps the file that it
 * has open, under whatever name, so its file gets its old name back, and what was in it goes into a copy under the new
 * one. A file that has no name any more, or whose old name is another's by now, cannot get it back: what comes is carried.
 * @returns the files that are there now, and what could not be done.
 */
export async function reopenLogs(
  writers: readonly LogWriter[],
  files: readonly { readonly path: string; readonly rights: LogRights }[],
  carry: Carry,
): Promise<{ files: string[]; notes: string[] }> {
  const notes = new Set<string>();
  const done = new Set<string>();
  for (const writer of writers) {
    if (writer.pid === null || done.has(writer.path)) continue;
    try {
      const note = await bringBack(writer, writer.pid, carry);
      if (note === undefined) continue;
      notes.add(`${writer.name} ${note}`);
    } catch (error) {
      notes.add(`${writer.path}: ${messageOf(error)}`);
      done.add(writer.path);
    }
  }
  const there = new Set<string>();
  for (const { path, rights } of files) {
    if (there.has(path)) continue;
    there.add(path);
    try {
      closeSync(openLog(path, rights));
    } catch (error) {
      notes.add(`${path}: ${messageOf(error)}`);
    }
  }
  return { files: [...there], notes: [...notes] };
}

const O_PATH = 0o10000000;
const { O_RDONLY, O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** @returns a note for the user; `undefined` when its file is where it should be, or is again. */
async function bringBack(
  writer: LogWriter,
  pid: number,
  carry: Carry,
): Promise<string | undefined> {
  const link = `/proc/${pid}/fd/${writer.descriptor}`;
  const held = openIfThere(link);
  if (held === undefined) return undefined;
  try {
    const stat = fstatSync(held);
    if (!stat.isFile()) return undefined;
    const identity = fileIdentity(stat);
    const { path, given, rights } = writer;
    const named = statAt(path);
    if (named !== undefined && fileIdentity(named) === identity) return undefined;
    const isKnown = given === null ? rights.owner === undefined : given === identity;
    if (!isKnown) {
      return `writes to a file that is not known to be its log; it writes to ${path} after a restart`;
    }
    const now = stat.nlink === 0 ? undefined : nameNow(link, identity);
    if (now === undefined) {
      carry.begin({ writer, pid, held, position: lastLineStart(held, stat.size) });
      return undefined;
    }
    if (dirname(now) !== dirname(path) || (named?.size ?? 0) > 0) {
      carry.begin({ writer, pid, held, position: await detach(held, now) });
      return undefined;
    }
    await swap({ held, now, path });
    return undefined;
  } finally {
    closeSync(held);
  }
}

/** The name that a file has by now, if it is still its. */
function nameNow(link: string, identity: string): string | undefined {
  const now = readlinkSync(link);
  const named = statAt(now);
  return named !== undefined && fileIdentity(named) === identity ? now : undefined;
}

/**
 * Gives a file its name back, and what is in it to a copy. All within one folder, held by its descriptor, and the file by its
 * own: anyone who puts something else under one of the names moves only their own files. What the program writes between the
 * end of the copy and the emptying is lost: two calls, one after the other.
 */
async function swap(file: { held: number; now: string; path: string }): Promise<void> {
  const { held, now, path } = file;
  await withCopy(held, now, async ({ from, to, folder, copyName }) => {
    const position = await copyFrom(from, to, 0);
    renameSync(join(folder, basename(now)), join(folder, basename(path)));
    renameSync(copyName, join(folder, basename(now)));
    copyRest(from, to, position);
    ftruncateSync(from, 0);
  });
}

/**
 * Puts a copy in the place of a file, whole lines, so that the file has no name any more and what comes is in one place alone.
 * @returns where what is in the copy ends.
 */
async function detach(held: number, now: string): Promise<number> {
  return await withCopy(held, now, async ({ from, to, folder, copyName }) => {
    const copied = await copyFrom(from, to, 0);
    const position = lastLineStart(held, copied);
    ftruncateSync(to, position);
    renameSync(copyName, join(folder, basename(now)));
    return position;
  });
}

async function withCopy<T>(
  held: number,
  now: string,
  work: (copy: { from: number; to: number; folder: string; copyName: string }) => Promise<T>,
): Promise<T> {
  const place = walkTo(now, { keepsLink: true });
  const folder = dirname(place.at);
  const copyName = join(folder, `.${basename(now)}.${randomUUID().slice(0, 8)}`);
  const { mode, uid, gid } = fstatSync(held);
  const from = openSync(`/proc/self/fd/${held}`, O_RDWR | O_NONBLOCK);
  let to: number | undefined;
  try {
    to = openSync(copyName, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777);
    const own = fstatSync(to);
    if (own.uid !== uid || own.gid !== gid) fchownSync(to, uid, gid);
    return await work({ from, to, folder, copyName });
  } catch (error) {
    rmSync(copyName, { force: true });
    throw error;
  } finally {
    closeSync(from);
    if (to !== undefined) closeSync(to);
    place.close();
  }
}

/** Where the line begins that is not finished at `end`; `end` itself when that cannot be seen. */
function lastLineStart(held: number, end: number): number {
  const from = openSync(`/proc/self/fd/${held}`, O_RDONLY | O_NONBLOCK);
  try {
    const start = Math.max(0, end - block.length);
    const length = readSync(from, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf(10);
    return newline < 0 && start > 0 ? end : start + newline + 1;
  } finally {
    closeSync(from);
  }
}

const block = Buffer.allocUnsafeSlow(256 * 1024);

/** Most of it, with turns for others. */
async function copyFrom(from: number, to: number, start: number): Promise<number> {
  let position = start;
  for (;;) {
    const length = readSync(from, block, 0, block.length, position);
    writeWhole(to, block.subarray(0, length));
    position += length;
    if (length < block.length) return position;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

function copyRest(from: number, to: number, start: number): void {
  for (let position = start; ;) {
    const length = readSync(from, block, 0, block.length, position);
    if (length === 0) return;
    writeWhole(to, block.subarray(0, length));
    position += length;
  }
}

function openIfThere(link: string): number | undefined {
  try {
    return openSync(link, O_PATH);
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** What is under a name now, links not followed where others may have put them. */
function statAt(path: string): Stats | undefined {
  const place = walkTo(path);
  try {
    const descriptor = openSync(place.at, O_PATH | (place.isTrusted ? O_RDONLY : O_NOFOLLOW));
    try {
      return fstatSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  } finally {
    place.close();
  }
}
