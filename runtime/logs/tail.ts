import type { LogLine } from "../api/schemas.ts";
import { followFile } from "./follow.ts";
import { lastLines } from "./last-lines.ts";

export interface LogSource {
  readonly id: number;
  readonly name: string;
  readonly stream: "out" | "err";
  readonly path: string;
}

/** Lines read ahead of a slow reader, per stream of lines; then the files wait. */
const mostBuffered = 1_000;

/** The last lines of log files, and then, if wanted, those that are added, until aborted. */
export async function* streamLogs(options: {
  readonly sources: readonly LogSource[];
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}): AsyncIterable<LogLine> {
  const { lines, follow, signal } = options;
  const sources = [...new Map(options.sources.map((source) => [source.path, source])).values()];
  const ends = new Map<LogSource, number>();
  for (const source of sources) {
    const { lines: last, endBytes } = await lastLines(source.path, lines);
    ends.set(source, endBytes);
    for (const line of last) yield lineOf(source, line, null);
  }
  if (follow) yield* followAll(sources, ends, signal);
}

async function* followAll(
  sources: readonly LogSource[],
  ends: ReadonlyMap<LogSource, number>,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const buffer: LogLine[] = [];
  let failure: unknown;
  let wakeReader: (() => void) | undefined;
  const wakeWriters: (() => void)[] = [];
  const put = async (line: LogLine): Promise<void> => {
    buffer.push(line);
    wakeReader?.();
    if (buffer.length < mostBuffered) return;
    await new Promise<void>((resolve) => wakeWriters.push(resolve));
  };
  const wakeAll = (): void => {
    wakeReader?.();
    for (const wake of wakeWriters.splice(0)) wake();
  };
  signal.addEventListener("abort", wakeAll);
  for (const source of sources) {
    const onLine = (line: string): Promise<void> => put(lineOf(source, line, Date.now()));
    followFile({ path: source.path, fromBytes: ends.get(source) ?? 0, onLine, signal }).catch(
      (error: unknown) => {
        failure = error;
        wakeAll();
      },
    );
  }
  try {
    while (!signal.aborted) {
      if (failure !== undefined) throw failure as Error;
      const line = buffer.shift();
      if (line !== undefined) {
        yield line;
        continue;
      }
      for (const wake of wakeWriters.splice(0)) wake();
      await new Promise<void>((resolve) => {
        wakeReader = resolve;
      });
    }
  } finally {
    wakeAll();
    signal.removeEventListener("abort", wakeAll);
  }
}

function lineOf({ id, name, stream }: LogSource, line: string, at: number | null): LogLine {
  return { id, name, stream, line, at };
}
