import { dirname } from "node:path";
import { missingOn, type LogSpaceRule } from "../../../machines/log-space.ts";
import { errnoOf } from "../../contract/errors.ts";
import { readDisk } from "../../host/disk.ts";
import type { LogInUse } from "./files.ts";
import type { Rotator } from "./rotator.ts";

/** The rotator is not started more often for a disk that stays full; ms. */
const fullEveryMs = 60_000;

/** Rotated files may also have come from elsewhere; ms. */
const totalEveryMs = 60 * 60_000;

/**
 * Sees to it that the rotated files of the whole home leave enough room, if a rule is set. A look is one statfs(2) for each
 * folder; files are listed and removed by the rotator.
 */
export function createRoom(options: {
  readonly rotator: Pick<Rotator, "makeRoom">;
  readonly rule: () => LogSpaceRule | null;
}): {
  look: (rotated: readonly LogInUse[], seen: { at: number; hasRotated: boolean }) => void;
} {
  const { rotator, rule: currentRule } = options;
  let fullAt = -Infinity;
  let totalAt = -Infinity;
  const isOver = (before: number, at: number, everyMs: number): boolean =>
    at - before >= everyMs || at < before;
  return {
    look: (rotated, { at, hasRotated }) => {
      const rule = currentRule();
      if (rule === null) return;
      const mayBeTooMuch =
        rule.maxTotalBytes !== null && (hasRotated || isOver(totalAt, at, totalEveryMs));
      const isFull = isOver(fullAt, at, fullEveryMs) && isDiskFull(rotated, rule);
      if (!mayBeTooMuch && !isFull) return;
      if (mayBeTooMuch) totalAt = at;
      if (isFull) fullAt = at;
      rotator.makeRoom(
        rotated.map(({ log }) => log),
        rule,
      );
    },
  };
}

function isDiskFull(rotated: readonly LogInUse[], rule: LogSpaceRule): boolean {
  if (rule.minFree === null) return false;
  const folders = new Set(rotated.map(({ log }) => dirname(log.file)));
  return [...folders].some((folder) => {
    try {
      return missingOn(readDisk(folder), rule) > 0;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  });
}
