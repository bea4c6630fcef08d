import { closeSync, constants, fstatSync, readSync, rmSync, writeSync } from "node:fs";
import type { AppSpec } from "../../../machines/spec.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { openPlace } from "../../host/files/open.ts";
import { walkTo } from "../../host/files/place.ts";
import { logRights } from "../../host/log-files/rights.ts";
import { withUmask } from "../../host/umask.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC } = constants;

/** A pid, and a line's end. */
const mostBytes = 32;

interface OfProcess {
  readonly spec: Pick<AppSpec, "uid" | "gid" | "umask">;
  readonly home: string;
  readonly pidFile: string | null;
}

/**
 * Writes the file that serves scripts. That it cannot be written keeps no program from running.
 * @returns why it could not be written.
 */
export function writePidFile(
  { spec, home, pidFile: path }: OfProcess,
  pid: number,
): string | undefined {
  if (path === null) return undefined;
  const { owner, umask } = logRights(spec, home)(path);
  const isOutside = umask !== null && umask !== undefined;
  try {
    const { descriptor } = withUmask(umask, () =>
      openPlace(path, {
        flags: O_WRONLY | O_CREAT | O_TRUNC,
        owner,
        mode: isOutside ? 0o666 : 0o600,
        folderMode: isOutside ? 0o777 : 0o700,
      }),
    );
    try {
      writeSync(descriptor, `${pid}\n`);
    } finally {
      closeSync(descriptor);
    }
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return `its pid file ${path} cannot be written: ${messageOf(error)}`;
  }
}

/** Removes the file of a process that has ended, unless its replacement has written it again. */
export function removePidFile({ spec, home, pidFile: path }: OfProcess, pid: number): void {
  if (path === null) return;
  try {
    const { owner } = logRights(spec, home)(path);
    const { descriptor } = openPlace(path, { flags: O_RDONLY, owner });
    try {
      if (!fstatSync(descriptor).isFile()) return;
      const bytes = Buffer.alloc(mostBytes);
      if (Number(bytes.toString("latin1", 0, readSync(descriptor, bytes))) !== pid) return;
    } finally {
      closeSync(descriptor);
    }
    const place = walkTo(path, { keepsLink: true });
    try {
      rmSync(place.at, { force: true });
    } finally {
      place.close();
    }
  } catch (error) {
    // It is not ours, or already gone.
    if (errnoOf(error) === undefined) throw error;
  }
}
