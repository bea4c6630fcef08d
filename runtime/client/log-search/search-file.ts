import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errnoOf } from "../../contract/errors.ts";
import { openLogToRead } from "../../host/log-files/open-to-read.ts";
import { createFilter, type Found, type LogFilter } from "../../contract/log-lines/filter.ts";

/** A file to be searched, by this thread or another. */
export interface SearchTask {
  readonly file: string;
  readonly stream: "out" | "err";
  readonly filter: LogFilter;
  /** At most this many of the last ones; `null` for all. */
  readonly most: number | null;
  /** A line at the end without a newline counts; otherwise who follows gets it. */
  readonly isWhole: boolean;
}

export interface SearchResult {
  readonly found: readonly Found[];
  /** Where the last whole line ended, and the file's inode: following continues from there. */
  readonly position: { readonly inode: number; readonly bytes: number } | null;
}

const blockBytes = 256 * 1024;

/** A line that is longer is taken as several: memory is bounded. */
const longestBytes = 4 * 1024 * 1024;

/** Searches one file. What cannot be read, or is not a file, has no lines; of a damaged one those count that come before. */
export async function searchFile(task: SearchTask): Promise<SearchResult> {
  const { file, stream, filter, most, isWhole } = task;
  const handle = await openLogToRead(file);
  if (handle === undefined) return { found: [], position: null };
  const { ino: inode } = await handle.stat();
  const judge = createFilter(filter, stream);
  let found: Found[] = [];
  let bytes = 0;
  let isOver = false;
  const take = (whole: Buffer): void => {
    const text = whole.toString("utf8");
    let begin = 0;
    while (!isOver && begin < text.length) {
      const newline = text.indexOf("\n", begin);
      const end = newline < 0 ? text.length : newline;
      const judged = judge(text.slice(begin, end));
      if (judged === "over") isOver = true;
      else if (judged !== undefined) found.push(judged);
      begin = end + 1;
    }
    if (most !== null && found.length > most) found = found.slice(-most);
    bytes += whole.length;
  };
  const source = handle.createReadStream({ highWaterMark: blockBytes, autoClose: false });
  const input: Readable = file.endsWith(".gz")
    ? source.pipe(createGunzip({ chunkSize: blockBytes }))
    : source;
  source.on("error", (error) => input.destroy(error));
  let rest: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const newline = chunk.lastIndexOf(10);
      if (newline < 0 && length + chunk.length < longestBytes) {
        rest.push(chunk);
        length += chunk.length;
        continue;
      }
      const end = newline < 0 ? chunk.length : newline + 1;
      take(Buffer.concat([...rest, chunk.subarray(0, end)]));
      rest = end < chunk.length ? [Buffer.from(chunk.subarray(end))] : [];
      length = chunk.length - end;
      if (isOver) break;
    }
    if (!isOver && isWhole && length > 0) take(Buffer.concat(rest));
  } catch (error) {
    // Damaged, cut short, or no such file at all: what came before counts.
    if (errnoOf(error)?.startsWith("Z_") !== true) throw error;
  } finally {
    source.destroy();
    await handle.close();
  }
  return { found, position: file.endsWith(".gz") ? null : { inode, bytes } };
}
