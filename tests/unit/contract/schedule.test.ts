import { expect, test } from "vitest";
import { dueAfter, latestDue } from "../../../runtime/contract/schedule.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** Every time within a span, as the clock on the wall shows them. */
async function timesOf(cron: string, timezone: string, from: string, days: number) {
  const times = { cron, timezone, everyMs: null };
  const found: number[] = [];
  const end = Date.parse(from) + days * day;
  for (let at = await dueAfter(times, Date.parse(from)); at !== null && at < end;) {
    found.push(at);
    at = await dueAfter(times, at);
  }
  const format = new Intl.DateTimeFormat("sv", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  });
  return { found, shown: found.map((at) => format.format(at)) };
}

/** The days on which the clocks are set in 2026. */
const changes = [
  ["Europe/Berlin", "2026-03-28T00:00:00Z", "0 3 * * *"],
  ["Europe/Berlin", "2026-03-28T00:00:00Z", "30 2 * * *"],
  ["Europe/Berlin", "2026-10-24T00:00:00Z", "30 2 * * *"],
  ["America/Santiago", "2026-04-03T12:00:00Z", "30 23 * * *"],
  ["America/Santiago", "2026-09-04T12:00:00Z", "30 0 * * *"],
  ["Australia/Lord_Howe", "2026-04-03T12:00:00Z", "45 1 * * *"],
  ["Australia/Lord_Howe", "2026-10-02T12:00:00Z", "15 2 * * *"],
] as const;

test.each(changes)(
  "in %s over %s, a daily pattern (%3$s) is due once on each day",
  async (...of) => {
    const [timezone, from, cron] = of;
    const { found, shown } = await timesOf(cron, timezone, from, 3);
    const days = shown.map((each) => each.slice(0, 10));
    expect([days.length, new Set(days).size], shown.join()).toEqual([3, 3]);
    for (const [index, at] of found.entries()) {
      const first = index === 0 ? Date.parse(from) : (found[index - 1] ?? 0);
      expect(await latestDue({ cron, timezone, everyMs: null }, first, at)).toBe(at);
    }
  },
);

test.each(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"])(
  "in %s an hourly pattern is never due twice for one instant, nor goes back, over a year",
  async (timezone) => {
    const { found } = await timesOf("0 * * * *", timezone, "2026-01-01T00:00:00Z", 365);
    expect(found.every((at, index) => index === 0 || at > (found[index - 1] ?? 0))).toBe(true);
    expect(Math.abs(found.length - 365 * 24)).toBeLessThanOrEqual(2);
  },
);

test("every is counted from the epoch, so that every daemon comes to the same times", async () => {
  const times = { cron: null, timezone: null, everyMs: 900_000 };
  expect(await dueAfter(times, 0)).toBe(900_000);
  expect(await dueAfter(times, 900_000)).toBe(1_800_000);
  expect(await dueAfter(times, 900_001)).toBe(1_800_000);
  expect(await latestDue(times, 900_000, 10_000_000)).toBe(9_900_000);
});
