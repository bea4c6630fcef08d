import { closeSync, constants, mkdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../contract/errors.ts";
import { writeWhole } from "../../host/atomic.ts";
import { openPlain } from "../../host/files/read.ts";
import { encodeRecord, type HistoryEntry, type HistoryRecord } from "../../contract/history.ts";
import { endOf, findRecords, scanRecords, type HistoryQuery } from "./read.ts";
import { removeOld, segmentName, segments } from "./segments.ts";

/*
 * The history: every transition of every process, for people and for the inspector. Nothing hangs on it, so it is never
 * synced: what happens in a turn of the event loop is written at its end, and a daemon that is killed loses that turn
 * at most (the state's own journal loses nothing). It is bounded by size and age: files named by the number of their
 * first record, the oldest of which go.
 */

/** One file; bytes. */
const segmentBytes = 4 * 1024 * 1024;

/** A larger file is not ours; bytes. */
const mostOfSegment = 8 * segmentBytes;

/** All files together; bytes. */
const mostBytes = 64 * 1024 * 1024;

/** Older records are removed, with their file; ms. */
const mostAgeMs = 14 * 24 * 3_600_000;

export interface History {
  /** The number of the last record. */
  readonly lastSeq: number;
  /** Never throws: if the history cannot be written, recording stops; that is logged once, and once when it works again. */
  append(entry: HistoryEntry): void;
  /** The last records that are wanted, oldest first, read in the background. */
  find(query: HistoryQuery): Promise<HistoryRecord[]>;
  /** Reads on in the background, a batch at a time; see `scanRecords`. */
  scan(
    query: Omit<HistoryQuery, "limit">,
    options: { back: boolean },
  ): AsyncGenerator<HistoryRecord[], void>;
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
  let current: { readonly fd: number; bytes: number } | undefined;
  let lastSeq = 0;

  const guard = (work: () => void): void => {
    try {
      work();
      if (isBroken) log("the history can be written again");
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
      try {
        if (current === undefined || current.bytes > limits.segmentBytes) beginSegment(first);
        if (current !== undefined) current.bytes += writeTo(current.fd, text);
      } catch (error) {
        closeCurrent();
        throw error;
      }
    });
  };
  // It is kept open: to open it for each record would cost more than to write it.
  const beginSegment = (first: number): void => {
    closeCurrent();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    current = { fd: openToAppend(join(folder, segmentName(first))), bytes: 0 };
    removeOld(folder, { ...limits, now: now() });
  };
  const closeCurrent = (): void => {
    if (current === undefined) return;
    const { fd } = current;
    current = undefined;
    closeSync(fd);
  };

  guard(() => {
    const last = segments(folder).at(-1);
    if (last === undefined) return;
    // Should it be no file of ours, the next record does not go into it, but into one that begins behind it.
    lastSeq = last.first;
    const { seq, bytes, isCut } = endOf(last.path);
    if (bytes > mostOfSegment) return;
    lastSeq = seq ?? last.first - 1;
    current = { fd: openToAppend(last.path), bytes };
    // A line that a kill has cut is ended, so that the next one is not lost with it.
    if (isCut) writeTo(current.fd, "\n");
  });

  return {
    get lastSeq() {
      return lastSeq;
    },
    append: (entry) => {
      lastSeq += 1;
      const record: HistoryRecord = entry;
      entry.seq = lastSeq;
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(encodeRecord(record));
      for (const listener of listeners) listener(record);
    },
    find: (query) => {
      flush();
      return findRecords(folder, query);
    },
    scan: (query, direction) => {
      flush();
      return scanRecords(folder, query, direction);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush,
  };
}

/** @returns how many bytes it was. */
function writeTo(fd: number, text: string): number {
  const bytes = Buffer.byteLength(text);
  const written = writeSync(fd, text);
  // A full disk takes less than it is given, and says why at the next call.
  if (written < bytes) writeWhole(fd, Buffer.from(text).subarray(written));
  return bytes;
}

function openToAppend(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  return openPlain(path, O_WRONLY | O_APPEND | O_CREAT);
}
