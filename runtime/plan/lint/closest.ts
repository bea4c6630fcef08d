import { nextBackoff } from "../../../machines/lib/backoff.ts";
import type { RestartPolicy } from "../../../machines/spec.ts";

/** The lives by which a number of restarts come as close together as a policy lets them. */
export interface Closest {
  /** From the first restart to the last, in ms, with the shortest waits that a jitter may draw. */
  readonly spanMs: number;
  /** How long each life is, the one before the first restart included; ms. */
  readonly lives: readonly number[];
}

interface Rest {
  readonly ms: number;
  readonly lives: readonly number[];
}

/**
 * The closest `count` restarts before which `max_restarts` unstable exits in a row do not give the process up. Of the lengths that a life
 * may have three matter: none at all, just long enough to be stable, and just long enough to take a backoff back to its first wait;
 * any other one only lasts longer. All sequences of these are compared, by dynamic programming.
 * @returns `null` when there is none.
 */
export function closestRestarts(policy: RestartPolicy, count: number): Closest | null {
  const { minUptimeMs, maxRestarts, backoff, restartDelayMs } = policy;
  const kinds = [0, minUptimeMs, ...(backoff === null ? [] : [backoff.resetAfterMs])];
  const known = new Map<string, Rest | null>();
  const waitAfter = (previousMs: number): { baseMs: number; waitMs: number } =>
    backoff === null ? { baseMs: 0, waitMs: restartDelayMs } : nextBackoff(backoff, previousMs, 1);
  /** From restart number `restart`, whose wait grows out of `previousMs`, after `unstable` short lives in a row. */
  const from = (restart: number, previousMs: number, unstable: number): Rest | null => {
    if (unstable >= maxRestarts && unstable > 0) return null;
    if (restart === count) return { ms: 0, lives: [] };
    const key = `${restart} ${previousMs} ${unstable}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const { baseMs, waitMs } = waitAfter(previousMs);
    let best: Rest | null = null;
    for (const lifeMs of new Set(kinds)) {
      const isReset = backoff !== null && lifeMs >= backoff.resetAfterMs;
      const next = from(restart + 1, isReset ? 0 : baseMs, lifeMs < minUptimeMs ? unstable + 1 : 0);
      if (next === null) continue;
      // A restart counts from the end of its wait: that of the first is before the window.
      const ms = (restart === 1 ? 0 : waitMs) + lifeMs + next.ms;
      if (best === null || ms < best.ms) best = { ms, lives: [lifeMs, ...next.lives] };
    }
    known.set(key, best);
    return best;
  };
  // The life before the first restart is in no window: a stable one leaves the most unstable exits to the others.
  const found = from(1, 0, 0);
  return found === null ? null : { spanMs: found.ms, lives: [minUptimeMs, ...found.lives] };
}
