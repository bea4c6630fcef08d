import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { ownFilesRule } from "../../../machines/log-rotation.ts";
import { builtProgram } from "../../host/built-program.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { namesOfMany, rotatedFiles } from "../../host/rotation/names.ts";
import type { ProcessDetail } from "../connection/types.ts";
import type { Found, LogFilter } from "../../contract/log-lines/filter.ts";
import { searchFile, type SearchResult, type SearchTask } from "./search-file.ts";

/** One log with what was rotated of it, oldest first; the live file is the last. */
export interface SearchedLog {
  readonly id: number;
  readonly name: string;
  readonly stream: "out" | "err";
  readonly file: string;
  readonly files: readonly string[];
}

/** A line that was found, and whose it is. */
export interface FoundLine extends Found {
  readonly id: number;
  readonly name: string;
  readonly stream: "out" | "err";
  readonly file: string;
}

/** The logs of processes, each file once. */
export function logsOf(
  details: readonly ProcessDetail[],
  streams: readonly ("out" | "err")[],
  filter: Pick<LogFilter, "since">,
): SearchedLog[] {
  const logs = new Map<string, SearchedLog>();
  const names = namesOfMany();
  for (const { id, name, spec } of details) {
    const { out, error, combined } = instanceLogPaths(spec, id);
    const formats = [ownFilesRule.dateSuffix, spec.logs.rotation?.dateSuffix ?? ""].filter(Boolean);
    for (const stream of streams) {
      const file = (stream === "out" ? out : error) ?? combined;
      if (file === null || logs.has(file)) continue;
      const rotated = rotatedFiles({ file, formats, names })
        // Files rotated earlier were written earlier.
        .filter(({ at }) => filter.since === null || at >= filter.since)
        .toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
        .map((each) => join(dirname(file), each.name));
      logs.set(file, { id, name, stream, file, files: [...rotated, file] });
    }
  }
  return [...logs.values()];
}

/** From this size on other threads are worth their start; bytes. */
const worthThreads = 24 * 1024 * 1024;

/** The lines that are looked for, in the order of their times, and where each live file was read to. */
export async function* search(options: {
  readonly logs: readonly SearchedLog[];
  readonly filter: LogFilter;
  readonly most: number | null;
  /** Unfinished lines are left to the follower. */
  readonly follows: boolean;
  readonly onPosition?: (file: string, position: { inode: number; bytes: number }) => void;
}): AsyncIterable<FoundLine> {
  const { logs, filter, most, follows, onPosition } = options;
  const bytes = logs.flatMap(({ files }) => files.map(sizeOf)).reduce((a, b) => a + b, 0);
  const runner = await createRunner(bytes > worthThreads);
  try {
    const streams = logs.map((log) => readLog(log));
    yield* mostOf(merge(streams), most);
  } finally {
    await runner.close();
  }

  /** The next files are searched while the lines of one are given. */
  async function* readLog(log: SearchedLog): AsyncIterable<FoundLine> {
    const { id, name, stream, file, files } = log;
    const begin = (path: string): Promise<SearchResult> => {
      const isWhole = !follows || path !== file;
      const result = runner.run({ file: path, stream, filter, most, isWhole });
      // It is awaited later; until then a failure is unhandled.
      result.catch(() => {});
      return result;
    };
    const waiting: Promise<SearchResult>[] = [];
    const queue = [...files];
    let last: number | null = null;
    for (;;) {
      while (waiting.length < runner.ahead && queue.length > 0)
        waiting.push(begin(queue.shift() ?? ""));
      const next = waiting.shift();
      if (next === undefined) return;
      const { found, position } = await next;
      if (queue.length === 0 && waiting.length === 0 && position !== null)
        onPosition?.(file, position);
      for (const each of found) {
        // Lines without a time at a file's beginning belong to what came before.
        last = each.at ?? last;
        yield { ...each, at: last, id, name, stream, file };
      }
    }
  }
}

interface Runner {
  readonly ahead: number;
  run(task: SearchTask): Promise<SearchResult>;
  close(): Promise<void>;
}

async function createRunner(isLarge: boolean): Promise<Runner> {
  if (!isLarge) return { ahead: 1, run: searchFile, close: async () => {} };
  const { default: Pool } = await import("tinypool");
  const threads = availableParallelism();
  const pool = new Pool({
    filename: builtProgram("log-search.cjs"),
    name: "searchFile",
    minThreads: 1,
    maxThreads: threads,
  });
  return {
    ahead: threads,
    run: (task) => pool.run(task) as Promise<SearchResult>,
    close: () => pool.destroy(),
  };
}

/** The earliest of several; of lines without any time those of the first stream come first. */
async function* merge(streams: readonly AsyncIterable<FoundLine>[]): AsyncIterable<FoundLine> {
  const heads = await Promise.all(
    streams.map(async (stream) => {
      const iterator = stream[Symbol.asyncIterator]();
      return { iterator, head: await iterator.next() };
    }),
  );
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const each of heads) {
      if (each.head.done === true) continue;
      if (first === undefined || timeOf(each.head.value) < timeOf(first.head.value)) first = each;
    }
    if (first === undefined) return;
    yield first.head.value as FoundLine;
    first.head = await first.iterator.next();
  }
}

function timeOf(line: FoundLine | undefined): number {
  return line?.at ?? 0;
}

async function* mostOf(
  lines: AsyncIterable<FoundLine>,
  most: number | null,
): AsyncIterable<FoundLine> {
  if (most === null) {
    yield* lines;
    return;
  }
  let kept: FoundLine[] = [];
  for await (const line of lines) {
    kept.push(line);
    if (kept.length > most * 2 + 1_000) kept = kept.slice(-most);
  }
  yield* most === 0 ? [] : kept.slice(-most);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
