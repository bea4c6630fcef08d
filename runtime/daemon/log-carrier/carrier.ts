import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { Complain } from "../../host/complaints.ts";
import { openLog } from "../../host/log-files/open.ts";
import { fileIdentity, type Carry, type LogWriter } from "../../host/log-files/reopen.ts";
import { isAlive, isLiving, readProcess, scanProcesses } from "../../host/procfs.ts";
import { readRecords, removeRecord, writeRecord, type CarryRecord, type Holder } from "./record.ts";

/*
 * Of a program that writes to its log file by itself, a file that was removed has no name any more, and cannot get one back
 * (linkat(2)). The program keeps writing to it. So new output is read from there, by way of /proc/PID/fd, and appended to the
 * log file, for as long as any program has the old file open. Where it was is kept beside, so that the next daemon goes
 * on and no byte comes twice. Does not protect against programs that end while no daemon runs: the kernel gives a file without a name
 * up with its last holder.
 */
export interface Carrier extends Carry {
  /** Goes on with what a former daemon has left. */
  find(): void;
  /** All that was written is in the log files. */
  settle(): void;
  /** The next daemon continues. */
  release(): void;
}

interface Carried {
  record: CarryRecord;
  readonly from: number;
}

/** Between two looks; ms. */
const looksEveryMs = 200;

/** One look takes this much of a file at most, so that the daemon answers meanwhile. */
const turnBytes = 4 * 1024 * 1024;

/** What an end waits for at most. */
const settleBytes = 64 * 1024 * 1024;

const O_PATH = 0o10000000;

export function createCarrier(options: {
  readonly folder: string;
  readonly complain: Complain;
  readonly log: (line: string) => void;
}): Carrier {
  const { folder, complain, log } = options;
  const all = new Map<string, Carried>();
  let timer: NodeJS.Timeout | undefined;

  const arm = (): void => {
    if (all.size === 0) clearInterval(timer);
    if (all.size === 0) timer = undefined;
    else timer ??= setInterval(look, looksEveryMs).unref();
  };
  const end = ({ record, from }: Carried): void => {
    all.delete(record.from);
    closeSync(from);
    removeRecord(folder, record.from);
  };
  const carry = (carried: Carried, mostBytes: number): void => {
    const { path } = carried.record;
    try {
      carryOn(carried, mostBytes, (record) => {
        carried.record = record;
        writeRecord(folder, record);
      });
    } catch (error) {
      complain(
        `carry ${path}`,
        `${path}: lines that belong there are waiting: ${messageOf(error)}`,
      );
    }
  };
  const look = (): void => {
    for (const carried of all.values()) {
      // Checked before reading: the output of an ended program is complete by then.
      const holders = heldBy(carried.record);
      carry(carried, holders.length === 0 ? settleBytes : turnBytes);
      if (holders.length === 0) end(carried);
      else if (holders !== carried.record.holders) {
        carried.record = { ...carried.record, holders };
        writeRecord(folder, carried.record);
      }
    }
    arm();
  };
  const take = (record: CarryRecord, from: number): void => {
    all.set(record.from, { record, from });
    writeRecord(folder, record);
    arm();
  };

  return {
    begin: ({ writer, pid, held, position }) => {
      const stat = fstatSync(held);
      const identity = fileIdentity(stat);
      const startTicks = readProcess(pid)?.startTicks;
      const { descriptor } = writer;
      const holders = startTicks === undefined ? [] : [{ pid, startTicks, descriptor }];
      const known = all.get(identity);
      if (known !== undefined) {
        const others = known.record.holders.filter((each) => each.pid !== pid);
        known.record = { ...known.record, holders: [...others, ...holders] };
        return;
      }
      const record = recordOf(writer, { from: identity, bornAtMs: stat.birthtimeMs, position });
      const from = openSync(`/proc/self/fd/${held}`, constants.O_RDONLY | constants.O_NONBLOCK);
      take({ ...record, holders }, from);
      log(
        `${writer.name} writes into a ${writer.path} that was removed; new output is carried over`,
      );
      look();
    },
    find: () => {
      for (const record of readRecords(folder)) {
        const from = openHeld(record);
        if (from === undefined) removeRecord(folder, record.from);
        else take({ ...record, position: positionAfter(record, from) }, from);
      }
    },
    settle: () => {
      for (const carried of all.values()) carry(carried, settleBytes);
    },
    release: () => {
      clearInterval(timer);
      for (const { from } of all.values()) closeSync(from);
      all.clear();
    },
  };
}

