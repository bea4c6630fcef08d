import type { ProcessStatus } from "../../../../machines/facts.ts";
import type { HistoryRecord } from "../../../history/record.ts";
import { statusCodes, type Timeline, type TimelineMark } from "../../contract.ts";
import { marksOf, reloadLabel, served } from "../../lane-words.ts";

/** The lanes of all processes, in columns that grow: a hundred thousand points are some hundred KB and quick to search. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
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

  /** By id; two processes that had one id, one after the other, in the order they had it. */
  get all(): Lane[] {
    return [...this.#lanes.values()].sort((one, other) => one.id - other.id);
  }

  /** The lane of a process, or of the last one that had its id. */
  of(id: number): Lane | undefined {
    const own = [...this.#lanes.values()].filter((lane) => lane.id === id);
    return own.reduce<Lane | undefined>(
      (last, lane) => (last === undefined || lane.end >= last.end ? lane : last),
      undefined,
    );
  }

  /** Takes over what God read of its history. */
  load(timeline: Timeline): void {
    this.#lanes.clear();
    this.since = timeline.since;
    this.lastSeq = timeline.lastSeq;
    this.daemons = [...timeline.daemons];
    for (const { id, name, points, marks } of timeline.lanes) {
      const lane = new Lane(id, name);
      for (let index = 0; index + 2 < points.length; index += 3) {
        lane.push(timeline.since + (points[index] ?? 0), points[index + 2] ?? 0);
      }
      lane.marks = marks.map((mark) => ({ ...mark, at: timeline.since + mark.at }));
      this.#lanes.set(keyOf({ id, name }), lane);
    }
    this.version += 1;
  }

  /**
   * Adds what has happened since. A record that is known already changes nothing.
   * @param serving the generation of its process that served before, where it is known.
   */
  append(record: HistoryRecord, serving?: number): void {
    if (record.seq <= this.lastSeq) return;
    this.lastSeq = record.seq;
    this.version += 1;
    const { at, seq, kind, status } = record;
    if (kind === "daemon") {
      this.daemons.push(at);
      return;
    }
    if (kind === "reload") {
      const label = reloadLabel(record);
      if (label === null) return;
      for (const id of record.reload?.ids ?? []) {
        this.of(id)?.marks.push({ at, seq, kind: "reload", label });
      }
      return;
    }
    const key = keyOf(record);
    const lane = this.#lanes.get(key) ?? new Lane(record.id, record.name);
    this.#lanes.set(key, lane);
    if (status !== null) lane.take({ ...record, status }, serving);
    lane.marks.push(...marksOf(record));
    const { version } = record;
    if (version === null) return;
    if (lane.runs !== null && lane.runs !== version) {
      lane.marks.push({ at, seq, kind: "version", label: version });
    }
    lane.runs = version;
  }
}

const keyOf = ({ id, name }: { id: number; name: string }): string => `${id} ${name}`;

/** Points per block of the summary. */
const blockSize = 64;

/** One process: when it came into which status. */
export class Lane {
  readonly id: number;
  readonly name: string;
  marks: TimelineMark[] = [];
  count = 0;
  /** The version that is run, once a record has told it. */
  runs: string | null = null;
  /** What each generation that a record has told of is. */
  readonly #generations = new Map<number, ProcessStatus>();
  #times = new Float64Array(64);
  #codes = new Uint8Array(64);
  /** Of each block of points, a bit for every status among them. */
  #blocks = new Uint8Array(1);

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }

  /** The time of the last point. */
  get end(): number {
    return this.count === 0 ? Number.NEGATIVE_INFINITY : this.time(this.count - 1);
  }

  /** A record of one generation: what its user sees is that of the generation that serves. */
  take(
    { at, generation, status }: { at: number; generation: number; status: ProcessStatus },
    serving: number | undefined,
  ): void {
    const shown = statusCodes[this.code(this.count - 1)];
    if (this.#generations.size === 0 && serving !== undefined && shown !== undefined) {
      if (this.count > 0 && serving !== generation) this.#generations.set(serving, shown);
    }
    if (status === "removed") this.#generations.delete(generation);
    else this.#generations.set(generation, status);
    const code = statusCodes.indexOf(served(this.#generations));
    if (this.count === 0 || this.code(this.count - 1) !== code) this.push(at, code);
  }

  push(at: number, code: number): void {
    if (this.count === this.#times.length) this.#grow();
    this.#times[this.count] = at;
    this.#codes[this.count] = code;
    const block = Math.floor(this.count / blockSize);
    this.#blocks[block] = (this.#blocks[block] ?? 0) | (1 << code);
    this.count += 1;
  }

  time(index: number): number {
    return this.#times[index] ?? Number.NaN;
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
    this.#codes = grown(this.#codes, new Uint8Array(size));
    this.#blocks = grown(this.#blocks, new Uint8Array(size / blockSize));
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
