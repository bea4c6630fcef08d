import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { errnoOf } from "../contract/errors.ts";
import { steadyNow } from "../host/clock.ts";
import { limitAlike } from "../host/complaints.ts";
import { openPlain, readEnd } from "../host/files/read.ts";

/** A log that is larger is rotated; bytes. */
const mostBytes = 10 * 1024 * 1024;

/** Of a log that has become much larger, while no daemon checked it, the end is kept; bytes. */
const mostKept = 2 * mostBytes;

/** Former logs that are kept: `god.log.1` is the newest. */
const kept = 2;

/** How often to check the file for lines of balancers and the log lane; ms. */
const looksEveryMs = 10_000;

/**
 * The daemon's own log, which is its standard output unless that is the apps' (`contract/foreground.ts`): the watchdog, the log lane and balancers write to the same open file, so it
 * is rotated by copying it and emptying it, and they continue. What the disk does not take is lost, and counted for when it takes lines again: no log
 * ends the daemon.
 */
export function createOwnLog(path: string, descriptor: number): (line: string) => void {
  // Node's own streams write there too, at an uncaught exception for instance.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  let written = 0;
  const look = (): void => {
    written = 0;
    try {
      if (isTooLarge(path, descriptor)) rotate(path);
    } catch (error) {
      // A full disk, no descriptors: it grows on, and the next look tries again.
      if (errnoOf(error) === undefined) throw error;
    }
  };
  look();
  setInterval(look, looksEveryMs).unref();
  let lost = 0;
  let isCut = false;
  /** @returns why a line was not written. */
  const write = (line: string): string | undefined => {
    const bytes = Buffer.from(`${isCut ? "\n" : ""}${new Date().toISOString()} ${line}\n`);
    try {
      const taken = writeSync(descriptor, bytes);
      written += taken;
      if (taken === bytes.length) isCut = false;
      else if (taken > 0) isCut = true;
      return taken === bytes.length ? undefined : "ENOSPC";
    } catch (error) {
      const why = errnoOf(error);
      if (why === undefined) throw error;
      return why;
    }
  };
  let why = "";
  return limitAlike((line) => {
    if (
      lost > 0 &&
      write(`${lost} line(s) before this one could not be written here (${why})`) === undefined
    )
      lost = 0;
    const fault = write(line);
    if (fault !== undefined) {
      lost += 1;
      why = fault;
    }
    if (written > mostBytes / 10) look();
  }, steadyNow);
}

/** Whether what is written to is this very file, and too large. */
function isTooLarge(path: string, descriptor: number): boolean {
  const own = fstatSync(descriptor);
  if (!own.isFile() || own.size <= mostBytes) return false;
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.dev === own.dev && named.ino === own.ino;
}

/** Writers append, so they go on at the new end; what they write between the copy and the emptying is lost. */
function rotate(path: string): void {
  for (let number = kept; number > 1; number -= 1)
    renameIfThere(`${path}.${number - 1}`, `${path}.${number}`);
  const copy = `${path}.1`;
  rmSync(copy, { force: true });
  const log = openPlain(path, constants.O_RDWR);
  try {
    writeFileSync(copy, readEnd(path, mostKept), { flag: "wx", mode: 0o600 });
  } catch (error) {
    // No room for a copy: the log is worth less than what the room is needed for.
    rmSync(copy, { force: true });
    if (errnoOf(error) !== "ENOSPC") throw error;
  } finally {
    ftruncateSync(log, 0);
    closeSync(log);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
