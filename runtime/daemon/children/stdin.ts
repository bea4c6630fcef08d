import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { namesIn } from "../../host/files.ts";
import { makePipes } from "../../host/pipes.ts";

/*
 * The standard input of fork-mode apps: a named pipe per life, which the child holds open for reading and for writing. So
 * it never sees an end (PM2's pipe does not end either), it outlives God, and a writer with a line for the child opens the
 * pipe, writes, and closes it. No life gets the pipe of another one: a descendant that left and still holds it writes
 * to nobody.
 */

/** Pipes made at once, for this life and those that come next. */
const pipesAtOnce = 64;

/** A pipe holds 64 KB on Linux (pipe(7)); a reader that has not made room by then does not read; ms. */
const roomWithinMs = 1_000;

/** A pipe that no life has had. */
const sparePrefix = ".new-";

interface Life {
  readonly id: number;
  readonly lifeId: string;
}

/** Opens the standard input of a new life; `undefined` where there is no `mkfifo`: the child then reads nothing. */
export function openStdin(folder: string, { id, lifeId }: Life): number | undefined {
  rmSync(join(folder, String(id)), { force: true });
  const path = join(folder, lifeId);
  // No call of `mkfifo` for each start.
  if (!takeSpare(folder, path) && !(makeSpares(folder) && takeSpare(folder, path)))
    return undefined;
  // For reading and writing: it does not wait for the other side.
  return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
}

/** The life has ended. */
export function removeStdin(folder: string, lifeId: string): void {
  if (/^[\w-]+$/.test(lifeId)) rmSync(join(folder, lifeId), { force: true });
}

/** Removes what lives have left that ended while no daemon looked. */
export function sweepStdin(folder: string, living: ReadonlySet<string | undefined>): void {
  for (const name of namesIn(folder)) {
    if (name.startsWith(sparePrefix) || living.has(name) || isOfFormerVersion(name)) continue;
    rmSync(join(folder, name), { force: true });
  }
}

/** Those had a pipe per process, named after its id, which a process that lives still reads. */
function isOfFormerVersion(name: string): boolean {
  return /^\d+$/.test(name);
}

/**
 * Writes to the standard input of a life.
 * @returns what went wrong, as a sentence's end; `undefined` when all of it is in the pipe.
 */
export async function writeStdin(
  folder: string,
  { id, lifeId }: Life,
  text: string,
): Promise<string | undefined> {
  let pipe: number;
  try {
    const own = join(folder, lifeId);
    const path = existsSync(own) ? own : join(folder, String(id));
    pipe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENXIO" || code === "ENOENT") return "it does not read its standard input";
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

/** The names of the spare pipes in a folder; it is read once, since each start would read the pipes of all lives. */
const spares = new Map<string, string[]>();

function takeSpare(folder: string, path: string): boolean {
  const known = spares.get(folder) ?? sparesIn(folder);
  spares.set(folder, known);
  for (let name = known.pop(); name !== undefined; name = known.pop()) {
    try {
      renameSync(join(folder, name), path);
      return true;
    } catch (error) {
      // Somebody has cleaned up.
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return false;
}

function sparesIn(folder: string): string[] {
  return namesIn(folder).filter((name) => name.startsWith(sparePrefix));
}

/** @returns whether there may be one now. */
function makeSpares(folder: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = Array.from({ length: pipesAtOnce }, (_, index) => `${sparePrefix}${index}`);
  makePipes(names.map((name) => join(folder, name)));
  spares.set(folder, sparesIn(folder));
  return true;
}
