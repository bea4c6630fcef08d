import * as v from "valibot";
import { historyRecordSchema } from "../../contract/api/history-schemas.ts";
import {
  decodeRecord,
  headOf,
  type HistoryKind,
  type HistoryRecord,
} from "../../contract/history.ts";
import { endOfFile, linesOfFile } from "./lines.ts";
import { createPacer } from "./turns.ts";
import { beginningOf, segments, type Segment } from "./segments.ts";

export interface HistoryQuery {
  /** Only records with a higher number. */
  readonly afterSeq?: number;
  /** Only records with a lower number. */
  readonly beforeSeq?: number;
  /** Only records from this time on, in ms since the epoch. */
  readonly since?: number;
  /** Only records up to this time. */
  readonly until?: number;
  /** Only of these processes: what they did, and what their reloads and apps did; God and daemons are of all. */
  readonly ids?: readonly number[];
  /** Only of the apps with these keys; God and daemons are of all. */
  readonly apps?: readonly string[];
  readonly kinds?: readonly HistoryKind[];
  /** The last N. */
  readonly limit?: number;
}

/** No answer holds more records than this. */
export const mostRecords = 10_000;

/**
 * The last records that a query wants, oldest first. It reads from the newest file that can hold them back to the oldest, and each from its
 * end: the last records before a moment cost what lies between them and not the whole history. A line is parsed only
 * when its number, time and process are wanted.
 */
export async function findRecords(folder: string, query: HistoryQuery): Promise<HistoryRecord[]> {
  const limit = Math.min(query.limit ?? mostRecords, mostRecords);
  const found: HistoryRecord[] = [];
  for await (const batch of scanRecords(folder, query, { back: true })) {
    found.push(...batch.slice(0, limit - found.length));
    if (found.length >= limit) break;
  }
  return found.toReversed();
}

/**
 * Reads a time of the history in the background: a batch at a time, and others have their turn between two.
 * @param options.back from the newest record to the oldest.
 */
export async function* scanRecords(
  folder: string,
  query: Omit<HistoryQuery, "limit">,
  options: { back: boolean },
): AsyncGenerator<HistoryRecord[], void> {
  const files = wantedSegments(folder, query);
  const wanted = compile(query);
  const pacer = createPacer();
  let batch: HistoryRecord[] = [];
  for (const { path } of options.back ? files.toReversed() : files) {
    for await (const text of linesOfFile(path, options)) {
      for (const line of options.back ? linesBack(text) : linesOf(text)) {
        if (mayBeWanted(text, line.start, wanted)) {
          const record = recordFrom(text.slice(line.start, line.end));
          if (record !== undefined && isWanted(record, wanted)) batch.push(record);
        }
        if (!pacer.isDue()) continue;
        yield batch;
        batch = [];
        await pacer.pause();
      }
    }
  }
  yield batch;
}

/** @returns `undefined` for an invalid line: torn by a kill, damaged, or of another shape. */
function recordFrom(line: string): HistoryRecord | undefined {
  const record = decodeRecord(line);
  return record !== undefined && v.is(historyRecordSchema, record) ? record : undefined;
}

/** Where a file ends: the number of its last whole record, its size, and whether its last line was cut. */
export function endOf(path: string): { seq: number | undefined; bytes: number; isCut: boolean } {
  const lastSeq = (text: string): number | undefined => {
    for (const { start, end } of linesBack(text)) {
      const record = recordFrom(text.slice(start, end));
      if (record !== undefined) return record.seq;
    }
    return undefined;
  };
  const { text, bytes, isCut } = endOfFile(path, (some) => lastSeq(some) !== undefined);
  return { seq: lastSeq(text), bytes, isCut };
}

/** The files that can hold records of a query, oldest first: by the number in their name and the time of their first line. */
function wantedSegments(folder: string, query: HistoryQuery): Segment[] {
  const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY } = query;
  const { since = 0, until = Number.POSITIVE_INFINITY } = query;
  const all = segments(folder);
  return all.filter((segment, index) => {
    const next = all[index + 1];
    if (segment.first >= beforeSeq || (next !== undefined && next.first <= afterSeq + 1)) {
      return false;
    }
    if (until !== Number.POSITIVE_INFINITY && (beginningOf(segment) ?? 0) > until) return false;
    const nextBegins = since === 0 || next === undefined ? undefined : beginningOf(next);
    return nextBegins === undefined || nextBegins >= since;
  });
}

interface Line {
  readonly start: number;
  readonly end: number;
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end > start) yield { start, end };
    start = end + 1;
  }
}

/** From the last line to the first. */
function* linesBack(text: string): Generator<Line> {
  for (let end = text.length; end > 0;) {
    const start = text.lastIndexOf("\n", end - 1) + 1;
    if (end > start) yield { start, end };
    end = start - 1;
  }
}

/** A query as it is asked of every line: a list of ids may be as long as the history. */
interface Wanted {
  readonly afterSeq: number;
  readonly beforeSeq: number;
  readonly since: number;
  readonly until: number;
  readonly ids: ReadonlySet<number> | undefined;
  readonly apps: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<string> | undefined;
}

function compile(query: HistoryQuery): Wanted {
  const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY } = query;
  const { since = 0, until = Number.POSITIVE_INFINITY, ids, apps, kinds } = query;
  return {
    afterSeq,
    beforeSeq,
    since,
    until,
    ids: ids && new Set(ids),
    apps: apps && new Set(apps),
    kinds: kinds && new Set(kinds),
  };
}

/** Judges a line by its beginning: number, time, kind, and of a process its id. */
function mayBeWanted(text: string, start: number, wanted: Wanted): boolean {
  const head = headOf(text, start);
  if (head === undefined) return true;
  const { afterSeq, beforeSeq, since, until, ids, kinds } = wanted;
  if (head.seq <= afterSeq || head.seq >= beforeSeq) return false;
  if (head.at < since || head.at > until) return false;
  if (kinds !== undefined && head.kind !== undefined && !kinds.has(head.kind)) return false;
  return ids === undefined || head.id === undefined || ids.has(head.id);
}

function isWanted(record: HistoryRecord, wanted: Wanted): boolean {
  const { afterSeq, beforeSeq, since, until, ids, apps, kinds } = wanted;
  const { seq, at, kind, app } = record;
  if (seq <= afterSeq || seq >= beforeSeq || at < since || at > until) return false;
  if (kinds?.has(kind) === false) return false;
  if (kind === "daemon" || kind === "god") return true;
  if (apps?.has(app) === false) return false;
  return ids === undefined || idsOf(record).some((id) => ids.has(id));
}

/** The processes that a record tells of. */
function idsOf({ kind, id, reload, context }: HistoryRecord): readonly number[] {
  if (kind === "reload") return reload?.ids ?? [];
  if (kind !== "app") return [id];
  const processes = context?.["processes"];
  return Array.isArray(processes) ? processes.filter((each) => typeof each === "number") : [];
}
