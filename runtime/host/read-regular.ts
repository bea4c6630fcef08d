import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** A pipe or a device that stands where a file is expected would hold the reader up for ever. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * The text of a regular file of at most so many bytes, read without waiting for anybody.
 * @throws what `open` throws; an `Error` that says what is wrong with the file.
 */
export function readRegularFile(path: string, mostBytes: number): string {
  const fd = openSync(path, flags);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if (stat.size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024 / 1024} MB`);
    const buffer = Buffer.alloc(stat.size);
    let bytes = 0;
    while (bytes < buffer.length) {
      const got = readSync(fd, buffer, bytes, buffer.length - bytes, bytes);
      if (got === 0) break;
      bytes += got;
    }
    return buffer.toString("utf8", 0, bytes);
  } finally {
    closeSync(fd);
  }
}
