/**
 * Restart intensity as in Erlang/OTP: more than N restarts within a sliding window means that restarting
 * does not help. Model: `add_restart` in `erlang/otp lib/stdlib/src/supervisor.erl`.
 */
export function addRestart(times: readonly number[], at: number, windowMs: number): number[] {
  return [...times.filter((time) => isWithin(time, at, windowMs)), at];
}

/** How many of the restarts fall within the window that ends at `at`. */
export function countRestarts(times: readonly number[], at: number, windowMs: number): number {
  return times.filter((time) => isWithin(time, at, windowMs)).length;
}

/** A time in the future (the clock was set back) counts: forgetting it would hide a crash loop. */
function isWithin(time: number, at: number, windowMs: number): boolean {
  return at - time < windowMs;
}
