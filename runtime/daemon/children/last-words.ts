import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";
import type { UncaughtException } from "../../contract/app-link/protocol.ts";

/** Facts are written at every change, so what is kept of an end is small. */
const mostLines = 20;
const mostCharacters = 2_000;
const longestLine = 300;

/** Read from the end of an error log, to find that much in. */
const readBytes = 8 * 1024;

/** Message and top frames. */
const exceptionLines = 10;

/**
 * The last words of an ended life: the exception that nothing caught, with its top frames, else the last lines that
 * it wrote to its errors, the unfinished one too.
 * @param options.fromBytes where the life's part of its error log begins.
 * @returns `undefined` when it said nothing, or its log cannot be read: an end is a fact without it.
 */
export function lastWordsOf(options: {
  readonly errorLog: string | null;
  readonly fromBytes: number;
  readonly exception: UncaughtException | undefined;
  /** Its exit code: an app that ended with 0 has handled its exceptions itself. */
  readonly code: number | null;
}): readonly string[] | undefined {
  const { errorLog, fromBytes, exception, code } = options;
  const lines =
    exception !== undefined && code !== 0
      ? linesOfException(exception)
      : linesOfFile(errorLog, fromBytes);
  const kept = bounded(lines);
  return kept.length === 0 ? undefined : kept;
}

/**
 * The longest that an end waits for words that are on their way, from the moment on in which the lane is up, and in all; and
 * between two looks. ms.
 */
const wordsWithinMs = 500;
const laneWithinMs = 3_000;
const lookEveryMs = 10;

/** What is known of the process that writes an error log in a program's place. */
export interface Writer {
  isUp(): boolean;
  /** Whether everything that the program wrote is in the file. */
  hasWritten(): boolean;
}

/**
 * Reports the words of a program whose lines a lane writes, once they are all there. Without them it reports after a moment:
 * a child of the program may hold the pipe for as long as it runs, and a lane may not start.
 * @returns ends it unreported.
 */
export function waitForWords(writer: Writer, report: () => void): () => void {
  let leftMs = laneWithinMs;
  const timer = setInterval(() => {
    leftMs = Math.min(leftMs - lookEveryMs, writer.isUp() ? wordsWithinMs : laneWithinMs);
    if (leftMs > 0 && !writer.hasWritten()) return;
    clearInterval(timer);
    report();
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** Size of an error log now: a life's part of it begins there. No link is followed: its target is none of our files. */
export function logSize(path: string | null): number {
  if (path === null) return 0;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : 0;
  } catch (error) {
    // A path that cannot be used (ENOTDIR, EACCES, ELOOP) is reported where it is opened.
    if (errnoOf(error) === undefined) throw error;
    return 0;
  }
}

function linesOfException({ stack, message, error }: UncaughtException): string[] {
  const text = stack.trim() === "" ? `${error}: ${message}` : stack;
  return text.split("\n").slice(0, exceptionLines);
}

function linesOfFile(path: string | null, fromBytes: number): string[] {
  if (path === null) return [];
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    // Gone, not ours to read, a link, or no descriptors are left.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return [];
    // A file that is shorter was emptied or rotated since.
    const begin = stat.size < fromBytes ? 0 : fromBytes;
    const start = Math.max(begin, stat.size - readBytes);
    const bytes = Buffer.alloc(stat.size - start);
    const length = readSync(fd, bytes, 0, bytes.length, start);
    const lines = bytes.toString("utf8", 0, length).split(/\r?\n/);
    // The first of them may have begun before.
    return start > begin ? lines.slice(1) : lines;
  } finally {
    closeSync(fd);
  }
}

/** The last lines that fit, without the empty ones around them and without Node's version, which closes every trace. */
function bounded(lines: readonly string[]): string[] {
  const isSaying = (line: string): boolean => line.trim() !== "" && !/^Node\.js v\d/.test(line);
  const first = lines.findIndex(isSaying);
  const last = lines.findLastIndex(isSaying);
  const said = first < 0 ? [] : lines.slice(first, last + 1);
  const kept: string[] = [];
  let room = mostCharacters;
  for (const line of said.toReversed()) {
    const shown = line.length > longestLine ? `${line.slice(0, longestLine)} …` : line;
    room -= shown.length;
    if (room < 0 || kept.length === mostLines) break;
    kept.unshift(shown);
  }
  return kept;
}
