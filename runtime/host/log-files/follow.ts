import { lstat, opendir, readdir, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, parse } from "node:path";
import { openLogToRead, statLog } from "./open-to-read.ts";
import { watchPath } from "./watch-folder.ts";

const blockBytes = 64 * 1024;

/** A line that is longer is given as several: memory is bounded. */
const longestLineBytes = 1024 * 1024;

/** This many bytes before a position tell one file from another. */
const markBytes = 128;

/** Where a reader is in a file that may be renamed: from here another can continue. */
export interface Position {
  readonly inode: number;
  /** Bytes that have been read, up to the end of a line. */
  readonly bytes: number;
}

/**
 * Gives the lines that are added to a file from a position on, until aborted. A file that gets shorter was
 * emptied: it is read from its beginning. One that is replaced was rotated: the old one is read to its end, then
 * the new one, also when that happened while nobody read and the old one is still in the folder. A line is given when
 * its newline is there; a character split across writes stays whole.
 */
export async function followFile(options: {
  readonly path: string;
  readonly fromBytes: number;
  /** Of the file that `fromBytes` is a position in, when another may be there now. */
  readonly fromInode?: number | undefined;
  /** Nothing more is read until what it returns is done. */
  readonly onLine: (line: string, position: Position) => Promise<void> | void;
  /** What is written without a newline is given after this time in which nothing followed; never by default. ms. */
  readonly unfinishedAfterMs?: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { path, fromInode, onLine, unfinishedAfterMs, signal } = options;
  const change = watchForChanges(path, signal);
  let file = await openLogToRead(path);
  let position = options.fromBytes;
  let partial: Buffer = Buffer.alloc(0);
  /** The last bytes that were read: what is before the position, unless the file was emptied meanwhile. */
  let mark: Buffer = Buffer.alloc(0);
  const block = Buffer.alloc(blockBytes);

  const begin = (): void => {
    position = 0;
    partial = Buffer.alloc(0);
    mark = Buffer.alloc(0);
  };
  const readToEnd = async (handle: FileHandle): Promise<void> => {
    while ((await readOn(handle)) === "emptied") {
      // A rotation that copies and then empties leaves the unread part in the copy.
      const copies = await findCopies({ path, position, mark });
      for (const [index, copy] of copies.entries()) {
        if (index > 0) begin();
        await readOn(copy).finally(() => copy.close());
      }
      begin();
    }
  };
  /** One read gives the mark and what follows it, so that no change of the file comes between them. */
  const readOn = async (handle: FileHandle): Promise<"ended" | "emptied"> => {
    const { ino: inode, size } = await handle.stat();
    if (mark.length === 0 && size < position) return "emptied";
    while (!signal.aborted) {
      const known = mark.length;
      const { bytesRead } = await handle.read(block, 0, blockBytes, position - known);
      if (!block.subarray(0, Math.min(known, bytesRead)).equals(mark)) return "emptied";
      if (bytesRead === known) return "ended";
      const read = block.subarray(known, bytesRead);
      const bytes = Buffer.concat([partial, read]);
      mark = Buffer.from(block.subarray(Math.max(0, bytesRead - markBytes), bytesRead));
      let lineAt = position - partial.length;
      position += read.length;
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        lineAt += end + 1 - start;
        const busy = onLine(bytes.toString("utf8", start, end), { inode, bytes: lineAt });
        if (busy instanceof Promise) await busy;
        start = end + 1;
      }
      partial = bytes.subarray(start);
      if (partial.length > longestLineBytes) {
        const busy = onLine(partial.toString("utf8"), { inode, bytes: position });
        partial = Buffer.alloc(0);
        if (busy instanceof Promise) await busy;
      }
      // Of what is added from now on a change tells.
      if (bytesRead < blockBytes) return "ended";
    }
    return "ended";
  };

  /** Up to the last whole character. */
  const giveUnfinished = async (handle: FileHandle): Promise<void> => {
    const { ino: inode } = await handle.stat();
    const end = endOfCharacters(partial);
    if (end === 0) return;
    const text = partial.toString("utf8", 0, end);
    partial = partial.subarray(end);
    await onLine(text, { inode, bytes: position - partial.length });
  };

  try {
    if (fromInode !== undefined && file !== undefined && (await file.stat()).ino !== fromInode) {
      const former = await findByInode(dirname(path), fromInode);
      if (former !== undefined) await readToEnd(former).finally(() => former.close());
      begin();
    }
    for (let mayBeAnother = true; !signal.aborted;) {
      if (file !== undefined) await readToEnd(file);
      if (mayBeAnother && (await wasReplaced(path, file))) {
        // What was written between the reading and the renaming.
        if (file !== undefined) await readToEnd(file);
        await file?.close();
        file = await openLogToRead(path);
        begin();
        continue;
      }
      const hasUnfinished = partial.length > 0 && unfinishedAfterMs !== undefined;
      const what = await change.next(hasUnfinished ? unfinishedAfterMs : undefined);
      mayBeAnother = what === "replaced";
      if (what === "nothing" && file !== undefined) await giveUnfinished(file);
    }
  } finally {
    change.close();
    await file?.close();
  }
}

