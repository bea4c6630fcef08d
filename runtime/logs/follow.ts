import { watch, type FSWatcher } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { errnoOf } from "../errors.ts";

const blockBytes = 64 * 1024;

/**
 * Gives the lines that are added to a file from a position on, until aborted. A file that gets shorter was
 * emptied: it is read from its beginning. One that is replaced was rotated: the old one is read to its end, then
 * the new one. A line is given when its newline is there; a character split across writes stays whole.
 */
export async function followFile(options: {
  readonly path: string;
  readonly fromBytes: number;
  readonly onLine: (line: string) => Promise<void> | void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { path, onLine, signal } = options;
  const change = watchForChanges(path, signal);
  let file = await openIfThere(path);
  let position = options.fromBytes;
  let decoder = new StringDecoder("utf8");
  let partial = "";
  const block = Buffer.alloc(blockBytes);

  const readToEnd = async (handle: FileHandle): Promise<void> => {
    const { size } = await handle.stat();
    if (size < position) {
      position = 0;
      partial = "";
      decoder = new StringDecoder("utf8");
    }
    while (!signal.aborted) {
      const { bytesRead } = await handle.read(block, 0, blockBytes, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const lines = (partial + decoder.write(block.subarray(0, bytesRead))).split("\n");
      partial = lines.pop() ?? "";
      for (const line of lines) await onLine(line);
    }
  };

  try {
    while (!signal.aborted) {
      if (file !== undefined) await readToEnd(file);
      if (await wasReplaced(path, file)) {
        await file?.close();
        file = await openIfThere(path);
        position = 0;
        partial = "";
        continue;
      }
      await change.next();
    }
  } finally {
    change.close();
    await file?.close();
  }
}

/** The folder is watched, so that a file that is made later, or anew, is noticed too. */
function watchForChanges(
  path: string,
  signal: AbortSignal,
): { next: () => Promise<void>; close: () => void } {
  let hasChanged = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    hasChanged = true;
    wake?.();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, notify);
    watcher.on("error", notify);
  } catch (error) {
    // The folder is not there yet: the timer below looks for it.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  // Some file systems have no inotify events for a writer on the other side (NFS, overlays).
  const timer = setInterval(notify, 1_000).unref();
  signal.addEventListener("abort", notify);
  return {
    next: async () => {
      if (!hasChanged && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      wake = undefined;
      hasChanged = false;
    },
    close: () => {
      watcher?.close();
      clearInterval(timer);
      signal.removeEventListener("abort", notify);
    },
  };
}

async function wasReplaced(path: string, file: FileHandle | undefined): Promise<boolean> {
  try {
    const now = await stat(path);
    if (file === undefined) return true;
    const held = await file.stat();
    return now.ino !== held.ino || now.dev !== held.dev;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
