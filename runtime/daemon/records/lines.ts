import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf } from "../../contract/errors.ts";
import { openPlain } from "../../host/files/read.ts";

/** Nothing is waited for, and nothing followed to another place. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const blockBytes = 256 * 1024;

/** A longer line is damage, and left out; bytes. */
const longestLineBytes = 4 * 1024 * 1024;

/** Whole lines of a file, in pieces of text that end with a newline; `back`: the last piece first. A file that is gone has none. */
export async function* linesOfFile(
  path: string,
  { back }: { back: boolean },
): AsyncGenerator<string, void> {
  const file = await open(path, flags).catch((error: unknown) => {
    if (["ENOENT", "ELOOP", "ENXIO"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return;
    const pieces = back ? createPiecesBack() : createPieces();
    for (let done = 0; done < stat.size;) {
      const length = Math.min(blockBytes, stat.size - done);
      const buffer = Buffer.allocUnsafe(length);
      const position = back ? stat.size - done - length : done;
      const { bytesRead } = await file.read(buffer, 0, length, position);
      if (bytesRead === 0) break;
      done += bytesRead;
      const piece = pieces.take(buffer.subarray(0, bytesRead));
      if (piece !== "") yield piece;
    }
    const rest = pieces.rest();
    if (rest !== "") yield rest;
  } finally {
    await file.close();
  }
}

interface Pieces {
  /** The whole lines that a further block completes. */
  take(block: Buffer): string;
  /** What is left: a line that has no newline. */
  rest(): string;
}

const newline = 10;

function createPieces(): Pieces {
  let carried: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  return {
    take: (block) => {
      const end = block.lastIndexOf(newline) + 1;
      const whole =
        end === 0 ? block.subarray(0, 0) : Buffer.concat([carried, block.subarray(0, end)]);
      const begin = isTooLong && end > 0 ? whole.indexOf(newline) + 1 : 0;
      carried = end === 0 ? Buffer.concat([carried, block]) : block.subarray(end);
      if (end > 0) isTooLong = false;
      if (carried.length > longestLineBytes) {
        carried = Buffer.alloc(0);
        isTooLong = true;
      }
      return whole.toString("utf8", begin);
    },
    rest: () => (isTooLong ? "" : carried.toString("utf8")),
  };
}

function createPiecesBack(): Pieces {
  // The end of a line whose beginning is further to the front.
  let carried: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  return {
    take: (block) => {
      const begin = block.indexOf(newline) + 1;
      if (begin === 0) {
        carried = isTooLong ? carried : Buffer.concat([block, carried]);
        if (carried.length > longestLineBytes) {
          carried = Buffer.alloc(0);
          isTooLong = true;
        }
        return "";
      }
      const tail = isTooLong
        ? block.subarray(begin, block.lastIndexOf(newline) + 1)
        : block.subarray(begin);
      const whole = isTooLong ? tail : Buffer.concat([tail, carried]);
      carried = block.subarray(0, begin);
      isTooLong = false;
      return whole.toString("utf8");
    },
    rest: () => (isTooLong ? "" : carried.toString("utf8")),
  };
}

/** How much of a file's end is checked for its last record; more only while there is none. */
const endBytes = 64 * 1024;

/** The end of a file, its size, and whether its last line was cut. */
export function endOfFile(
  path: string,
  isEnough: (text: string) => boolean,
): { text: string; bytes: number; isCut: boolean } {
  const fd = openPlain(path, flags);
  try {
    const { size } = fstatSync(fd);
    for (let length = Math.min(endBytes, size); ; length = Math.min(length * 8, size)) {
      const buffer = Buffer.alloc(length);
      const got = readSync(fd, buffer, 0, length, size - length);
      const isCut = got > 0 && buffer[got - 1] !== newline;
      const text = buffer.toString("utf8", 0, got);
      if (length >= Math.min(size, longestLineBytes * 4) || isEnough(text)) {
        return { text, bytes: size, isCut };
      }
    }
  } finally {
    closeSync(fd);
  }
}
