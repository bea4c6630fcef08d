import { closeSync, constants, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { makePipes } from "../../host/pipes.ts";

/*
 * The standard input of fork-mode apps: a named pipe per process id, which the child holds open for reading and for
 * writing. So it never sees an end (PM2's pipe does not end either), it outlives God, and whoever has a line for the
 * child opens the pipe, writes, and closes it. A pipe without a reader is empty: what was written to a former life is
 * gone with it.
 */

/** Ids whose pipes are made at once. */
const pipesAtOnce = 64;

/** A pipe holds 64 KB on Linux (pipe(7)); a reader that has not made room by then does not read; ms. */
const roomWithinMs = 1_000;

/** Opens the standard input of a new child; `undefined` where there is no `mkfifo`: the child then reads nothing. */
export function openStdin(folder: string, id: number): number | undefined {
  const path = stdinPath(folder, id);
  if (!isPipe(path) && !makePipesFrom(folder, id)) return undefined;
  // For reading and writing: it does not wait for the other side.
  return openSync(path, constants.O_RDWR);
}

/**
 * Writes to the standard input of a child.
 * @returns what went wrong, as a sentence's end; `undefined` when all of it is in the pipe.
 */
export async function writeStdin(
  folder: string,
  id: number,
  text: string,
): Promise<string | undefined> {
  let pipe: number;
  try {
    pipe = openSync(stdinPath(folder, id), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENXIO" || code === "ENOENT") return "it reads no standard input";
    throw error;
  }
  try {
    return await writeAll(pipe, Buffer.from(text));
  } finally {
    closeSync(pipe);
  }
}

async function writeAll(pipe: number, bytes: Buffer): Promise<string | undefined> {
  const deadline = performance.now() + roomWithinMs;
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(pipe, bytes, written);
    } catch (error) {
      if (errnoOf(error) === "EPIPE") return "it has ended";
      if (errnoOf(error) !== "EAGAIN") throw error;
      if (performance.now() > deadline) return "it does not read its standard input";
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
  return undefined;
}

function stdinPath(folder: string, id: number): string {
  return join(folder, String(id));
}

function isPipe(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}

/** The pipes of this id and of those that come next: ids are given from the lowest on. */
function makePipesFrom(folder: string, id: number): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = Array.from({ length: pipesAtOnce }, (_, index) => stdinPath(folder, id + index));
  makePipes(paths.filter((path) => !isPipe(path)));
  return isPipe(stdinPath(folder, id));
}
