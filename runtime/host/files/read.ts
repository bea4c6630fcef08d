import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";
import { openPlace } from "./open.ts";
import { PlaceError, walkTo } from "./place.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

const mebibyte = 1024 * 1024;

/** It is not a plain file, or is larger than it should be. */
export class UnusableFile extends Error {
  readonly code = "ERR_UNUSABLE_FILE";
}

/**
 * Opens a file of our own, in a folder of our own: links are followed there, but whatever else took its place is refused, and
 * never waited for.
 * @param flags of open(2); `O_NONBLOCK` is added.
 * @throws `UnusableFile` for what is not a plain file, and the errno of what failed.
 */
export function openPlain(path: string, flags: number, mode = 0o600): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | O_NONBLOCK, mode);
  } catch (error) {
    // What open(2) returns for a pipe without a reader, or for a socket.
    if (errnoOf(error) === "ENXIO") throw new UnusableFile("it is a pipe or a socket");
    throw error;
  }
  try {
    const fault = faultOf(fstatSync(descriptor));
    if (fault !== undefined) throw new UnusableFile(`it is ${fault}`);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function faultOf(stat: Stats): string | undefined {
  if (stat.isFile()) return undefined;
  if (stat.isDirectory()) return "a folder";
  if (stat.isFIFO()) return "a pipe";
  return "a device";
}

/**
 * Reads such a file as a whole.
 * @param mostBytes of a larger one nothing is read.
 * @throws as `openPlain`; `ENOENT` is left to the caller.
 */
export function readPlain(path: string, mostBytes = 64 * mebibyte): string {
  const descriptor = openPlain(path, O_RDONLY);
  try {
    const { size } = fstatSync(descriptor);
    if (size > mostBytes) throw tooLarge(size, mostBytes);
    return readAll(descriptor, size).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The same of a file that need not be there.
 * @returns `undefined` where there is none, or where the process that it tells of has gone (proc(5)).
 * @throws as `openPlain`.
 */
export function readIfThere(path: string, mostBytes?: number): string | undefined {
  try {
    return readPlain(path, mostBytes);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
}

/**
 * Reads a file as a whole where others may have put something in its place (`open.ts`).
 * @returns `undefined` for what is not a plain file, or a larger one.
 * @throws `PlaceError` for what is refused, and the errno of what failed.
 */
export function readAmongOthers(path: string, mostBytes: number): string | undefined {
  const { descriptor, stat } = openPlace(path, { flags: O_RDONLY });
  try {
    if (!stat.isFile() || stat.size > mostBytes) return undefined;
    return readAll(descriptor, stat.size).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The last bytes of such a file.
 * @throws as `openPlain`.
 */
export function readEnd(path: string, mostBytes: number): string {
  const descriptor = openPlain(path, O_RDONLY);
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - mostBytes);
    return readAll(descriptor, size - from, from).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The last lines of such a file, out of its last bytes.
 * @throws as `openPlain`.
 */
export function lastLinesOf(path: string, lines: number, mostBytes: number): string[] {
  return readEnd(path, mostBytes).trimEnd().split("\n").slice(-lines);
}

function tooLarge(size: number, mostBytes: number): UnusableFile {
  const [is, most] = [size, mostBytes].map((bytes) => Math.ceil(bytes / mebibyte));
  return new UnusableFile(`it is too large (${is} MB; at most ${most} MB are read)`);
}

/** It may get shorter meanwhile. */
function readAll(descriptor: number, size: number, from = 0): Buffer {
  if (size === 0 && from === 0) return readWithoutSize(descriptor);
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const read = readSync(descriptor, bytes, length, size - length, from + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/** The kernel's own files (proc(5)) have no size and something in them; none of those that are read is larger. */
function readWithoutSize(descriptor: number): Buffer {
  const bytes = Buffer.alloc(64 * 1024);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/**
 * Reads a small file that others may have written, replaced or be writing: a fact for the reader, which is absent
 * when it is anything else than a plain file of that size. Never waits for a pipe, never throws for what is on the disk,
 * and follows a symbolic link only where nobody else could have created it.
 * @param maxBytes a larger file is not a fact.
 */
export function readFact(path: string, maxBytes: number): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openFact(path);
    if (descriptor === undefined) return undefined;
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > maxBytes) return undefined;
    return readAll(descriptor, stat.size).toString("utf8");
  } catch (error) {
    if (isOfDisk(error)) return undefined;
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The same of what is JSON: what cannot be parsed is absent too. */
export function readJsonFact(path: string, maxBytes: number): unknown {
  const text = readFact(path, maxBytes);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Half written, nested too deep, or no JSON at all.
    return undefined;
  }
}

function openFact(path: string): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) !== "ELOOP") throw error;
  }
  const place = walkTo(path);
  try {
    return place.isTrusted ? openSync(place.at, O_RDONLY | O_NONBLOCK) : undefined;
  } finally {
    place.close();
  }
}

/** On any error of the kernel about a path there is no fact. A NUL in a name is refused by Node itself. */
function isOfDisk(error: unknown): boolean {
  const code = errnoOf(error);
  return (
    error instanceof PlaceError ||
    code === "ERR_INVALID_ARG_VALUE" ||
    /^E[A-Z0-9]+$/.test(code ?? "")
  );
}