function recordOf(
  { path, rights }: LogWriter,
  what: Pick<CarryRecord, "from" | "bornAtMs" | "position">,
): CarryRecord {
  const { owner = null, umask = null } = rights;
  return { ...what, holders: [], path, owner, umask, sizeBefore: 0, pending: 0 };
}

const block = Buffer.allocUnsafeSlow(256 * 1024);

/** Appends what is there to the log file, which is opened again each time: it may have been rotated. */
function carryOn(
  { record, from }: Carried,
  mostBytes: number,
  note: (record: CarryRecord) => void,
): void {
  let { position } = record;
  const { size } = fstatSync(from);
  // It was emptied by its program.
  if (size < position) position = 0;
  if (size === position) return;
  const { owner, umask, path } = record;
  const to = openLog(path, { ...(owner === null ? {} : { owner }), umask });
  try {
    const last = position + mostBytes;
    while (position < last) {
      const length = readSync(from, block, 0, block.length, position);
      if (length === 0) return;
      const end = length < block.length ? length : block.lastIndexOf(10) + 1 || length;
      for (let done = 0; done < end;) {
        const pending = end - done;
        note({ ...record, position, sizeBefore: fstatSync(to).size, pending });
        const written = writeSync(to, block, done, pending);
        done += written;
        position += written;
        note({ ...record, position, pending: 0 });
      }
    }
  } finally {
    closeSync(to);
  }
}

/** A daemon killed between an append and its note has already appended these bytes. */
function positionAfter({ path, position, sizeBefore, pending }: CarryRecord, from: number): number {
  if (pending === 0) return position;
  let to: number | undefined;
  try {
    to = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const [there, own] = [Buffer.alloc(pending), Buffer.alloc(pending)];
    const length = readSync(to, there, 0, pending, sizeBefore);
    readSync(from, own, 0, pending, position);
    let same = 0;
    while (same < length && there[same] === own[same]) same += 1;
    return position + same;
  } catch (error) {
    // Gone, a link, or unreadable: duplicates are better than losses.
    if (errnoOf(error) === undefined) throw error;
    return position;
  } finally {
    if (to !== undefined) closeSync(to);
  }
}

/** The programs that have a file open; those that are known are asked first. */
function heldBy(record: CarryRecord): readonly Holder[] {
  const living = record.holders.filter(isAlive);
  if (living.length === record.holders.length) return record.holders;
  if (living.length > 0) return living;
  return scanProcesses()
    .filter((stat) => isLiving(stat) && stat.pid !== process.pid)
    .flatMap(({ pid, startTicks }) =>
      [1, 2]
        .filter((descriptor) => identityAt(`/proc/${pid}/fd/${descriptor}`) === record.from)
        .map((descriptor) => ({ pid, startTicks, descriptor })),
    );
}

function identityAt(link: string): string | undefined {
  try {
    return fileIdentity(statSync(link));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/** The very file of a record, as one of its holders has it open still. */
function openHeld({ holders, from, bornAtMs }: CarryRecord): number | undefined {
  for (const holder of holders.filter(isAlive)) {
    let held: number | undefined;
    try {
      held = openSync(`/proc/${holder.pid}/fd/${holder.descriptor}`, O_PATH);
      const stat = fstatSync(held);
      if (fileIdentity(stat) !== from || stat.birthtimeMs !== bornAtMs) continue;
      return openSync(`/proc/self/fd/${held}`, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      // Gone meanwhile, or another user's.
      if (errnoOf(error) === undefined) throw error;
    } finally {
      if (held !== undefined) closeSync(held);
    }
  }
  return undefined;
}
