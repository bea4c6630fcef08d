import { expect, test } from "vitest";
import { nextRun, splitZone } from "../../../runtime/contract/cron.ts";

const from = new Date("2026-01-15T10:20:30Z");

async function runs(
  text: string,
  count: number,
  timezone = "UTC",
  after = from,
): Promise<string[]> {
  const { pattern, timezone: own } = splitZone(text);
  const found: string[] = [];
  let last = after;
  for (let index = 0; index < count; index += 1) {
    const next = await nextRun({ pattern, timezone: own ?? timezone }, last);
    if (next === null) break;
    found.push(next.toISOString().replace(":00.000Z", "Z"));
    last = next;
  }
  return found;
}

// The times that PM2 7.0.4's croner (4.1.97) gives.
test.each([
  ["0/6 * * * *", ["2026-01-15T10:24Z", "2026-01-15T10:30Z", "2026-01-15T10:36Z"]],
  ["5/15 * * * *", ["2026-01-15T10:35Z", "2026-01-15T10:50Z", "2026-01-15T11:05Z"]],
  ["0 0 13 * 5", ["2026-02-13T00:00Z", "2026-03-13T00:00Z", "2026-11-13T00:00Z"]],
  ["0 0 1-7 * 1", ["2026-02-02T00:00Z", "2026-03-02T00:00Z", "2026-04-06T00:00Z"]],
  ["0 0 L * *", ["2026-01-31T00:00Z", "2026-02-28T00:00Z", "2026-03-31T00:00Z"]],
  ["0 0 * * 7", ["2026-01-18T00:00Z", "2026-01-25T00:00Z", "2026-02-01T00:00Z"]],
  ["0 0 12 * * MON-FRI", ["2026-01-15T12:00Z", "2026-01-16T12:00Z", "2026-01-19T12:00Z"]],
  ["*/10 * * * * *", ["2026-01-15T10:20:40.000Z", "2026-01-15T10:20:50.000Z", "2026-01-15T10:21Z"]],
  ["0  3 * * *", ["2026-01-16T03:00Z", "2026-01-17T03:00Z", "2026-01-18T03:00Z"]],
  ["10-20/5 * * * *", ["2026-01-15T11:10Z", "2026-01-15T11:15Z", "2026-01-15T11:20Z"]],
])("%s is read as PM2 reads it", async (pattern, expected) => {
  expect(await runs(pattern, 3)).toEqual(expected);
});

test.each([
  ["0 0 ? * 1", "2026-01-19T00:00Z"],
  ["0 0 * * ?", "2026-01-16T00:00Z"],
  ["@hourly", "2026-01-15T11:00Z"],
])("%s is read, where PM2 means something else or nothing", async (pattern, expected) => {
  expect(await runs(pattern, 1)).toEqual([expected]);
});

test("a time zone is the pattern's, also across a change of the clocks", async () => {
  expect(await runs("0 3 * * *", 1, "Europe/Berlin")).toEqual(["2026-01-16T02:00Z"]);
  expect(await runs("TZ=Asia/Tokyo 0 3 * * *", 1)).toEqual(["2026-01-15T18:00Z"]);
  expect(await runs("CRON_TZ=America/Santiago 0 3 * * *", 1)).toEqual(["2026-01-16T06:00Z"]);
  // The night in which Berlin has no 02:30 (it runs at once then), and the one in which it has two.
  const spring = new Date("2026-03-28T12:00:00Z");
  expect(await runs("30 2 * * *", 2, "Europe/Berlin", spring)).toEqual([
    "2026-03-29T01:00Z",
    "2026-03-30T00:30Z",
  ]);
  const autumn = new Date("2026-10-24T12:00:00Z");
  expect((await runs("30 2 * * *", 2, "Europe/Berlin", autumn)).length).toBe(2);
});

test("what is no pattern is an error", async () => {
  for (const pattern of ["60 * * * *", "* * * *", "a b c d e", "*/0 * * * *"]) {
    await expect(nextRun({ pattern, timezone: null }, from)).rejects.toThrow("CronPattern");
  }
});
