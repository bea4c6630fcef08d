import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/*
 * Replaces a file as a whole. Protects against a kill or a power cut at any point: a reader of the path
 * finds either all of the old content or all of the new. The content goes to a temporary file beside it, is
 * forced to disk, and only then takes the name; the folder is forced to disk too, or the rename itself could be
 * undone by a power cut. Does not protect against two writers of one path at a time (the daemon's lock does), nor
 * against what happens to the bytes on disk afterwards. A temporary file that a crash left is replaced next time.
 * Model: containerd pkg/atomicfile.
 */

/**
 * Replaces the file at `path`, or makes it, readable by its owner only.
 * @throws the errno of the failed call; the old content is then still in place.
 */
export function writeFileAtomic(path: string, data: string | Buffer): void {
  const temporary = writeTemporary(path, [data]);
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/**
 * Writes `data`, in pieces of any size, to disk beside `path` and returns the file's name. Leaves nothing behind
 * when it fails.
 */
export function writeTemporary(path: string, data: Iterable<string | Buffer>): string {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  const fd = openSync(temporary, "wx", 0o600);
  try {
    for (const piece of data) writeWhole(fd, Buffer.from(piece));
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return temporary;
}

/** Forces names that were made, renamed or removed in a folder to disk. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes all of `data` where the file's offset is. write(2) may take less than it is given: on a full disk it does,
 * and reports it only at the next call.
 */
export function writeWhole(fd: number, data: Buffer): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done, data.length - done);
}
