import { constants, copyFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { syncDirectory, writeTemporary } from "../../host/atomic.ts";
import { decodeLine, readLines } from "./segment.ts";

/** A fault in a file of the state and its repair. Nothing is written to the state before it ran. */
export interface Repair {
  /** What is wrong, as the first half of a sentence. */
  readonly problem: string;
  /** Repairs it and returns what it did. Throws the errno of what it could not do; it may be run again. */
  readonly run: () => string;
}

/** Moves a file (or whatever has its name) aside, so that it can be examined. */
export function moveAside(path: string, why: string, at: number): Repair {
  const aside = `${path}.invalid-${at}`;
  return {
    problem: `${basename(path)} cannot be used (${why})`,
    run: () => {
      renameSync(path, aside);
      syncDirectory(dirname(path));
      return `it was moved aside as ${basename(aside)}`;
    },
  };
}

/** Cuts off a record that was being written when the daemon or the machine died. */
export function cutTail(path: string, keepBytes: number): Repair {
  return {
    problem: `the last record of ${basename(path)} is torn`,
    run: () => {
      truncateSync(path, keepBytes);
      return "it was cut off";
    },
  };
}

/** Removes lines that are not records from a journal file; the damaged file is kept beside it. */
export function removeGarbage(
  path: string,
  options: { garbageLines: number; keepBytes: number; at: number },
): Repair {
  const aside = `${path}.invalid-${options.at}`;
  const lines = options.garbageLines === 1 ? "1 line" : `${options.garbageLines} lines`;
  return {
    problem: `${lines} of ${basename(path)} could not be read and were skipped`,
    run: () => {
      try {
        copyFileSync(path, aside, constants.COPYFILE_FICLONE);
        rewrite(path);
        return `the file as it was is ${basename(aside)}`;
      } catch (error) {
        if (errnoOf(error) !== "ENOSPC") throw error;
        // No room for a copy. Garbage between records does no harm; after them it would swallow the next one.
        rmSync(aside, { force: true });
        truncateSync(path, options.keepBytes);
        return "there is no room to set the file aside";
      }
    },
  };
}

function rewrite(path: string): void {
  renameSync(writeTemporary(path, recordLines(path)), path);
  syncDirectory(dirname(path));
}

function* recordLines(path: string): Generator<string | Buffer, void, undefined> {
  for (const line of readLines(path)) {
    if (line.bytes === null || decodeLine(line).kind === "garbage") continue;
    yield line.bytes;
    yield "\n";
  }
}
