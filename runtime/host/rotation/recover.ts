import { closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { Halted, Identity, Intent } from "../../contract/rotation.ts";
import { setFrozen } from "../groups/group.ts";
import { openPlace } from "../files/open.ts";
import { walkTo } from "../files/place.ts";
import { isAlive } from "../procfs.ts";
import { readIntent, removeIntent } from "./intent.ts";
import { copyName } from "./names.ts";

/*
 * After a rotator that was killed: whoever it stopped runs again, and every line is there once. The order matters: it is gone for
 * good first, then it is seen what it has done while its writers still stand still, then they run.
 */

/** A process that got SIGKILL is waited for this long; ms. */
const goneWithinMs = 2_000;

/** @returns notes; none when there was nothing to do. */
export function recoverRotation(folder: string): string[] {
  const intent = readIntent(folder);
  if (intent === undefined) return [];
  const notes: string[] = [];
  end(intent.by);
  try {
    notes.push(...settle(intent));
  } catch (error) {
    notes.push(`the rotation of ${intent.file} was cut short: ${messageOf(error)}`);
  } finally {
    thaw(intent);
  }
  removeIntent(folder);
  return notes;
}

/** Lets processes keep running that were stopped; one that is gone, or is another by now, is left alone. */
export function thaw({ stopped, frozen }: Halted): void {
  for (const group of frozen) setFrozen(group, false);
  for (const each of stopped) {
    try {
      if (isAlive(each)) process.kill(each.pid, "SIGCONT");
    } catch (error) {
      if (errnoOf(error) !== "ESRCH" && errnoOf(error) !== "EPERM") throw error;
    }
  }
}

function end(rotator: Identity): void {
  if (!isAlive(rotator) || rotator.pid === process.pid) return;
  process.kill(rotator.pid, "SIGKILL");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < goneWithinMs && isAlive(rotator); waited += 2) {
    Atomics.wait(pause, 0, 0, 2);
  }
}

/** Either the copy goes, and the file has everything, or it stays, and the file has been emptied. */
function settle({ file, owner, cut }: Intent): string[] {
  const place = walkTo(file, { keepsLink: true });
  try {
    const folder = dirname(place.at);
    rmSync(join(folder, copyName(file)), { force: true });
    if (cut === null) return [];
    const { descriptor: log } = openPlace(file, {
      flags: constants.O_RDWR | constants.O_APPEND,
      owner: owner ?? undefined,
    });
    try {
      const copy = openIfThere(join(folder, cut.name));
      if (copy === undefined) return [];
      try {
        if (isWithin(copy, log)) {
          rmSync(join(folder, cut.name), { force: true });
          return [`${file} is rotated later: the rotation was cut short`];
        }
      } finally {
        closeSync(copy);
      }
      const rest = Buffer.from(cut.rest, "base64");
      if (!beginsWith(log, rest)) writeSync(log, rest);
      return [];
    } finally {
      closeSync(log);
    }
  } finally {
    place.close();
  }
}

const comparedBytes = 64 * 1024;

/** Whether the file still has, at the same places, what the copy begins and ends with. */
function isWithin(copy: number, log: number): boolean {
  const { size } = fstatSync(copy);
  if (fstatSync(log).size < size) return false;
  const ends = [0, Math.max(0, size - comparedBytes)];
  return ends.every((at) => readAt(copy, at, size).equals(readAt(log, at, size)));
}

function beginsWith(log: number, bytes: Buffer): boolean {
  return readAt(log, 0, bytes.length).equals(bytes);
}

function readAt(descriptor: number, at: number, end: number): Buffer {
  const block = Buffer.alloc(Math.max(0, Math.min(comparedBytes, end - at)));
  return block.subarray(0, readSync(descriptor, block, 0, block.length, at));
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
