import { closeSync, fsyncSync, futimesSync, fstatSync, readSync } from "node:fs";
import { setPriority } from "node:os";
import { gzipSync } from "node:zlib";
import { writeWhole } from "../../host/atomic.ts";

/** The priority of the calling thread, on Linux: apps come first. */
const lowPriority = 10;
let isLow = false;

/** A gzip file may be several, one behind the other: so it needs no more memory than this at a time. Bytes. */
const memberBytes = 1024 * 1024;

const level = 6;

/**
 * Compresses one open file into another, which is on disk when it resolves. A thread of tinypool's runs it.
 * @returns the size of the compressed one.
 */
export function compress({ from, to }: { readonly from: number; readonly to: number }): number {
  if (!isLow) setPriority(lowPriority);
  isLow = true;
  const block = Buffer.allocUnsafe(memberBytes);
  for (let position = 0; ;) {
    const length = readSync(from, block, 0, memberBytes, position);
    if (length === 0) break;
    writeWhole(to, gzipSync(block.subarray(0, length), { level }));
    position += length;
  }
  // The time up to which its lines were written.
  const { atime, mtime } = fstatSync(from);
  futimesSync(to, atime, mtime);
  fsyncSync(to);
  const { size } = fstatSync(to);
  closeSync(to);
  return size;
}
