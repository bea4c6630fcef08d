import { basename, join } from "node:path";
import { messageOf } from "../../contract/errors.ts";
import { applyEntry, emptyImage, type Image } from "./image.ts";
import { cutTail, moveAside, removeGarbage, type Repair } from "./repair.ts";
import {
  decodeLine,
  isTornRecord,
  type Line,
  readLines,
  segmentPaths,
  seqOf,
  UnreadableSegment,
} from "./segment.ts";
import { readSnapshot } from "./snapshot.ts";

/*
 * Reading the state back. The newest snapshot that validates is the ground; on it go the journal's records with a
 * higher number, over all segments, oldest first. Records are whole and numbered, so one that the snapshot holds
 * already is passed over, and it does not matter at which step of a compaction the daemon died. Nothing is changed
 * on disk here: what is wrong becomes a repair. Does not protect against a record that is altered and still valid.
 */

export interface Recovery {
  readonly image: Image;
  /** Number of the last record known; the next one gets the one after. */
  readonly seq: number;
  /** Whether the newest snapshot alone would not restore this. */
  readonly isBehind: boolean;
  readonly notes: readonly string[];
  /** To be run before anything is written. */
  readonly repairs: readonly Repair[];
}

/** Never throws for what the files hold or for files that cannot be read. */
export function recover(directory: string, at: number): Recovery {
  const reading = new Reading(directory, at);
  reading.readSnapshots();
  const ground = reading.seq;
  for (const path of segmentsAfter(directory, ground)) reading.replay(path);
  if (reading.missing > 0) {
    reading.notes.push(
      `${reading.missing} records after number ${ground} are in neither a snapshot nor the journal`,
    );
  }
  const { image, seq, notes, repairs } = reading;
  return { image, seq, notes, repairs, isBehind: seq > ground || repairs.length > 0 };
}

/** The segments that can hold records after `seq`, oldest first. */
function segmentsAfter(directory: string, seq: number): string[] {
  const needed: string[] = [];
  for (const path of segmentPaths(directory).toReversed()) {
    needed.unshift(path);
    const first = firstSeq(path);
    if (first !== null && first <= seq + 1) break;
  }
  return needed;
}

function firstSeq(path: string): number | null {
  try {
    for (const line of readLines(path)) return seqOf(line);
  } catch (error) {
    if (!(error instanceof UnreadableSegment)) throw error;
  }
  return null;
}

/** The state of one recovery. */
class Reading {
  image: Image = emptyImage();
  seq = 0;
  missing = 0;
  readonly notes: string[] = [];
  readonly repairs: Repair[] = [];
  readonly #directory: string;
  readonly #at: number;

  constructor(directory: string, at: number) {
    this.#directory = directory;
    this.#at = at;
  }

  readSnapshots(): void {
    for (const name of ["snapshot.json", "snapshot.previous.json"]) {
      const path = join(this.#directory, name);
      const reading = readSnapshot(path);
      if (reading.kind === "invalid") this.repairs.push(moveAside(path, reading.why, this.#at));
      if (reading.kind !== "valid") continue;
      const { image, seq, notes } = reading.snapshot;
      this.image = image;
      this.seq = seq;
      this.notes.push(...notes);
      return;
    }
  }

  replay(path: string): void {
    let garbageLines = 0;
    let keepBytes = 0;
    let last: Line | null = null;
    let lastIsGarbage = false;
    try {
      for (const line of readLines(path)) {
        last = line;
        lastIsGarbage = !this.#take(line, path);
        if (lastIsGarbage) garbageLines += 1;
        else keepBytes = line.end;
      }
    } catch (error) {
      if (!(error instanceof UnreadableSegment)) throw error;
      this.repairs.push(moveAside(path, messageOf(error), this.#at));
      return;
    }
    if (garbageLines === 0) return;
    this.repairs.push(
      garbageLines === 1 && lastIsGarbage && last !== null && isTornRecord(last)
        ? cutTail(path, keepBytes)
        : removeGarbage(path, { garbageLines, keepBytes, at: this.#at }),
    );
  }

  /** @returns whether the line is one of the journal's. */
  #take(line: Line, path: string): boolean {
    const seq = seqOf(line);
    if (seq !== null && seq <= this.seq && line.hasNewline) return true;
    const decoded = decodeLine(line);
    if (decoded.kind === "garbage") return false;
    if (decoded.kind === "refused") {
      this.#reach(decoded.seq);
      this.notes.push(`record ${decoded.seq} of ${basename(path)} was dropped: ${decoded.why}`);
      return true;
    }
    const { record } = decoded;
    if (record.seq <= this.seq) return true;
    this.#reach(record.seq);
    applyEntry(this.image, record);
    return true;
  }

  #reach(seq: number): void {
    this.missing += seq - this.seq - 1;
    this.seq = seq;
  }
}
