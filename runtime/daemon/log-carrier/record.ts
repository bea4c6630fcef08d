import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { namesIn } from "../../host/files.ts";
import { readJsonFact } from "../../host/files/read.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const recordSchema = v.object({
  /** `fileIdentity` of the file that programs write to, and when it was made. */
  from: v.string(),
  bornAtMs: v.number(),
  holders: v.pipe(
    v.array(v.object({ pid: count, startTicks: count, descriptor: count })),
    v.readonly(),
  ),
  path: v.string(),
  owner: v.nullable(v.object({ uid: count, gid: count })),
  umask: v.nullable(count),
  /** How much of it has been carried, or is being carried. */
  position: count,
  /** Size of the file at `path` before what comes from `position` on was appended. */
  sizeBefore: count,
  /** How much is being appended: `carrier.ts` reads that much at once at most. */
  pending: v.pipe(count, v.maxValue(256 * 1024)),
});

/** One file that is carried: enough for the next daemon to go on where this one was. */
export type CarryRecord = v.InferOutput<typeof recordSchema>;
export type Holder = CarryRecord["holders"][number];

const fileOf = (folder: string, from: string): string =>
  join(folder, `${from.replace(":", "-")}.json`);

/** Whole or not at all. It outlives the daemon in the page cache; after a power cut its programs are gone too. */
export function writeRecord(folder: string, record: CarryRecord): void {
  const path = fileOf(folder, record.from);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(folder: string, from: string): void {
  rmSync(fileOf(folder, from), { force: true });
}

/** What the previous daemon left; unreadable files are removed. */
export function readRecords(folder: string): CarryRecord[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const read = name.endsWith(".json")
      ? v.safeParse(recordSchema, readJsonFact(path, 64 * 1024))
      : undefined;
    if (read?.success === true) return [read.output];
    rmSync(path, { force: true, recursive: true });
    return [];
  });
}
