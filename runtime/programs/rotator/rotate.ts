import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type {
  Halted,
  Identity,
  Intent,
  LogToRotate,
  RotationOutcome,
} from "../../contract/rotation.ts";
import { writeWhole } from "../../host/atomic.ts";
import { openPlace } from "../../host/files/open.ts";
import { walkTo } from "../../host/files/place.ts";
import { readProcess } from "../../host/procfs.ts";
import { changeIntent, declareIntent, removeIntent } from "../../host/rotation/intent.ts";
import { copyName } from "../../host/rotation/names.ts";
import { thaw } from "../../host/rotation/recover.ts";
import { nameFor } from "../../host/rotation/time-name.ts";
import { freeze, type Freeze } from "./freeze.ts";

/*
 * Rotates a file that programs write to by themselves, and no line is lost, doubled or cut in two: most of it is copied while
 * they write, then they stand still for some milliseconds in which the rest is copied and the file emptied; its inode stays, so
 * they continue in it. A line that was not finished stays in the file. What is about to happen is on disk first
 * (`host/rotation/intent.ts`), for the successor of a killed rotator.
 */

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** So much may be left to be copied while writers stand still; bytes. */
const leftBytes = 64 * 1024;

/** A writer that is faster than the disk is not caught up with by copying more often. */
const mostPasses = 12;
const mostLeftBytes = 16 * 1024 * 1024;

/** How long writers may stand still; ms. */
export const longestPauseMs = 50;

export interface RotateOptions extends LogToRotate {
  /** Of the intent. */
  readonly folder: string;
  readonly now: () => number;
  readonly pauseMs?: number;
  /** Told before and after writers stand still. */
  readonly onStopping?: (() => void) | undefined;
  readonly onRunning?: (() => void) | undefined;
  /** Told of each step as it is done. */
  readonly onStep?: ((step: string) => void) | undefined;
  /** The daemon is never stopped: while it has the file open, for a program that it starts, there is no rotation. */
  readonly never: readonly number[];
}

export function rotateFile(options: RotateOptions): RotationOutcome {
  const { file } = options;
  let place: ReturnType<typeof walkTo> | undefined;
  try {
    if (!existsSync(file)) return { kind: "empty" };
    place = walkTo(file, { keepsLink: true });
    return rotateIn(dirname(place.at), options);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { kind: "failed", why: messageOf(error) };
  } finally {
    place?.close();
  }
}

function rotateIn(folder: string, options: RotateOptions): RotationOutcome {
  const { file, owner } = options;
  const { descriptor: log, stat } = openPlace(file, {
    flags: O_RDWR | O_APPEND,
    owner: owner ?? undefined,
  });
  const temporary = join(folder, copyName(file));
  let copy: number | undefined;
  try {
    if (!stat.isFile()) return { kind: "failed", why: "it is not a regular file" };
    if (stat.size === 0) return { kind: "empty" };
    if (!hasRoom(folder, stat.size)) return { kind: "failed", why: "there is no room for a copy" };
    rmSync(temporary, { force: true });
    copy = openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    giveAway(copy, stat);
    return copyAndEmpty({ ...options, dir: folder, log, copy, temporary, stat });
  } finally {
    if (copy !== undefined) closeSync(copy);
    closeSync(log);
    // It has its name by now, or is not wanted.
    rmSync(temporary, { force: true });
  }
}

interface Work extends RotateOptions {
  readonly dir: string;
  readonly log: number;
  readonly copy: number;
  readonly temporary: string;
  readonly stat: Stats;
}

