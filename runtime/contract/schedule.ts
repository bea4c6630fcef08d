import type { ScheduleSpec } from "../../machines/spec.ts";
import { cronJob } from "./cron.ts";

/** When a job is run. */
export type Times = Pick<ScheduleSpec, "cron" | "timezone" | "everyMs">;

/** The first time after another one; ms since the epoch, `null` for never. @throws for a pattern that is none. */
export async function dueAfter(
  { cron, timezone, everyMs }: Times,
  afterMs: number,
): Promise<number | null> {
  if (everyMs !== null) return (Math.floor(afterMs / everyMs) + 1) * everyMs;
  if (cron === null) return null;
  const job = await cronJob({ pattern: cron, timezone }, { paused: true });
  return job.nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** The latest time of those from `firstMs`, which is one, up to now. */
export async function latestDue(times: Times, firstMs: number, nowMs: number): Promise<number> {
  const { cron, timezone, everyMs } = times;
  if (everyMs !== null) return Math.max(firstMs, Math.floor(nowMs / everyMs) * everyMs);
  if (cron === null) return firstMs;
  const job = await cronJob({ pattern: cron, timezone }, { paused: true });
  const [latest] = job.previousRuns(1, new Date(nowMs + 1));
  return Math.max(firstMs, latest?.getTime() ?? firstMs);
}

/** What the decision record says of who asked. */
export function scheduleWords({ cron, timezone, everyMs }: Times): string {
  if (cron === null) return `its schedule, every ${(everyMs ?? 0) / 1_000} s`;
  return `its schedule, ${cron}${timezone === null ? "" : ` in ${timezone}`}`;
}
