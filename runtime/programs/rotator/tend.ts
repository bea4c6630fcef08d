import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ownFilesRule, toRemove, type RotatedFile } from "../../../machines/log-rotation.ts";
import { errnoOf } from "../../contract/errors.ts";
import type { LogToRotate } from "../../contract/rotation.ts";
import { syncDirectory } from "../../host/atomic.ts";
import { openPlace } from "../../host/files/open.ts";
import { walkTo } from "../../host/files/place.ts";
import { rotatedFiles } from "../../host/rotation/names.ts";

/** A follower of a file continues in its copy: it has this long before the copy is compressed. ms. */
export const compressedAfterMs = 2_000;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Compresses one open file into another. */
type Compress = (files: { from: number; to: number }) => Promise<number>;

/**
 * Removes the rotated files of a file that are too many, too old or too large together, and compresses the others. A
 * compressed one takes its name when it is whole and on disk, and only then the plain one goes.
 * @returns whether some are too young to be compressed yet.
 */
export async function tend(
  log: LogToRotate,
  options: { compress: Compress; live: ReadonlySet<string>; now: () => number },
): Promise<boolean> {
  const { file, rule } = log;
  const { compress, live, now } = options;
  const place = walkTo(file, { keepsLink: true });
  try {
    const folder = dirname(place.at);
    const find = (): RotatedFile[] =>
      rotatedFiles({ file, folder, live, formats: [rule.dateSuffix, ownFilesRule.dateSuffix] });
    removeHalves(folder, file, find());
    for (const name of toRemove(find(), rule, now())) unlinkIfThere(join(folder, name));
    if (!rule.compress) return false;
    const plain = find().filter(({ name }) => !name.endsWith(".gz"));
    const ready = plain.filter(({ at }) => Math.abs(now() - at) >= compressedAfterMs);
    for (const { name } of ready) await compressOne({ log, folder, name, compress });
    for (const name of toRemove(find(), rule, now())) unlinkIfThere(join(folder, name));
    return ready.length < plain.length;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return false;
  } finally {
    place.close();
  }
}

/** What one that was killed has left: half a compressed file, or both, the compressed one then whole. */
function removeHalves(folder: string, file: string, files: readonly RotatedFile[]): void {
  const names = new Set(files.map(({ name }) => name));
  for (const { name } of files) {
    if (!name.endsWith(".gz") && names.has(`${name}.gz`)) unlinkIfThere(join(folder, name));
  }
  const stem = `.${basename(file).replace(/\.[^.]*$/, "")}__`;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(stem) && name.endsWith(".gz.part") && names.has(name.slice(1, -8)))
      unlinkIfThere(join(folder, name));
  }
}

async function compressOne(options: {
  log: LogToRotate;
  folder: string;
  name: string;
  compress: Compress;
}): Promise<void> {
  const { log, folder, name, compress } = options;
  const part = join(folder, `.${name}.gz.part`);
  const { descriptor: from, stat } = openPlace(join(dirname(log.file), name), {
    flags: O_RDONLY,
    owner: log.owner ?? undefined,
  });
  let isDone = false;
  try {
    const to = openSync(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    if (stat.uid !== process.geteuid?.()) fchownSync(to, stat.uid, stat.gid);
    fchmodSync(to, stat.mode & 0o777);
    await compress({ from, to });
    renameSync(part, join(folder, `${name}.gz`));
    syncDirectory(folder);
    isDone = true;
    unlinkIfThere(join(folder, name));
  } finally {
    closeSync(from);
    if (!isDone) rmSync(part, { force: true });
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
