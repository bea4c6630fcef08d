/** What an app has that declares nothing: PM2's values where PM2 has the field. Times in ms. */
export const defaults = {
  minUptimeMs: 1_000,
  maxRestarts: 16,
  restartWindowMs: 0,
  restartDelayMs: 0,
  backoffFactor: 1.5,
  backoffMaxMs: 15_000,
  backoffJitter: 0,
  backoffResetMs: 30_000,
  listenTimeoutMs: 3_000,
  killTimeoutMs: 1_600,
  killSignal: "SIGINT",
  jobKillSignal: "SIGTERM",
  drainTimeoutMs: 10_000,
  reloadConcurrency: 1,
} as const;

/** Of a group: as systemd counts the starts of a unit. */
export const groupDefaults = { maxRestarts: 5, restartWindowMs: 10_000 } as const;
