import type { BackoffPolicy } from "../spec.ts";

/**
 * The next wait of an exponential backoff, in ms.
 * @param previousMs the wait before this one, without its jitter; 0 for the first.
 * @param draw a number in [0, 1) from `drawFrom`.
 * @returns the wait without jitter, to continue from, and the one to wait.
 * PM2's numbers: ×1.5 rounded down, at most 15 000 (100, 150, 225, 337 …). Jitter takes from the wait and
 * never adds to it, so `maxMs` holds.
 */
export function nextBackoff(
  policy: BackoffPolicy,
  previousMs: number,
  draw: number,
): { baseMs: number; waitMs: number } {
  const grown = previousMs === 0 ? policy.initialMs : Math.floor(previousMs * policy.factor);
  const baseMs = Math.min(
    Math.max(grown, policy.initialMs),
    Math.max(policy.maxMs, policy.initialMs),
  );
  return { baseMs, waitMs: Math.round(baseMs * (1 - policy.jitter * draw)) };
}

/**
 * A number in [0, 1) that depends on nothing but its seed: machines take no chances of their own, so that a
 * simulation and a replay draw the same numbers. Mulberry32 (Tommy Ettinger, public domain).
 */
export function drawFrom(seed: number): number {
  let t = (seed + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
