import type { HistoryRecord } from "../../../history/record.ts";
import { statusCodes, type Timeline, type TimelineMark } from "../../contract.ts";

/** The lanes of all processes, in columns that grow: a hundred thousand points are some hundred KB and quick to search. */
export class Lanes {
  readonly lanes = new Map<number, Lane>();
  /** When daemons came up; ms since the epoch. */
  daemons: number[] = [];
  lastSeq = 0;
  /** Grows with every change. */
  version = 0;
  /** The time from which on all is known. */
  since: number;

  constructor(since: number) {
    this.since = since;
  }

  /** Takes over what God read of its history. */
  load(timeline: Timeline): void {
    this.lanes.clear();
    this.since = timeline.since;
    this.lastSeq = timeline.lastSeq;
    this.daemons = timeline.daemons.map((at) => at);
    for (const { id, name, points, marks } of timeline.lanes) {
      const lane = new Lane(id, name);
      for (let index = 0; index + 2 < points.length; index += 3) {
        lane.push(
          timeline.since + (points[index] ?? 0),
          points[index + 1] ?? 0,
          points[index + 2] ?? 0,
        );
      }
      lane.marks = marks.map((mark) => ({ ...mark, at: timeline.since + mark.at }));
      this.lanes.set(id, lane);
    }
    this.version += 1;
  }

  /** Adds what has happened since. A record that is known already changes nothing. */
  append(record: HistoryRecord): void {
    if (record.seq <= this.lastSeq) return;
    this.lastSeq = record.seq;
    this.version += 1;
    const { id, at, seq, kind, status, event } = record;
    if (kind === "daemon") {
      if (event === "started") this.daemons.push(at);
      return;
    }
    if (kind === "reload") {
      for (const each of record.reload?.ids ?? []) {
        this.lanes.get(each)?.marks.push({ at, seq, kind: "reload", label: event });
      }
      return;
    }
    const lane = this.lanes.get(id) ?? new Lane(id, record.name);
    this.lanes.set(id, lane);
    lane.name = record.name;
    if (status !== null) lane.push(at, seq, statusCodes.indexOf(status));
    const mark = markOf(record);
    if (mark !== undefined) lane.marks.push(mark);
  }
}

/** How an end is marked: by what asked for it, else by how it ended. */
function markOf({ at, seq, exit }: HistoryRecord): TimelineMark | undefined {
  if (exit === null) return undefined;
  const label = exit.signal ?? (exit.code === null ? "unknown exit" : `code ${exit.code}`);
  const asked = exit.askedBy ?? "";
  const sensor = (["memory", "watch", "cron", "heartbeat"] as const).find((name) =>
    asked.includes(name),
  );
  if (sensor !== undefined) return { at, seq, kind: sensor, label };
  return { at, seq, kind: asked === "" ? "exit" : "restart", label };
}

/** Points per block of the summary. */
const blockSize = 64;

/** One process: when it came into which status. */
export class Lane {
  readonly id: number;
  name: string;
  marks: TimelineMark[] = [];
  count = 0;
  #times = new Float64Array(64);
  #seqs = new Float64Array(64);
  #codes = new Uint8Array(64);
  /** Of each block of points, a bit for every status among them. */
  #blocks = new Uint8Array(8);

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  push(at: number, seq: number, code: number): void {
    if (this.count === this.#times.length) this.#grow();
    this.#times[this.count] = at;
    this.#seqs[this.count] = seq;
    this.#codes[this.count] = code;
    const block = Math.floor(this.count / blockSize);
    this.#blocks[block] = (this.#blocks[block] ?? 0) | (1 << code);
    this.count += 1;
  }

  time(index: number): number {
    return this.#times[index] ?? Number.NaN;
  }

  seq(index: number): number {
    return this.#seqs[index] ?? 0;
  }

  code(index: number): number {
    return this.#codes[index] ?? 0;
  }

  /** The last point at or before a time, looked for from `from` on; -1 when there is none. */
  indexAt(at: number, from = 0): number {
    let low = from;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The number of the status at a time; -1 before the first point. */
  codeAt(at: number): number {
    const index = this.indexAt(at);
    return index < 0 ? -1 : this.code(index);
  }

  /** A bit for every status among some points, the last one included. */
  codesWithin(first: number, last: number): number {
    let bits = 0;
    let index = first;
    while (index <= last) {
      if (index % blockSize === 0 && index + blockSize - 1 <= last) {
        bits |= this.#blocks[index / blockSize] ?? 0;
        index += blockSize;
      } else {
        bits |= 1 << this.code(index);
        index += 1;
      }
    }
    return bits;
  }

  #grow(): void {
    const size = this.#times.length * 2;
    this.#times = grown(this.#times, new Float64Array(size));
    this.#seqs = grown(this.#seqs, new Float64Array(size));
    this.#codes = grown(this.#codes, new Uint8Array(size));
    this.#blocks = grown(this.#blocks, new Uint8Array(Math.ceil(size / blockSize) + 1));
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from as never);
  return into;
}
