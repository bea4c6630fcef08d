import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { errnoOf } from "../../contract/errors.ts";
import {
  decodeRecord,
  headOf,
  type HistoryKind,
  type HistoryRecord,
} from "../../contract/history.ts";
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
  /** The last so many. */
  readonly limit?: number;
}

/**
 * Reads from the newest file that can hold what is wanted back to the oldest, and in each from its end: the last
 * records before a moment cost what lies between them and not the whole history. A line is parsed only when its
 * number, time and process are wanted.
 */
export function readRecords(folder: string, query: HistoryQuery): HistoryRecord[] {
  const { limit = Number.POSITIVE_INFINITY } = query;
  const found: HistoryRecord[] = [];
  for (const segment of wantedSegments(folder, query).toReversed()) {
    const text = textOf(segment);
    for (const line of linesBack(text)) {
      if (found.length >= limit) break;
      if (!mayBeWanted(text, line.start, query)) continue;
      const record = decodeRecord(text.slice(line.start, line.end));
      if (record !== undefined && isWanted(record, query)) found.push(record);
    }
    if (found.length >= limit) break;
  }
  return found.toReversed();
}

/** What `readRecords` finds, read in the background: what is rare may be far back. */
export async function findRecords(folder: string, query: HistoryQuery): Promise<HistoryRecord[]> {
  const { limit = Number.POSITIVE_INFINITY } = query;
  const found: HistoryRecord[] = [];
  for await (const batch of scanRecords(folder, query, { back: true })) {
    found.push(...batch.slice(0, limit - found.length));
    if (found.length >= limit) break;
  }
  return found.toReversed();
}

/** Records that one turn of a scan parses; a few ms. */
const recordsPerTurn = 500;

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
  for (const segment of options.back ? files.toReversed() : files) {
    const text = await readLater(segment);
    let batch: HistoryRecord[] = [];
    let looked = 0;
    for (const line of options.back ? linesBack(text) : linesOf(text)) {
      looked += 1;
      if (mayBeWanted(text, line.start, query)) {
        const record = decodeRecord(text.slice(line.start, line.end));
        if (record !== undefined && isWanted(record, query)) batch.push(record);
      }
      if (batch.length < recordsPerTurn && looked < recordsPerTurn * 10) continue;
      yield batch;
      batch = [];
      looked = 0;
      await nextTurn();
    }
    yield batch;
    await nextTurn();
  }
}

/** Where a file ends: the number of its last whole record, its size, and whether its last line was cut. */
export function endOf(path: string): { seq: number | undefined; bytes: number; isCut: boolean } {
  const data = readFileSync(path);
  const text = data.toString("utf8");
  const isCut = text !== "" && !text.endsWith("\n");
  for (const { start, end } of linesBack(text)) {
    const record = decodeRecord(text.slice(start, end));
    if (record !== undefined) return { seq: record.seq, bytes: data.length, isCut };
  }
  return { seq: undefined, bytes: data.length, isCut };
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

/** Judges a line by its beginning: number, time, kind, and of a process its id. */
function mayBeWanted(text: string, start: number, query: HistoryQuery): boolean {
  const head = headOf(text, start);
  if (head === undefined) return true;
  const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY } = query;
  const { since = 0, until = Number.POSITIVE_INFINITY, ids, kinds } = query;
  if (head.seq <= afterSeq || head.seq >= beforeSeq) return false;
  if (head.at < since || head.at > until) return false;
  if (kinds !== undefined && head.kind !== undefined) {
    if (!(kinds as readonly string[]).includes(head.kind)) return false;
  }
  return ids === undefined || head.id === undefined || ids.includes(head.id);
}

function isWanted(record: HistoryRecord, query: HistoryQuery): boolean {
  const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY } = query;
  const { since = 0, until = Number.POSITIVE_INFINITY, ids, apps, kinds } = query;
  const { seq, at, kind, app } = record;
  if (seq <= afterSeq || seq >= beforeSeq || at < since || at > until) return false;
  if (kinds !== undefined && !kinds.includes(kind)) return false;
  if (kind === "daemon" || kind === "god") return true;
  if (apps !== undefined && !apps.includes(app)) return false;
  return ids === undefined || idsOf(record).some((id) => ids.includes(id));
}

/** The processes that a record tells of. */
function idsOf({ kind, id, reload, context }: HistoryRecord): readonly number[] {
  if (kind === "reload") return reload?.ids ?? [];
  return kind === "app" ? ((context?.["processes"] as number[] | undefined) ?? []) : [id];
}

function textOf({ path }: Segment): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // The oldest file goes when a new one begins.
    if (errnoOf(error) !== "ENOENT") throw error;
    return "";
  }
}

async function readLater({ path }: Segment): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return "";
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
