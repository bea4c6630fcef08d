import { statSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownFilesRule } from "../../../machines/log-rotation.ts";
import {
  missingOn,
  toRemoveForSpace,
  type Disk,
  type LogSpaceRule,
} from "../../../machines/log-space.ts";
import { errnoOf } from "../../contract/errors.ts";
import type { LogToRotate } from "../../contract/rotation.ts";
import { readDisk } from "../../host/disk.ts";
import { walkTo } from "../../host/files/place.ts";
import { namesOfMany, rotatedFiles } from "../../host/rotation/names.ts";

interface Found {
  readonly path: string;
  readonly bytes: number;
  readonly at: number;
  readonly disk: number;
}

/**
 * Removes the oldest rotated files of all log files until they take no more than they may, and each disk has as much room
 * as it should have.
 * @param options.diskOf for tests: what a folder's disk has.
 * @returns what was done, in a sentence; `undefined` for nothing.
 */
export function makeRoom(
  logs: readonly LogToRotate[],
  rule: LogSpaceRule,
  options: { live: ReadonlySet<string>; diskOf?: (folder: string) => Disk },
): string | undefined {
  const { live, diskOf = readDisk } = options;
  const missing = new Map<number, number>();
  const names = namesOfMany();
  const files = logs.flatMap((log) => filesOf(log, { live, names, missing, rule, diskOf }));
  const gone = toRemoveForSpace(files, rule, missing).filter(({ path }) => remove(path));
  if (gone.length === 0) return undefined;
  const bytes = gone.reduce((sum, each) => sum + each.bytes, 0);
  const isFull = [...missing.values()].some((each) => each > 0);
  const why = isFull
    ? "a disk has less free space than `exmachina:min_free`"
    : "the rotated log files take more than `exmachina:log_max_total`";
  const count = gone.length === 1 ? "1 rotated log file" : `${gone.length} rotated log files`;
  return `${why}: removed ${count} (${bytes} bytes), the oldest first: ${gone[0]?.path ?? ""}${gone.length > 1 ? " …" : ""}`;
}

function filesOf(
  { file, rule: { dateSuffix } }: LogToRotate,
  options: {
    live: ReadonlySet<string>;
    names: ReturnType<typeof namesOfMany>;
    missing: Map<number, number>;
    rule: LogSpaceRule;
    diskOf: (folder: string) => Disk;
  },
): Found[] {
  const { live, names, missing, rule, diskOf } = options;
  const folder = dirname(file);
  try {
    const { dev: disk } = statSync(folder);
    if (!missing.has(disk)) missing.set(disk, missingOn(diskOf(folder), rule));
    const formats = [dateSuffix, ownFilesRule.dateSuffix];
    return rotatedFiles({ file, formats, live, names }).map(({ name, bytes, at }) => ({
      path: join(folder, name),
      bytes,
      at,
      disk,
    }));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** @returns whether it is gone by this. */
function remove(path: string): boolean {
  try {
    const place = walkTo(path, { keepsLink: true });
    try {
      unlinkSync(place.at);
    } finally {
      place.close();
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
