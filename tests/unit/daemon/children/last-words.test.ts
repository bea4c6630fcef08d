import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waitForWords } from "../../../../runtime/daemon/children/last-words.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A lane that comes up and has written everything at those times; ms. @returns when an end was reported; ms. */
function reportedAt(lane: { upAt: number; writtenAt: number }): number | undefined {
  const begun = Date.now();
  const at = (ms: number): boolean => Date.now() - begun >= ms;
  let reported: number | undefined;
  waitForWords(
    { isUp: () => at(lane.upAt), hasWritten: () => at(lane.writtenAt) },
    () => (reported = Date.now() - begun),
  );
  vi.advanceTimersByTime(60_000);
  return reported;
}

test.for([
  ["a lane that has written already", { upAt: 0, writtenAt: 0 }, 10],
  ["a lane that writes now", { upAt: 0, writtenAt: 120 }, 120],
  ["a lane that comes up slowly", { upAt: 1_800, writtenAt: 1_900 }, 1_900],
  ["a child of the program that holds the pipe", { upAt: 0, writtenAt: Infinity }, 510],
  ["such a child while the lane comes up", { upAt: 1_000, writtenAt: Infinity }, 1_500],
  ["a lane that does not come up", { upAt: Infinity, writtenAt: Infinity }, 3_000],
] as const)("an end waits for its words: %s", ([, lane, expected]) => {
  expect(reportedAt(lane)).toBe(expected);
});

test("an end that is not waited for any more is not reported", () => {
  let reports = 0;
  const end = waitForWords({ isUp: () => true, hasWritten: () => false }, () => (reports += 1));
  end();
  vi.advanceTimersByTime(60_000);
  expect(reports).toBe(0);
});