/** The folder is watched, so that a file that is created later, or again, is noticed too. */
function watchForChanges(
  path: string,
  signal: AbortSignal,
): {
  next: (withinMs?: number) => Promise<"written" | "replaced" | "nothing">;
  close: () => void;
} {
  let hasChanged = false;
  let mayBeAnother = false;
  let wake: (() => void) | undefined;
  const notify = (what: "written" | "replaced"): void => {
    hasChanged = true;
    if (what === "replaced") mayBeAnother = true;
    wake?.();
  };
  const look = (): void => notify("replaced");
  let unwatch = watchPath(path, notify);
  // Some file systems have no inotify events for a writer on the other side (NFS, overlays).
  const timer = setInterval(() => {
    // The folder may have been made meanwhile.
    unwatch ??= watchPath(path, notify);
    look();
  }, 1_000).unref();
  signal.addEventListener("abort", look);
  return {
    /** Waits for a change. @returns `replaced` when there may be another file under the name. */
    next: async (withinMs) => {
      if (!hasChanged && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const what = mayBeAnother ? "replaced" : hasChanged ? "written" : "nothing";
      wake = undefined;
      hasChanged = false;
      mayBeAnother = false;
      return what;
    },
    close: () => {
      unwatch?.();
      clearInterval(timer);
      signal.removeEventListener("abort", look);
    },
  };
}

/** The end of the last whole UTF-8 character; invalid bytes are passed on unchanged. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

async function wasReplaced(path: string, file: FileHandle | undefined): Promise<boolean> {
  const now = statLog(path);
  if (now === undefined) return false;
  if (file === undefined) return true;
  const held = await file.stat();
  return now.ino !== held.ino || now.dev !== held.dev;
}

/** A rotated file under its new name. */
async function findByInode(folder: string, inode: number): Promise<FileHandle | undefined> {
  for (const name of await readdir(folder)) {
    const found = await openLogToRead(join(folder, name));
    if (found === undefined) continue;
    const { ino } = await found.stat();
    if (ino === inode) return found;
    await found.close();
  }
  return undefined;
}

async function hasBefore(file: FileHandle, position: number, mark: Buffer): Promise<boolean> {
  const bytes = Buffer.alloc(mark.length);
  const { bytesRead } = await file.read(bytes, 0, mark.length, position - mark.length);
  return bytes.subarray(0, bytesRead).equals(mark);
}

/** Copies that are looked into; the app's user may have put any number of files there, and each is a descriptor. */
const mostCopies = 32;

/**
 * Files beside one that was emptied, named after it: the one that goes on where it was read to, and those that were rotated
 * since, oldest first. Where nothing was read yet, the newest that is long enough is taken for it.
 */
async function findCopies(options: {
  readonly path: string;
  readonly position: number;
  readonly mark: Buffer;
}): Promise<FileHandle[]> {
  const { path, position, mark } = options;
  const newest = (await newestBeside(path)).toSorted((a, b) => a.mtimeMs - b.mtimeMs);
  const found: FileHandle[] = [];
  let first = -1;
  try {
    for (const { name } of newest) {
      const file = await openLogToRead(join(dirname(path), name));
      if (file === undefined) continue;
      found.push(file);
      const { size } = await file.stat();
      const goesOn = mark.length === 0 ? size >= position : await hasBefore(file, position, mark);
      if (goesOn) first = found.length - 1;
    }
  } catch (error) {
    await Promise.all(found.map((file) => file.close()));
    throw error;
  }
  const kept = first < 0 ? [] : found.slice(first);
  for (const file of found) if (!kept.includes(file)) await file.close();
  return kept;
}

/** The newest files that are named after one, as a copy of it would be. */
async function newestBeside(path: string): Promise<{ name: string; mtimeMs: number }[]> {
  const { name: stem } = parse(path);
  let newest: { name: string; mtimeMs: number }[] = [];
  for await (const { name } of await opendir(dirname(path))) {
    const isOfIt = name.startsWith(basename(path)) || name.startsWith(`${stem}__`);
    if (!isOfIt || name === basename(path) || name.endsWith(".gz")) continue;
    const stat = await lstat(join(dirname(path), name)).catch(() => undefined);
    if (stat?.isFile() !== true) continue;
    newest.push({ name, mtimeMs: stat.mtimeMs });
    if (newest.length > 2 * mostCopies) newest = newestOf(newest);
  }
  return newestOf(newest);
}

function newestOf(files: { name: string; mtimeMs: number }[]): { name: string; mtimeMs: number }[] {
  return files.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(0, mostCopies);
}
