import { mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  isTooLarge,
  looksEveryMs,
  nextLookMs,
  ownFilesRule,
  toRemove,
  type Seen,
} from "../../../machines/log-rotation.ts";
import { nextRun } from "../../contract/cron.ts";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import type { LogToRotate, RotationOutcome } from "../../contract/rotation.ts";
import { namesOfMany, rotatedFiles } from "../../host/rotation/names.ts";
import type { Lane } from "../log-lane/lane.ts";
import type { Managed } from "../registry/registry.ts";
import { logsInUse, type LogInUse } from "./files.ts";
import type { HomeRules } from "./home-rule.ts";
import { createRoom } from "./room.ts";
import type { Rotator } from "./rotator.ts";

/**
 * Looks at the sizes of log files, has those rotated that are too large or due by their pattern, and what is old removed. A look
 * is one stat(2) per file; nothing else runs while nothing is due.
 */
export interface Rotations {
  /** Rotates the files of some processes now, whatever their size. */
  rotate(processes: readonly Managed[]): Promise<{ files: string[]; notes: string[] }>;
  release(): void;
}

/** Writers that could not be stopped in time are tried again; ms. */
const againAfterMs = 1_000;
const triesAtOnce = 5;

/** Reported after this many tries in a row. */
const toldAfterTries = 3;

const tendsEveryMs = 60 * 60_000;

export function createRotations(options: {
  readonly processes: () => readonly Managed[];
  readonly homeRules: () => HomeRules;
  readonly logsFolder: string;
  /** Keeps when the patterns were checked last, over all daemons. */
  readonly folder: string;
  readonly lane: Lane;
  readonly rotator: Rotator;
  readonly complain: (key: string, line: string) => void;
  readonly now: () => number;
}): Rotations {
  const { processes, homeRules, logsFolder, folder, lane, rotator, complain, now } = options;
  const seen = new Map<string, Seen>();
  const laters = new Map<string, number>();
  const underway = new Map<string, Promise<RotationOutcome>>();
  const room = createRoom({ rotator, rule: () => homeRules().space });
  const patterns = lastLook(join(folder, "looked"), now);
  let tendedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let isReleased = false;

  const inUse = (some: readonly Managed[]): LogInUse[] =>
    logsInUse(some, { home: homeRules().rotation, logsFolder });

  /** One at a time for each file. */
  const rotateOne = ({ log, isOfLane }: LogInUse): Promise<RotationOutcome> => {
    const running = underway.get(log.file);
    if (running !== undefined) return running;
    const work = (isOfLane ? byLane(log) : rotator.rotate(log)).finally(() => {
      underway.delete(log.file);
      seen.set(log.file, { bytes: 0, at: now() });
    });
    underway.set(log.file, work);
    return work;
  };
  const byLane = async (log: LogToRotate): Promise<RotationOutcome> => {
    const outcome = await lane.rotate(log);
    // No lane, so nothing writes to it now.
    if (outcome === undefined) return rotator.rotate(log);
    if (outcome.kind === "rotated") rotator.tend([log]);
    return outcome;
  };
  const rotateDue = async (each: LogInUse): Promise<void> => {
    const { file } = each.log;
    const outcome = await rotateOne(each);
    const tries = outcome.kind === "later" ? (laters.get(file) ?? 0) + 1 : 0;
    if (tries === 0) laters.delete(file);
    else laters.set(file, tries);
    const isWorthWords = outcome.kind === "failed" || tries === toldAfterTries;
    if (isWorthWords) complain(`rotation ${file}`, `${file} is not rotated: ${outcome.why ?? ""}`);
  };

  const look = async (): Promise<number> => {
    const at = now();
    const rotated = inUse(processes()).filter(({ isRotated }) => isRotated);
    const isPatternDue = await patterns.due(rotated, at);
    let nextMs = looksEveryMs;
    const due: LogInUse[] = [];
    for (const each of rotated) {
      const { file, rule } = each.log;
      const bytes = sizeOf(file);
      if (bytes === undefined || underway.has(file)) continue;
      if (bytes > 0 && (isTooLarge(bytes, rule) || isPatternDue(each))) due.push(each);
      else nextMs = Math.min(nextMs, nextLookMs(rule, seen.get(file), { bytes, at }));
      seen.set(file, { bytes, at });
    }
    await Promise.all(due.map(rotateDue));
    room.look(rotated, { at, hasRotated: due.length > 0 });
    if (at - tendedAt >= tendsEveryMs || at < tendedAt) {
      tendedAt = at;
      const names = namesOfMany();
      const logs = rotated.map(({ log }) => log);
      rotator.tend(logs.filter((log) => needsTending(log, at, names)));
    }
    if (laters.size > 0) return Math.min(nextMs, againAfterMs);
    return due.length > 0 ? Math.min(nextMs, againAfterMs) : nextMs;
  };
  const lookLater = (ms: number): void => {
    if (isReleased) return;
    timer = setTimeout(() => {
      look().then(lookLater, (error: unknown) => {
        complain("rotation", `log files: ${messageOf(error)}`);
        lookLater(looksEveryMs);
      });
    }, ms).unref();
  };
  lookLater(looksEveryMs);

  return {
    rotate: async (some) => {
      const files: string[] = [];
      const notes: string[] = [];
      for (const each of inUse(some)) {
        let outcome = await rotateOne(each);
        for (let tries = 1; outcome.kind === "later" && tries < triesAtOnce; tries += 1)
          outcome = await rotateOne(each);
        if (outcome.to !== undefined) files.push(outcome.to);
        if (outcome.why !== undefined)
          notes.push(`${each.log.file} is not rotated: ${outcome.why}`);
      }
      const rotated = inUse(processes()).filter(({ isRotated }) => isRotated);
      room.look(rotated, { at: now(), hasRotated: files.length > 0 });
      return { files, notes };
    },
    release: () => {
      isReleased = true;
      clearTimeout(timer);
      rotator.release();
    },
  };
}

