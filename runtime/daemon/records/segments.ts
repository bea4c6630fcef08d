import { closeSync, constants, lstatSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { openPlain } from "../../host/files/read.ts";
import { headOf } from "../../contract/history.ts";

/** One file of the history, named by the number of its first record. */
export interface Segment {
  readonly path: string;
  /** Number of its first record. */
  readonly first: number;
}

/** Oldest first. */
export function segments(folder: string): Segment[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d{12}\.ndjson$/.test(name))
    .sort()
    .map((name) => ({ path: join(folder, name), first: Number(name.slice(0, 12)) }));
}

export function segmentName(first: number): string {
  return `${String(first).padStart(12, "0")}.ndjson`;
}

/** When the first record of a file was made; `undefined` when it cannot be said without parsing it. */
export function beginningOf({ path }: Segment): number | undefined {
  const known = beginnings.get(path);
  if (known !== undefined) return known;
  const buffer = Buffer.alloc(80);
  let bytes = 0;
  try {
    const fd = openPlain(path, constants.O_RDONLY);
    try {
      bytes = readSync(fd, buffer, 0, buffer.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  const at = headOf(buffer.toString("latin1", 0, bytes), 0)?.at;
  if (at !== undefined) beginnings.set(path, at);
  return at;
}

/** The first line of a file never changes; there are some sixteen files. */
const beginnings = new Map<string, number>();

export function removeOld(
  folder: string,
  limits: { segmentBytes: number; mostBytes: number; mostAgeMs: number; now: number },
): void {
  let bytes = limits.segmentBytes;
  for (const { path } of segments(folder).toReversed()) {
    const { size, mtimeMs } = lstatSync(path);
    bytes += size;
    if (bytes <= limits.mostBytes && limits.now - mtimeMs <= limits.mostAgeMs) continue;
    rmSync(path, { force: true, recursive: true });
    beginnings.delete(path);
  }
}
