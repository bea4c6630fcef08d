import { setMaxListeners } from "node:events";
import type { LogLine } from "../../contract/api/schemas.ts";
import { followFile, type Position } from "./follow.ts";
import { timedLastLines } from "./last-lines.ts";
import { statLog } from "./open-to-read.ts";

export interface LogSource {
  readonly id: number;
  readonly name: string;
  readonly stream: "out" | "err";
  readonly path: string;
  /** Where to begin; the last lines and then the end by default. */
  readonly from?: Position | undefined;
}

/** An unfinished line is shown as it is after this time, such as a prompt or a program's last words; ms. */
const unfinishedAfterMs = 400;

/** Lines read ahead of a slow reader, per stream of lines; then the files wait. */
const mostBuffered = 1_000;

/** The last lines of log files, and then, if wanted, those that are added, as many as there are at a time, until aborted. */
export async function* streamLogs(options: {
  readonly sources: readonly LogSource[];
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** The most that is read of a file for its last lines. */
  readonly mostBytes?: number;
  /** Told the files that come later; for as long as it is followed. */
  readonly watchLater?: (add: (source: LogSource) => void) => () => void;
}): AsyncIterable<readonly LogLine[]> {
  const { lines, follow, signal, watchLater } = options;
  // One for each file.
  setMaxListeners(0, signal);
  const followed = new Map<string, LogSource>();
  const following = createFollowing(signal);
  const add = (source: LogSource): void => {
    if (followed.has(source.path)) return;
    followed.set(source.path, source);
    following.add(source);
  };
  const ready: LogSource[] = [];
  // From now on, so that nothing that is declared while the last lines are read is missed.
  const stop = follow ? watchLater?.((source) => ready.push(source)) : undefined;
  try {
    const sources = [...new Map(options.sources.map((each) => [each.path, each])).values()];
    const begun: LogSource[] = [];
    for (const source of sources) {
      // Without lines of before it is followed from this very moment.
      if (source.from !== undefined || lines === 0) {
        begun.push({ ...source, from: source.from ?? endOf(source.path) });
        continue;
      }
      const inode = inodeOf(source.path);
      const { lines: last, endBytes } = await timedLastLines(source.path, lines, {
        isWhole: follow,
        mostBytes: options.mostBytes,
      });
      if (last.length > 0) yield last.map(({ line, at }) => lineOf(source, line, at, null));
      begun.push({ ...source, from: { inode, bytes: endBytes } });
    }
    if (!follow) return;
    for (const source of begun) add(source);
    const late = setInterval(() => {
      for (const source of ready.splice(0)) add(source);
    }, 50);
    try {
      yield* following.lines();
    } finally {
      clearInterval(late);
    }
  } finally {
    stop?.();
  }
}

/** What several files get, in one stream that its reader holds up. */
function createFollowing(signal: AbortSignal) {
  const buffer: LogLine[] = [];
  let failure: unknown;
  let wakeReader: (() => void) | undefined;
  const wakeWriters: (() => void)[] = [];
  /** @returns what to wait for when the reader is slower. */
  const put = (line: LogLine): Promise<void> | undefined => {
    buffer.push(line);
    wakeReader?.();
    if (buffer.length < mostBuffered) return undefined;
    return new Promise<void>((resolve) => wakeWriters.push(resolve));
  };
  const wakeAll = (): void => {
    wakeReader?.();
    for (const wake of wakeWriters.splice(0)) wake();
  };
  return {
    add: (source: LogSource): void => {
      followFile({
        path: source.path,
        fromBytes: source.from?.bytes ?? 0,
        fromInode: source.from?.inode || undefined,
        onLine: (line, position) => put(lineOf(source, line, Date.now(), position)),
        unfinishedAfterMs,
        signal,
      }).catch((error: unknown) => {
        failure = error;
        wakeAll();
      });
    },
    lines: async function* (): AsyncIterable<readonly LogLine[]> {
      signal.addEventListener("abort", wakeAll);
      try {
        while (!signal.aborted) {
          if (failure !== undefined) throw failure as Error;
          if (buffer.length > 0) {
            yield buffer.splice(0);
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
    },
  };
}

/** Where a file ends now; a file that is not there yet is followed from its beginning. */
export function endOf(path: string): Position {
  const stat = statLog(path);
  return { inode: stat?.ino ?? 0, bytes: stat?.size ?? 0 };
}

function inodeOf(path: string): number {
  return statLog(path)?.ino ?? 0;
}

function lineOf(
  { id, name, stream, path: file }: LogSource,
  line: string,
  at: number | null,
  position: Position | null,
): LogLine {
  return { id, name, stream, line, at, file, position };
}
