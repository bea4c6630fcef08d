/** The longest that a timer of Node's can wait; ms. */
const longestTimerMs = 2 ** 31 - 1;

/** A life that continues is reported again after this: its app may have been busy. ms. */
const againMs = 60_000;

/** Trips when a life has lasted for its time. The next daemon draws the same random time. */
export function watchAge(
  {
    bornAt,
    maxAgeMs,
    jitterMs,
  }: { readonly bornAt: number; readonly maxAgeMs: number; readonly jitterMs: number },
  { now, trip }: { readonly now: () => number; readonly trip: (by: string) => void },
): () => void {
  const dueAt = bornAt + maxAgeMs + Math.random() * jitterMs;
  let timer: NodeJS.Timeout;
  const wait = (ms: number): void => {
    timer = setTimeout(look, Math.min(ms, longestTimerMs)).unref();
  };
  const look = (): void => {
    const leftMs = dueAt - now();
    if (leftMs > 0) return wait(leftMs);
    trip(`its age (${Math.round((now() - bornAt) / 1_000)} s, max_age is ${maxAgeMs / 1_000} s)`);
    wait(againMs);
  };
  wait(Math.max(0, dueAt - now()));
  return () => clearTimeout(timer);
}
