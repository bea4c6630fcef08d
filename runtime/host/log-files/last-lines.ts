import { openLogToRead, statLog } from "./open-to-read.ts";

const blockBytes = 64 * 1024;

/** No more is held in memory, however long the lines are; of the first of them the end is given then. */
const mostHeldBytes = 32 * 1024 * 1024;

/**
 * The last whole lines of a file, and where the last of them ended: following continues from there.
 * @returns no lines and 0 for a file that is not there.
 */
export async function lastLines(
  path: string,
  count: number,
  mostBytes = mostHeldBytes,
): Promise<{ lines: string[]; endBytes: number }> {
  const { lines, endBytes } = await readBackwards(path, count, mostBytes);
  return { lines: count === 0 ? [] : lines.slice(-count), endBytes };
}

/** One of the last lines of a file. */
export interface LastLine {
  readonly line: string;
  /** When it was written: known for the last line of a file only. ms since the epoch. */
  readonly at: number | null;
}

/**
 * The last lines of a file with what is known of their times.
 * @param options.isWhole omits an unfinished line: a follower of the file gets it later.
 */
export async function timedLastLines(
  path: string,
  count: number,
  { isWhole, mostBytes }: { isWhole: boolean; mostBytes?: number | undefined },
): Promise<{ lines: LastLine[]; endBytes: number }> {
  const { lines, endBytes, unfinished, writtenAt } = await readBackwards(path, count, mostBytes);
  const hasMore = unfinished !== null && !isWhole;
  const all = (hasMore ? [...lines, unfinished] : lines).slice(-count);
  const last = unfinished !== null && isWhole ? -1 : all.length - 1;
  const timed = all.map((line, index) => ({ line, at: index === last ? writtenAt : null }));
  return { lines: count === 0 ? [] : timed, endBytes };
}

/** `unfinished`: what follows the last newline, or `null`. `writtenAt`: when something was written last. */
async function readBackwards(
  path: string,
  count: number,
  mostBytes = mostHeldBytes,
): Promise<{
  lines: string[];
  endBytes: number;
  unfinished: string | null;
  writtenAt: number | null;
}> {
  const file = await openLogToRead(path);
  if (file === undefined) return { lines: [], endBytes: 0, unfinished: null, writtenAt: null };
  try {
    const { size, mtimeMs } = await file.stat();
    const blocks: Buffer[] = [];
    let newlines = 0;
    // One more newline than lines: the first of them ends the line before.
    for (let start = size; start > 0 && newlines <= count && size - start < mostBytes;) {
      const length = Math.min(blockBytes, start);
      start -= length;
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, start);
      blocks.push(block);
      for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) newlines += 1;
    }
    const bytes = Buffer.concat(blocks.toReversed());
    const end = bytes.lastIndexOf(0x0a) + 1;
    const lines = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
    const unfinished = end < bytes.length ? bytes.toString("utf8", end) : null;
    return {
      lines,
      endBytes: size - (bytes.length - end),
      unfinished,
      writtenAt: Math.floor(mtimeMs),
    };
  } finally {
    await file.close();
  }
}

/** The size of a file, 0 when it is not there. */
export function sizeOf(path: string | null): number {
  return path === null ? 0 : (statLog(path)?.size ?? 0);
}

/** The last lines of a file among those written since it had a size. */
export async function linesSince(
  path: string | null,
  fromBytes: number,
  count: number,
): Promise<string[]> {
  if (path === null) return [];
  const longest = 64 * 1024;
  const { lines: whole, endBytes, unfinished } = await readBackwards(path, count);
  const lines = [...whole, ...(unfinished === null ? [] : [unfinished])].slice(-count);
  const size = endBytes + Buffer.byteLength(unfinished ?? "");
  // A file no longer than the addition was written within it; an emptied file has started over.
  let room = size >= fromBytes ? size - fromBytes : Math.min(size, longest);
  const since: string[] = [];
  for (const [index, line] of lines.toReversed().entries()) {
    room -= Buffer.byteLength(line) + (index === 0 && unfinished !== null ? 0 : 1);
    if (room < 0) break;
    since.unshift(line);
  }
  return since;
}
