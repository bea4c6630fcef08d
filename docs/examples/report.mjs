// Writes one line and ends: a job that cron_restart runs every minute.
console.log(
  `${new Date().toISOString()} load ${(await import("node:os")).loadavg()[0].toFixed(2)}`,
);
