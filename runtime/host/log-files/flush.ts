import { closeSync, constants, ftruncateSync } from "node:fs";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { openPlace } from "../files/open.ts";
import type { FileOwner } from "../files/place.ts";

/** A log file, and the app's user where it is not the daemon's. */
export interface OwnedFile {
  readonly path: string;
  readonly owner?: FileOwner | undefined;
}

/**
 * Empties log files. Their writers go on at the new end: they append. What is not there or is not a file is passed over.
 * @returns the files that are empty now, and what was refused, in sentences.
 */
export function flushLogs(files: readonly OwnedFile[]): { files: string[]; notes: string[] } {
  const emptied: string[] = [];
  const notes: string[] = [];
  for (const { path, owner } of files) {
    try {
      const { descriptor, stat } = openPlace(path, { flags: constants.O_WRONLY, owner });
      try {
        if (stat.isFile()) ftruncateSync(descriptor, 0);
      } finally {
        closeSync(descriptor);
      }
      emptied.push(path);
    } catch (error) {
      // Missing, or a pipe that nobody reads: there is nothing to empty.
      if (["ENOENT", "ENXIO"].includes(errnoOf(error) ?? "")) emptied.push(path);
      else notes.push(`${path} is not emptied: ${messageOf(error)}`);
    }
  }
  return { files: emptied, notes };
}
