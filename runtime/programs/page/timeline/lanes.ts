import type { ProcessStatus } from "../../../../machines/facts.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import { statusCodes, type Timeline, type TimelineMark } from "../../../contract/inspector.ts";
import { marksOf, reloadLabel, served } from "../../../contract/words/lane-words.ts";
import { Series } from "./series.ts";

/** The lanes of all processes, in columns that grow: a hundred thousand points are some hundred KB and quick to search. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** When daemons started; ms since the epoch. */
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
    const fill = (series: Series, points: readonly number[]): void => {
      for (let index = 0; index + 2 < points.length; index += 3) {
        series.push(timeline.since + (points[index] ?? 0), points[index + 2] ?? 0);
      }
    };
    for (const { id, name, points, others, marks } of timeline.lanes) {
      const lane = new Lane(id, name);
      fill(lane, points);
      fill(lane.others, others);
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
      for (const lane of this.#lanes.values()) lane.begin(at);
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
    if (kind !== "process") return;
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

/** One process: when it came into which status. */
export class Lane extends Series {
  readonly id: number;
  readonly name: string;
  marks: TimelineMark[] = [];
  /** The running version, once a record has given it. */
  runs: string | null = null;
  /** The status of a second generation beside the one that serves: a replacement that starts, or what it replaces. */
  readonly others = new Series();
  /** The state of each recorded generation. */
  readonly #generations = new Map<number, ProcessStatus>();

  constructor(id: number, name: string) {
    super();
    this.id = id;
    this.name = name;
  }

  /** A daemon starts and records every existing generation again. */
  begin(at: number): void {
    this.#generations.clear();
    if (this.others.count > 0) this.others.turn(at, statusCodes.indexOf("removed"));
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
    const { first, second } = served(this.#generations);
    this.turn(at, statusCodes.indexOf(first));
    if (this.others.count > 0 || second !== "removed") {
      this.others.turn(at, statusCodes.indexOf(second));
    }
  }
}
