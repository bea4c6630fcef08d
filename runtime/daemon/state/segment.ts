import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { openPlain } from "../../host/files/read.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { parseJson } from "../../host/parse-json.ts";
import type { JournalRecord } from "./entries.ts";
import { faultOf, journalRecordSchema } from "./schema.ts";

/** How many full segments are kept beside the current one. */
export const keptSegments = 4;

const chunkBytes = 256 * 1024;

/** No record comes near; a longer line is garbage, and is not held in memory to find that out. */
const maxLineBytes = 64 * 1024 * 1024;

/** Every line of a journal starts with these bytes; what is torn off starts with some of them. */
const lineStart = Buffer.from('{"v":1,"seq":');

/** A line with its newline cut off. `bytes` is `null` when it is longer than any record. */
export interface Line {
  readonly bytes: Buffer | null;
  /** Offset of the first byte after it and its newline. */
  readonly end: number;
  readonly hasNewline: boolean;
}

/** What a line turned out to be. */
export type Decoded =
  | { readonly kind: "record"; readonly record: JournalRecord }
  /** JSON of ours, but not a record this version can use. */
  | { readonly kind: "refused"; readonly seq: number; readonly why: string }
  | { readonly kind: "garbage" };

/** The journal's files, oldest first; the last is the one written to. */
export function segmentPaths(directory: string): string[] {
  const paths = [join(directory, "journal.ndjson")];
  for (let i = 1; i <= keptSegments; i++) paths.unshift(join(directory, `journal.${i}.ndjson`));
  return paths;
}

/** The line of a record. */
export function encodeLine(seq: number, entry: object): string {
  return `{"v":1,"seq":${seq},${JSON.stringify(entry).slice(1)}\n`;
}

/** The number of the record on a line, without parsing it; `null` when it does not look like one of ours. */
export function seqOf(line: Line): number | null {
  const head = line.bytes?.toString("latin1", 0, 40) ?? "";
  const found = /^\{"v":1,"seq":(\d{1,15}),/.exec(head);
  return found === null ? null : Number(found[1]);
}

/** Whether a line can be the beginning of one of ours that was cut short. */
export function isTornRecord(line: Line): boolean {
  const head = line.bytes?.subarray(0, lineStart.length) ?? Buffer.alloc(0);
  return line.bytes !== null && head.equals(lineStart.subarray(0, head.length));
}

export function decodeLine(line: Line): Decoded {
  if (line.bytes === null || !line.hasNewline) return { kind: "garbage" };
  let value: unknown;
  try {
    value = parseJson(line.bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "garbage" };
  }
  const parsed = v.safeParse(journalRecordSchema, value);
  if (parsed.success) return { kind: "record", record: parsed.output };
  const seq = seqOf(line);
  return seq === null ? { kind: "garbage" } : { kind: "refused", seq, why: faultOf(parsed.issues) };
}

/** A journal file that cannot be read at all. */
export class UnreadableSegment extends Error {
  override readonly name = "UnreadableSegment";
}

/**
 * The lines of a file, in order, a chunk at a time; none for a file that does not exist.
 * @throws UnreadableSegment when it cannot be read or is not a file.
 */
export function* readLines(path: string): Generator<Line, void, undefined> {
  const fd = openForReading(path);
  if (fd === null) return;
  try {
    yield* linesOf(fd);
  } finally {
    closeSync(fd);
  }
}

function* linesOf(fd: number): Generator<Line, void, undefined> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  let end = 0;
  const finish = (hasNewline: boolean): Line => {
    const bytes = partBytes > maxLineBytes ? null : Buffer.concat(parts, partBytes);
    parts = [];
    partBytes = 0;
    return { bytes, end, hasNewline };
  };
  for (;;) {
    const chunk = readChunk(fd);
    if (chunk.length === 0) break;
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(0x0a, start);
      const part = chunk.subarray(start, newline === -1 ? chunk.length : newline);
      partBytes += part.length;
      end += part.length;
      if (partBytes > maxLineBytes) parts = [];
      else parts.push(part);
      if (newline === -1) break;
      end += 1;
      yield finish(true);
      start = newline + 1;
    }
  }
  if (partBytes > 0) yield finish(false);
}

function readChunk(fd: number): Buffer {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  try {
    return chunk.subarray(0, readSync(fd, chunk));
  } catch (error) {
    throw new UnreadableSegment(messageOf(error), { cause: error });
  }
}

/** A segment is closed at some MB; a larger one would keep the daemon from coming up in time; bytes. */
const mostBytes = 256 * 1024 * 1024;

function openForReading(path: string): number | null {
  let fd: number;
  try {
    fd = openPlain(path, constants.O_RDONLY);
  } catch (error) {
    const errno = errnoOf(error);
    // ENOTDIR: the state folder itself is a file.
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    throw new UnreadableSegment(messageOf(error), { cause: error });
  }
  if (fstatSync(fd).size <= mostBytes) return fd;
  closeSync(fd);
  throw new UnreadableSegment("it is too large to be a journal");
}