/** Whether patterns were due since the last look, which a former daemon may have had. */
function lastLook(
  file: string,
  now: () => number,
): { due: (logs: readonly LogInUse[], at: number) => Promise<(each: LogInUse) => boolean> } {
  let last: number | undefined;
  return {
    due: async (logs, at) => {
      const wanted = logs.map(({ log: { rule } }) => rule).filter((rule) => rule.schedule !== null);
      if (wanted.length === 0) {
        last = undefined;
        return () => false;
      }
      last ??= mtimeOf(file) ?? now();
      // A clock that was set back.
      const since = Math.min(last, at);
      last = at;
      touch(file, at);
      const due = new Set<string>();
      for (const { schedule: pattern, timezone } of wanted) {
        const key = `${timezone ?? ""} ${pattern ?? ""}`;
        if (due.has(key) || pattern === null) continue;
        const next = await nextRun({ pattern, timezone }, new Date(since)).catch(() => null);
        if (next !== null && next.getTime() <= at) due.add(key);
      }
      return ({ log: { rule } }) => due.has(`${rule.timezone ?? ""} ${rule.schedule ?? ""}`);
    },
  };
}

function mtimeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function touch(file: string, at: number): void {
  try {
    mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { flag: "a", mode: 0o600 });
    utimesSync(file, at / 1_000, at / 1_000);
  } catch (error) {
    // A full or read-only disk: the next daemon begins with now.
    if (errnoOf(error) === undefined) throw error;
  }
}

/** What it leads to is not opened: only the rotator does that, and looks at whose it is. */
function sizeOf(file: string): number | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

function needsTending(
  { file, rule }: LogToRotate,
  at: number,
  names: ReturnType<typeof namesOfMany>,
): boolean {
  try {
    const formats = [rule.dateSuffix, ownFilesRule.dateSuffix];
    const found = rotatedFiles({ file, formats, names });
    const hasPlain = rule.compress && found.some(({ name }) => !name.endsWith(".gz"));
    return hasPlain || toRemove(found, rule, at).length > 0;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
