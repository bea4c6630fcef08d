import { existsSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { LogToRotate, RotationOutcome } from "../../contract/rotation.ts";
import { walkTo } from "../../host/files/place.ts";
import { nameFor } from "../../host/rotation/time-name.ts";
import type { Pipe } from "./pipe.ts";

/**
 * Rotates a file that the lane alone writes to: between two blocks of lines it gets another name, and what comes next goes
 * into a new one. The sizes that a successor goes by are settled first, so that it finds nothing to write again.
 */
export function rotateByName(
  { file, rule }: LogToRotate,
  pipes: Iterable<Pipe | undefined>,
): RotationOutcome {
  try {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0) return { kind: "empty" };
    const all = [...pipes];
    for (const pipe of all) pipe?.settle();
    const place = walkTo(file, { keepsLink: true });
    try {
      const folder = dirname(place.at);
      const isTaken = (name: string): boolean => existsSync(join(folder, name));
      const name = nameFor({ file, rule, at: Date.now(), isTaken });
      renameSync(place.at, join(folder, name));
      return { kind: "rotated", to: join(dirname(file), name), bytes: size, pauseMs: 0 };
    } finally {
      place.close();
      for (const pipe of all) pipe?.reopen();
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { kind: "failed", why: messageOf(error) };
  }
}