function copyAndEmpty(work: Work): RotationOutcome {
  const { log, copy, stat, folder, file, owner, now, onStep } = work;
  let position = catchUp(log, copy);
  if (fstatSync(log).size - position > mostLeftBytes) {
    return { kind: "later", why: "it is written to faster than it can be copied" };
  }
  const intent: Intent = { file, owner, by: ownIdentity(), stopped: [], frozen: [], cut: null };
  const declare = ({ stopped, frozen }: Halted, isFirst: boolean): void =>
    (isFirst ? declareIntent : changeIntent)(folder, {
      ...intent,
      stopped: [...stopped],
      frozen: [...frozen],
    });
  const name = nameFor({
    file,
    rule: work.rule,
    at: now(),
    isTaken: (each) => existsSync(join(work.dir, each)),
  });
  const frozen = freeze({
    file: stat,
    pauseMs: work.pauseMs ?? longestPauseMs,
    never: work.never,
    declare,
    onStopping: work.onStopping,
    onStep,
  });
  let unwanted: string | undefined;
  try {
    if (frozen.kind === "refused") return { kind: "later", why: frozen.why };
    const end = copyRest(frozen, { log, copy, position });
    if (end === undefined) {
      return {
        kind: "later",
        why: `its writers did not stop within ${frozen.pauseMs} ms`,
      };
    }
    position = end;
    const whole = endOfLines(copy, position);
    const rest = read(copy, whole, position - whole);
    const cut = { name, rest: rest.toString("base64") };
    const { stopped, frozen: groups } = frozen.halted();
    changeIntent(folder, { ...intent, stopped: [...stopped], frozen: [...groups], cut });
    onStep?.("cut");
    if (whole < position) ftruncateSync(copy, whole);
    unwanted = join(work.dir, name);
    renameSync(work.temporary, unwanted);
    onStep?.("renamed");
    ftruncateSync(log, 0);
    unwanted = undefined;
    onStep?.("emptied");
    if (rest.length > 0) writeWholeTo(log, rest);
    onStep?.("rest");
    return {
      kind: "rotated",
      to: join(dirname(file), name),
      bytes: whole,
      pauseMs: frozen.sinceMs(),
    };
  } finally {
    // The file has everything still.
    if (unwanted !== undefined) rmSync(unwanted, { force: true });
    thaw(frozen.halted());
    work.onRunning?.();
    onStep?.("running");
    removeIntent(folder);
  }
}

/** Copies in passes, each shorter than the previous one, and forces it to disk in between. */
function catchUp(log: number, copy: number): number {
  let position = copyOn(log, copy, 0);
  for (let passes = 1; passes < mostPasses; passes += 1) {
    fdatasyncSync(copy);
    position = copyOn(log, copy, position);
    if (fstatSync(log).size - position < leftBytes) break;
  }
  return position;
}

const block = Buffer.allocUnsafeSlow(1024 * 1024);

/** Up to the end that the file had when it began. */
function copyOn(log: number, copy: number, start: number): number {
  const end = fstatSync(log).size;
  let position = start;
  while (position < end) {
    const length = readSync(log, block, 0, Math.min(block.length, end - position), position);
    if (length === 0) break;
    writeWhole(copy, block.subarray(0, length));
    position += length;
  }
  return position;
}

/** Repeats until there is no new writer and nothing was added. @returns where the copy ends; `undefined` when the time runs out first. */
function copyRest(
  frozen: Freeze,
  { log, copy, position }: { log: number; copy: number; position: number },
): number | undefined {
  let end = position;
  for (;;) {
    end = copyOn(log, copy, end);
    const newcomers = frozen.stopNewcomers();
    if (newcomers === "refused" || !frozen.hasTime()) return undefined;
    if (newcomers === "none" && fstatSync(log).size === end) return end;
  }
}

/** Where the last whole line ends; the end itself when the last line is longer than is looked back. */
function endOfLines(copy: number, end: number): number {
  const start = Math.max(0, end - leftBytes);
  const newline = read(copy, start, end - start).lastIndexOf(10);
  return newline < 0 ? end : start + newline + 1;
}

function read(descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, at));
}

function writeWholeTo(log: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(log, bytes, done);
}

/** The rotated file is whose the log is. */
function giveAway(copy: number, { uid, gid, mode }: Stats): void {
  if (uid !== process.geteuid?.() || gid !== process.getegid?.()) fchownSync(copy, uid, gid);
  fchmodSync(copy, mode & 0o777);
}

function hasRoom(folder: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > bytes * 1.05;
}

let own: Identity | undefined;

function ownIdentity(): Identity {
  own ??= { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? 0 };
  return own;
}
