import { closeSync, constants, readSync, rmSync, writeSync, writevSync } from "node:fs";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { isShortage } from "../../host/descriptors.ts";
import { openPlain } from "../../host/files/read.ts";

const { O_RDWR, O_CREAT } = constants;

/*
 * Data that the lane has taken out of a pipe is kept in a file until it is written, so that a killed lane is
 * followed by one that goes on where it was: the page cache outlives the process. Two slots are written in turns, each
 * with its number at both ends, since the kernel may cut a long write of a process that is being killed. Between the
 * read and this write are some microseconds in which a SIGKILL takes what was read with it, 64 KB at most; so that this
 * is known, the number of the next write is stored behind the slots while a pipe is read.
 */
export interface Rest {
  /** When the bytes were read; ms since the epoch. */
  readonly at: number;
  /** Sizes of the files before their lines were appended; `null` when that is done. */
  readonly sizes: readonly number[] | null;
  readonly bytes: Buffer;
}

/** The longest line that is kept whole, and one read more. */
export const slotBytes = 2 * 1024 * 1024;

/** Behind both slots. */
const markAt = slotBytes * 2;

/** Number, time, length, count of sizes and two sizes; eight bytes each. */
const headBytes = 48;

/** What a lane has left. */
export interface Left extends Rest {
  /** It was killed before it had noted what it read, if it read anything. */
  readonly wasReading: boolean;
}

export interface RestFile {
  /** Something is about to be taken out of the pipe, until the next write; or nothing was there. */
  reading(isReading: boolean): void;
  write(rest: Rest): void;
  read(): Left | undefined;
  close(): void;
}

/**
 * Where it cannot be written, as on a full disk, lines pass without it, and it is reported once.
 * @throws EMFILE, ENFILE: what a lane before has left in it is not to be passed over.
 */
export function openRest(path: string, complain: (what: string) => void): RestFile {
  let held: number | undefined;
  const head = Buffer.alloc(headBytes);
  const tail = Buffer.alloc(8);
  let number = 0;
  let isFailing = false;
  const trying = (write: () => void): void => {
    try {
      write();
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        complain(
          `${path} cannot be written; if the lane is killed, lines are lost: ${messageOf(error)}`,
        );
      }
      isFailing = true;
    }
  };
  const opened = (): number => (held ??= openForBoth(path));
  try {
    opened();
  } catch (error) {
    if (isShortage(error)) throw error;
    trying(() => {
      throw error;
    });
  }
  const readSlot = (slot: number): (Rest & { number: number }) | undefined => {
    const start = slot * slotBytes;
    if (readSync(opened(), head, 0, headBytes, start) < headBytes) return undefined;
    const [own = 0, at = 0, length = 0, count = 0, ...sizes] = numbers.map((index) =>
      head.readDoubleLE(index * 8),
    );
    if (own === 0 || length > slotBytes) return undefined;
    const bytes = Buffer.alloc(length);
    readSync(opened(), bytes, 0, length, start + headBytes);
    readSync(opened(), tail, 0, 8, start + headBytes + length);
    if (tail.readDoubleLE(0) !== own) return undefined;
    return { number: own, at, sizes: count < 0 ? null : sizes.slice(0, count), bytes };
  };
  return {
    reading: (isReading) => {
      tail.writeDoubleLE(isReading ? number + 1 : 0, 0);
      trying(() => writeSync(opened(), tail, 0, 8, markAt));
    },
    write: ({ at, sizes, bytes }) => {
      number += 1;
      const values = [number, at, bytes.length, sizes?.length ?? -1, ...(sizes ?? [])];
      for (const index of numbers) head.writeDoubleLE(values[index] ?? 0, index * 8);
      tail.writeDoubleLE(number, 0);
      trying(() => writevSync(opened(), [head, bytes, tail], (number % 2) * slotBytes));
    },
    read: () => {
      if (held === undefined) return undefined;
      const [latest] = [readSlot(0), readSlot(1)]
        .filter((slot) => slot !== undefined)
        .sort((a, b) => b.number - a.number);
      number = latest?.number ?? 0;
      tail.fill(0);
      readSync(opened(), tail, 0, 8, markAt);
      const wasReading = tail.readDoubleLE(0) > number;
      if (latest === undefined && !wasReading) return undefined;
      return { ...(latest ?? { at: 0, sizes: null, bytes: Buffer.alloc(0) }), wasReading };
    },
    close: () => {
      if (held !== undefined) closeSync(held);
      held = undefined;
    },
  };
}

const numbers = [0, 1, 2, 3, 4, 5];

function openForBoth(path: string): number {
  try {
    return openPlain(path, O_RDWR | O_CREAT);
  } catch (error) {
    if (!["EISDIR", "ERR_UNUSABLE_FILE"].includes(errnoOf(error) ?? "")) throw error;
    rmSync(path, { recursive: true });
    return openPlain(path, O_RDWR | O_CREAT);
  }
}
