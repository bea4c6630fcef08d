import type { Stats } from "node:fs";
import type { Identity } from "../../contract/rotation.ts";
import { pidsNow, standsStill, stop, toStop, writersAmong } from "./writers.ts";

/** Between two looks whether they stand still; ms. */
const looksEveryMs = 0.2;

const nap = new Int32Array(new SharedArrayBuffer(4));

export interface Freeze {
  readonly kind: "frozen";
  readonly pauseMs: number;
  stopped(): readonly Identity[];
  /** Also stops writers that have opened it since; `refused` when that is impossible, or the daemon is starting one. */
  stopNewcomers(): "none" | "stopped" | "refused";
  hasTime(): boolean;
  sinceMs(): number;
}

/** Whoever was stopped already has to be let run again. */
export interface Refused {
  readonly kind: "refused";
  readonly why: string;
  stopped(): readonly Identity[];
}

/**
 * Stops the writers of a file. The first scan of all processes happens while they run; then only those are checked that
 * have started since, because a stopped process starts none. A process stopped by someone else stays stopped.
 * @param options.declare whom it stops; called before any is stopped, and before each further one.
 */
export function freeze(options: {
  readonly file: Pick<Stats, "dev" | "ino">;
  readonly pauseMs: number;
  /** Whom it does not stop: it gives up while one of them may write to the file. */
  readonly never: readonly number[];
  readonly declare: (stopped: readonly Identity[], isFirst: boolean) => void;
  readonly onStopping?: (() => void) | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
}): Freeze | Refused {
  const { file, pauseMs, never, declare, onStopping, onStep } = options;
  const stopped: Identity[] = [];
  const refused = (why: string): Refused => ({ kind: "refused", why, stopped: () => stopped });
  const isStarting = (): boolean => writersAmong(never, file).length > 0;
  const known = new Set([...pidsNow(), ...never]);
  const first = writersAmong(
    [...known].filter((pid) => !never.includes(pid)),
    file,
  ).flatMap((pid) => toStop(pid) ?? []);
  declare(first, true);
  onStep?.("declared");
  const began = performance.now();
  const hasTime = (): boolean => performance.now() - began < pauseMs;
  onStopping?.();
  const stopAll = (those: readonly Identity[]): boolean => {
    stopped.push(...those);
    return those.every(stop);
  };
  if (!stopAll(first)) return refused("a process of another user writes to it");
  onStep?.("stopped");
  const newcomers = (): Identity[] => {
    const fresh = pidsNow().filter((pid) => !known.has(pid));
    for (const pid of fresh) known.add(pid);
    return writersAmong(fresh, file).flatMap((pid) => toStop(pid) ?? []);
  };
  const wait = (): boolean => {
    while (!stopped.every(standsStill)) {
      if (!hasTime()) return false;
      Atomics.wait(nap, 0, 0, looksEveryMs);
    }
    return true;
  };
  if (!wait()) return refused(`its writers did not stop within ${pauseMs} ms`);
  onStep?.("still");
  return {
    kind: "frozen",
    pauseMs,
    stopped: () => stopped,
    stopNewcomers: () => {
      const more = newcomers();
      if (more.length === 0) return isStarting() ? "refused" : "none";
      declare([...stopped, ...more], false);
      return stopAll(more) && wait() ? "stopped" : "refused";
    },
    hasTime,
    sinceMs: () => performance.now() - began,
  };
}
