import { relative } from "node:path";
import type { AppSpec, WatchSpec } from "../../../../machines/spec.ts";
import { patternsOf } from "./patterns.ts";
import { WatchTree } from "./tree.ts";
import { troubleOf } from "./trouble.ts";

export interface WatchReports {
  /** `by` says what has changed. */
  readonly trip: (by: string) => void;
  readonly failed: (reason: string) => void;
  readonly recovered: () => void;
  /** Files of ours that change because an app runs: logs, pid files, the home. */
  readonly isOwn: (path: string) => boolean;
}

/** One change is often several events, and several files; ms. */
const leastDelayMs = 50;

/** A file that is written all the time trips too: this many delays after the first change. */
const mostDelays = 10;

/**
 * Trips when a watched file has changed and nothing else has for `delayMs`, or after ten times as long when changes never
 * cease. Chokidar is loaded with the first watch.
 */
export function watchFiles(
  watch: WatchSpec,
  { cwd }: Pick<AppSpec, "cwd">,
  reports: WatchReports,
): () => void {
  const changed = new Set<string>();
  const delayMs = Math.max(leastDelayMs, watch.delayMs);
  let latest = 0;
  let timer: NodeJS.Timeout | undefined;
  let tree: WatchTree | undefined;
  let isStopped = false;
  let hasFailed = false;

  const note = (path: string): void => {
    if (reports.isOwn(path)) return;
    const now = performance.now();
    if (changed.size === 0) latest = now + delayMs * mostDelays;
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(tell, Math.max(0, Math.min(delayMs, latest - now)));
  };
  const tell = (): void => {
    const [first = "", ...others] = [...changed].map((path) => relative(cwd, path) || path);
    changed.clear();
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    reports.trip(`a change of ${first}${more}`);
  };
  const fail = (failure: unknown): void => {
    // One cause often fails for many folders: the first one is reported.
    if (!hasFailed) void tellFailure(failure);
    hasFailed = true;
  };
  const tellFailure = async (failure: unknown): Promise<void> => {
    const reason = await troubleOf(failure);
    if (!isStopped && hasFailed) reports.failed(reason);
  };

  void Promise.all([import("chokidar"), import("picomatch")])
    .then(([chokidar, { default: picomatch }]) => {
      if (isStopped) return;
      tree = new WatchTree(chokidar, {
        patterns: patternsOf(watch, { cwd, picomatch }),
        options: watch.options,
        events: {
          changed: note,
          failed: fail,
          settled: () => {
            if (!hasFailed) return;
            hasFailed = false;
            reports.recovered();
          },
        },
      });
    })
    .catch(fail);

  return () => {
    isStopped = true;
    clearTimeout(timer);
    tree?.close();
  };
}
