import { joined, longestLineBytes } from "./block.ts";
import type { FormatLines } from "./format.ts";
import type { LogFile } from "./log-file.ts";
import type { RestFile } from "./rest.ts";

const newline = Buffer.from("\n");

/** Takes what comes out of one pipe and appends its whole lines to files. */
export interface Lines {
  /** The bytes are not kept: the caller may write over them. */
  take(bytes: Buffer): void;
  /** What came last is a line, with or without a newline. */
  end(): void;
  /** Nothing is in progress: only the unfinished line is kept for a successor. */
  settle(): void;
}

/**
 * Splits bytes into lines and appends each once to every file, even across kills: before anything is
 * appended the rest file holds it and the sizes of the files, and a successor appends what is not there yet. One that
 * was killed between reading and that may have lost what it read: then a line that was not finished ends there.
 */
export function createLines(options: {
  readonly format: FormatLines;
  readonly files: readonly LogFile[];
  readonly rest: RestFile;
  readonly now: () => number;
  /** The lane before was killed while it read, and up to a block may be missing. */
  readonly onGap?: () => void;
}): Lines {
  const { format, files, rest, now, onGap } = options;
  let partial: Buffer = Buffer.alloc(0);
  let isSettled = true;

  const takeAll = (pending: Buffer): void => {
    const end = pending.length > longestLineBytes ? pending.length : pending.lastIndexOf(10) + 1;
    const at = now();
    if (end === 0) {
      rest.write({ at, sizes: null, bytes: pending });
      isSettled = true;
      partial = Buffer.from(pending);
      return;
    }
    isSettled = false;
    rest.write({ at, sizes: files.map((file) => file.size()), bytes: pending });
    const formatted = format(whole(pending.subarray(0, end)), at);
    for (const file of files) file.append(formatted);
    partial = Buffer.from(pending.subarray(end));
  };

  const left = rest.read();
  if (left !== undefined) {
    partial = left.bytes;
    if (left.sizes !== null) {
      const end = partial.length > longestLineBytes ? partial.length : partial.lastIndexOf(10) + 1;
      const formatted = format(whole(partial.subarray(0, end)), left.at);
      for (const [index, file] of files.entries()) {
        file.append(missing(file, left.sizes[index] ?? 0, formatted));
      }
      partial = Buffer.from(partial.subarray(end));
      isSettled = false;
    }
    if (left.wasReading) {
      onGap?.();
      isSettled = false;
      if (partial.length > 0) takeAll(Buffer.concat([partial, newline]));
    }
  }

  const settle = (): void => {
    if (isSettled) return;
    isSettled = true;
    rest.write({ at: now(), sizes: null, bytes: partial });
  };
  settle();
  return {
    take: (bytes) => takeAll(joined(partial, bytes)),
    end: () => {
      if (partial.length > 0) takeAll(Buffer.concat([partial, newline]));
    },
    settle,
  };
}

/** A line that was too long has no newline yet. */
function whole(lines: Buffer): Buffer {
  return lines.at(-1) === 10 ? lines : Buffer.concat([lines, newline]);
}

/** What of the bytes a file lacks that had a size before they were appended. */
function missing(file: LogFile, sizeBefore: number, bytes: Buffer): Buffer {
  const there = file.readFrom(sizeBefore, bytes.length);
  return bytes.subarray(0, there.length).equals(there) ? bytes.subarray(there.length) : bytes;
}
