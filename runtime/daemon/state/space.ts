import { accessSync, constants, statfsSync } from "node:fs";
import { geteuid } from "node:process";

/** Room for a few records: with less, a command could be accepted whose outcome then cannot be kept. */
const neededBytes = 16 * 1024;

/**
 * Throws the errno with which writing the file would fail now: it is gone, its file system has become read-only,
 * or there is no room. A probe, not a guarantee: the write itself may still fail.
 */
export function probeWritable(path: string): void {
  accessSync(path, constants.W_OK);
  const { blocks, bavail, bfree, bsize } = statfsSync(path);
  // The last blocks of a file system are reserved for root. No blocks at all: it does not count them.
  const freeBytes = (geteuid?.() === 0 ? bfree : bavail) * bsize;
  if (blocks > 0 && freeBytes < neededBytes) {
    throw Object.assign(new Error(`ENOSPC: ${freeBytes} bytes are left on the disk`), {
      code: "ENOSPC",
    });
  }
}
