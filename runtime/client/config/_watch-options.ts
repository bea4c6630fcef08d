import type { PatternText } from "../../../machines/spec.ts";

/** What counts of `watch_options`, which PM2 hands to chokidar. */
export interface ReadWatchOptions {
  readonly ignored?: readonly PatternText[];
  readonly pollMs?: number;
  readonly depth?: number;
  readonly followSymlinks?: boolean;
  /** Of `awaitWriteFinish`: how long nothing must change. */
  readonly settleMs?: number;
}

/** Chokidar's own, in ms. */
const usualPollMs = 100;
const usualSettleMs = 2_000;

/** Reads chokidar's options and ignores others. `undefined` unless it is an object. */
export function readWatchOptions(value: unknown): ReadWatchOptions | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { ignored, usePolling, interval, depth, followSymlinks, awaitWriteFinish } =
    value as Readonly<Record<string, unknown>>;
  const patterns = ignored === undefined ? undefined : readPatterns(ignored);
  const isNumber = (each: unknown): each is number => typeof each === "number" && each >= 0;
  const settle = (awaitWriteFinish ?? false) as boolean | { stabilityThreshold?: unknown };
  const threshold = typeof settle === "object" ? settle.stabilityThreshold : undefined;
  return {
    ...(patterns === undefined ? {} : { ignored: patterns }),
    ...(usePolling === true ? { pollMs: isNumber(interval) ? interval : usualPollMs } : {}),
    ...(isNumber(depth) ? { depth } : {}),
    ...(typeof followSymlinks === "boolean" ? { followSymlinks } : {}),
    ...(settle === false ? {} : { settleMs: isNumber(threshold) ? threshold : usualSettleMs }),
  };
}

/** Texts and RegExps, alone or in a list. `undefined` when there is anything else among them. */
export function readPatterns(value: unknown): PatternText[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).map(readPattern);
  return list.every((each) => each !== undefined) ? list : undefined;
}

/** A RegExp is itself in a program, and data once it has come out of a configuration file. */
function readPattern(value: unknown): PatternText | undefined {
  if (typeof value === "string") return value.includes("\0") ? undefined : value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof RegExp) return { regexp: value.source, flags: value.flags };
  const { regexp, flags } = (value ?? {}) as { regexp?: unknown; flags?: unknown };
  if (typeof regexp !== "string" || typeof flags !== "string") return undefined;
  try {
    return { regexp: new RegExp(regexp, flags).source, flags };
  } catch {
    return undefined;
  }
}
