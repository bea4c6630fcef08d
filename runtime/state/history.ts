import { setImmediate } from "node:timers/promises";
import { decodeLine, type Line, readLines, segmentPaths, UnreadableSegment } from "./segment.ts";
import type { JournalRecord } from "./schema.ts";

/**
 * The last `limit` records of one process, oldest first, from the journal's segments. A segment that cannot be
 * read is passed over: the history is for people, the state does not hang on it.
 */
export async function readHistory(
  directory: string,
  processId: number,
  limit: number,
): Promise<JournalRecord[]> {
  let found: JournalRecord[] = [];
  for (const path of segmentPaths(directory).toReversed()) {
    if (found.length >= limit) break;
    const before = found[0]?.seq ?? Number.POSITIVE_INFINITY;
    const { records, isStart } = recordsOf(path, processId, limit - found.length, before);
    found = [...records, ...found];
    if (isStart) break;
    // A segment takes milliseconds: let the daemon answer others in between.
    await setImmediate();
  }
  return found;
}

interface Found {
  readonly records: JournalRecord[];
  /** What came before was another process's: ids are used again. */
  readonly isStart: boolean;
}

/** `before`: a segment may have moved to an older name since the one before it was read. */
function recordsOf(path: string, id: number, limit: number, before: number): Found {
  const records: JournalRecord[] = [];
  let isStart = false;
  try {
    for (const line of readLines(path)) {
      if (!mayBeAbout(line, id)) continue;
      const decoded = decodeLine(line);
      if (decoded.kind !== "record" || decoded.record.seq >= before) continue;
      if (!isAbout(decoded.record, id)) continue;
      if (decoded.record.type === "process.removed") {
        if (!decoded.record.isLast) continue;
        records.length = 0;
        isStart = true;
        continue;
      }
      records.push(decoded.record);
      if (records.length > limit) records.shift();
    }
  } catch (error) {
    if (!(error instanceof UnreadableSegment)) throw error;
  }
  return { records, isStart };
}

/** Saves parsing the lines of all other processes. */
function mayBeAbout(line: Line, id: number): boolean {
  if (line.bytes === null) return false;
  return line.bytes.includes(`"id":${id}`) || line.bytes.includes('"reload.changed"');
}

function isAbout(record: JournalRecord, id: number): boolean {
  if (record.type === "process.changed") return record.facts.id === id;
  if (record.type === "process.removed") return record.id === id;
  if (record.type !== "reload.changed") return false;
  const { pending, batch, done, takenOut } = record.reload;
  return [pending, batch, done, takenOut].some((ids) => ids.includes(id));
}
