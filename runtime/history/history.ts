import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { decodeRecord, encodeRecord, type HistoryEntry, type HistoryRecord } from "./record.ts";

/*
 * The history: every transition of every process, for people and for the inspector. Nothing hangs on it, so it is never
 * synced: what happens in a turn of the event loop is written at its end, and a daemon that is killed loses that turn
 * at most (the state's own journal loses nothing). It is bounded by size and age: files named by the number of their
 * first record, the oldest of which go.
 */

/** One file; bytes. */
const segmentBytes = 4 * 1024 * 1024;

/** All files together; bytes. */
const mostBytes = 64 * 1024 * 1024;

/** What is older goes, with its file; ms. */
const mostAgeMs = 14 * 24 * 3_600_000;

export interface HistoryQuery {
  /** Only records with a higher number. */
  readonly afterSeq?: number;
  /** Only records from this time on, in ms since the epoch. */
  readonly since?: number;
  readonly ids?: readonly number[];
  /** The last so many. */
  readonly limit?: number;
}

export interface History {
  /** The number of the last record. */
  readonly lastSeq: number;
  /** Never throws: a history that cannot be written is said once, and goes on without. */
  append(entry: HistoryEntry): void;
  /** Oldest first. */
  read(query: HistoryQuery): HistoryRecord[];
  subscribe(listener: (record: HistoryRecord) => void): () => void;
  /** Writes what is waiting. */
  flush(): void;
}

export function openHistory(options: {
  readonly folder: string;
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly segmentBytes?: number;
  readonly mostBytes?: number;
  readonly mostAgeMs?: number;
}): History {
  const { folder, now, log } = options;
  const limits = {
    segmentBytes: options.segmentBytes ?? segmentBytes,
    mostBytes: options.mostBytes ?? mostBytes,
    mostAgeMs: options.mostAgeMs ?? mostAgeMs,
  };
  const listeners = new Set<(record: HistoryRecord) => void>();
  let isBroken = false;
  let waiting: string[] = [];
  let current: { path: string; bytes: number } | undefined;
  let lastSeq = 0;

  const guard = (work: () => void): void => {
    try {
      work();
      isBroken = false;
    } catch (error) {
      if (!isBroken) log(`the history cannot be written: ${messageOf(error)}`);
      isBroken = true;
    }
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const text = waiting.join("");
    const first = lastSeq - waiting.length + 1;
    waiting = [];
    guard(() => {
      if (current === undefined || current.bytes > limits.segmentBytes) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        current = { path: join(folder, segmentName(first)), bytes: 0 };
        removeOld(folder, { ...limits, now: now() });
      }
      appendFileSync(current.path, text, { mode: 0o600 });
      current.bytes += Buffer.byteLength(text);
    });
  };

  guard(() => {
    const last = segments(folder).at(-1);
    if (last === undefined) return;
    const records = recordsIn(last.path);
    lastSeq = records.at(-1)?.seq ?? last.first - 1;
    const text = readFileSync(last.path);
    current = { path: last.path, bytes: text.length };
    // A line that a kill has cut is ended, so that the next one is not lost with it.
    if (text.length > 0 && text.at(-1) !== 0x0a) appendFileSync(last.path, "\n");
  });

  return {
    get lastSeq() {
      return lastSeq;
    },
    append: (entry) => {
      lastSeq += 1;
      const record = { ...entry, seq: lastSeq };
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(encodeRecord(record));
      for (const listener of listeners) listener(record);
    },
    read: (query) => {
      flush();
      return readRecords(folder, query);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush,
  };
}

function readRecords(folder: string, query: HistoryQuery): HistoryRecord[] {
  const { afterSeq = 0, since = 0, ids, limit = Number.POSITIVE_INFINITY } = query;
  const isWanted = (record: HistoryRecord): boolean => {
    if (record.seq <= afterSeq || record.at < since) return false;
    if (ids === undefined || record.kind === "daemon") return true;
    return record.kind === "reload"
      ? record.reload?.ids.some((id) => ids.includes(id)) === true
      : ids.includes(record.id);
  };
  const found: HistoryRecord[][] = [];
  let count = 0;
  // From the newest file back, until there are enough or all others are older.
  for (const { path, first } of segments(folder).toReversed()) {
    const all = recordsIn(path);
    const wanted = all.filter(isWanted);
    found.unshift(wanted);
    count += wanted.length;
    if (count >= limit || first <= afterSeq + 1 || (all[0]?.at ?? 0) < since) break;
  }
  const records = found.flat();
  return limit === Number.POSITIVE_INFINITY ? records : records.slice(-limit);
}

function recordsIn(path: string): HistoryRecord[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .map(decodeRecord)
    .filter((record) => record !== undefined);
}

interface Segment {
  readonly path: string;
  /** Number of its first record. */
  readonly first: number;
}

/** Oldest first. */
function segments(folder: string): Segment[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d{12}\.ndjson$/.test(name))
    .sort()
    .map((name) => ({ path: join(folder, name), first: Number(name.slice(0, 12)) }));
}

function segmentName(first: number): string {
  return `${String(first).padStart(12, "0")}.ndjson`;
}

function removeOld(
  folder: string,
  limits: { segmentBytes: number; mostBytes: number; mostAgeMs: number; now: number },
): void {
  let bytes = limits.segmentBytes;
  for (const { path } of segments(folder).toReversed()) {
    const { size, mtimeMs } = statSync(path);
    bytes += size;
    if (bytes > limits.mostBytes || limits.now - mtimeMs > limits.mostAgeMs) rmSync(path);
  }
}
