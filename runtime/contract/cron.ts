import type { Cron, CronOptions } from "croner";

/** A cron pattern and the time zone it is read in; `null` is the daemon's own. */
export interface CronSpec {
  readonly pattern: string;
  readonly timezone: string | null;
}

/**
 * PM2's dialect (its croner 4): `0/6` begins at 0, a pattern with a day of the month *and* a day of the week wants
 * both, and six fields begin with seconds.
 */
const dialect: CronOptions = { sloppyRanges: true, domAndDow: true };

/** Croner is loaded when the first pattern is read. @throws for an invalid pattern or time zone. */
export async function cronJob(
  { pattern, timezone }: CronSpec,
  options: CronOptions,
  tick?: () => void,
): Promise<Cron> {
  const { Cron: CronJob } = await import("croner");
  const settings = { ...settingsFor(timezone), ...options };
  return tick === undefined ? new CronJob(pattern, settings) : new CronJob(pattern, settings, tick);
}

/** How croner reads a pattern. */
export function settingsFor(timezone: string | null): CronOptions {
  return timezone === null ? dialect : { ...dialect, timezone };
}

/** When a pattern is due next; `null` for never. @throws for an invalid pattern or time zone. */
export async function nextRun(spec: CronSpec, after: Date): Promise<Date | null> {
  return (await cronJob(spec, { paused: true })).nextRun(after);
}

/** `TZ=Europe/Berlin 0 3 * * *`, also `CRON_TZ=…`: the zone before the pattern, as crontabs have it. */
export function splitZone(text: string): CronSpec {
  const [, timezone, pattern] = /^\s*(?:CRON_)?TZ=(\S+)\s+(.*)$/s.exec(text) ?? [];
  return pattern === undefined || timezone === undefined
    ? { pattern: text.trim(), timezone: null }
    : { pattern: pattern.trim(), timezone };
}

export function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
