import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";
import { PlaceError, walkTo } from "./place.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Reads a small file that others may have written, replaced or be writing: a fact for who reads it, which is absent
 * when it is anything else than a plain file of that size. Never waits for a pipe, never throws for what is on the disk,
 * and follows a symbolic link only where nobody else could have put it.
 * @param maxBytes a larger file is no fact.
 */
export function readFact(path: string, maxBytes: number): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openFact(path);
    if (descriptor === undefined) return undefined;
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString("utf8", 0, length);
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

/** Whatever the kernel says of a path: there is no fact then. A NUL in a name is refused by Node itself. */
function isOfDisk(error: unknown): boolean {
  const code = errnoOf(error);
  return (
    error instanceof PlaceError ||
    code === "ERR_INVALID_ARG_VALUE" ||
    /^E[A-Z0-9]+$/.test(code ?? "")
  );
}
