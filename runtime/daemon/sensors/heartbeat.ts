/** The first beat may take a boot, or a reconnection after God's own death; ms. */
const firstBeatWithinMs = 2_000;

/**
 * Trips when a Node app's event loop has been blocked for this long: its preload beats three times as often. Beats are
 * counted and not timed, so that a pause of the daemon itself (SIGSTOP, a suspended machine) counts against no app.
 */
export function watchHeartbeat(
  { heartbeatMs, lifeId }: { heartbeatMs: number; lifeId: string },
  { beats, trip }: { beats: (lifeId: string) => number; trip: (by: string) => void },
): () => void {
  let last = beats(lifeId);
  let misses = 0;
  const everyMs = heartbeatMs / 2;
  const timer = setInterval(() => {
    const now = beats(lifeId);
    misses = now === last ? misses + 1 : 0;
    last = now;
    const mostMs = now === 0 ? heartbeatMs + firstBeatWithinMs : heartbeatMs;
    if (misses * everyMs >= mostMs) trip(`a hung event loop (no heartbeat for ${heartbeatMs} ms)`);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
