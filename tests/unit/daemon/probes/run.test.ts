import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ProbeSpec } from "../../../../machines/probes.ts";
import { runProbe, type Answer } from "../../../../runtime/daemon/probes/run.ts";

const spec: ProbeSpec = {
  check: { kind: "tcp", host: "127.0.0.1", port: 1 },
  initialDelayMs: 1_000,
  periodMs: 1_000,
  timeoutMs: 500,
  successThreshold: 2,
  failureThreshold: 3,
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const good: Answer = { isGood: true };
const bad: Answer = { isGood: false, why: "HTTP 503" };

test("answers are counted in a row, and told when they turn", async () => {
  const answers = [bad, good, good, bad, bad, good, bad, bad, bad, bad, good, good];
  const told: (string | null)[][] = [];
  let found: (string | null)[] = [];
  const stop = runProbe(
    spec,
    () => Promise.resolve(answers.shift() ?? good),
    (why) => found.push(why),
  );
  for (const afterMs of [999, 1, ...Array.from({ length: 11 }, () => 1_000)]) {
    await vi.advanceTimersByTimeAsync(afterMs);
    told.push(found);
    found = [];
  }
  expect(told.map((each) => each[0])).toEqual([
    undefined,
    undefined,
    undefined,
    null,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    "HTTP 503, 3 times in a row",
    undefined,
    undefined,
    null,
  ]);
  stop();
});

test.each([
  ["extra questions find the first good answer sooner", [bad, bad, bad, good], 3_000, null],
  [
    "their bad answers do not shorten the time until it gives up",
    Array.from({ length: 40 }, () => bad),
    20_000,
    "HTTP 503, 3 times in a row",
  ],
])("while it is awaited, %s", async (_, answers, afterMs, expected) => {
  const told: (string | null)[] = [];
  const stop = runProbe(
    { ...spec, initialDelayMs: 0, periodMs: 10_000, successThreshold: 1 },
    () => Promise.resolve(answers.shift() ?? good),
    (why) => told.push(why),
    { isAwaited: true },
  );
  await vi.advanceTimersByTimeAsync(afterMs - 1);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  expect(told).toEqual([expected]);
  stop();
});

test("one question is in flight, and none after the end", async () => {
  let asked = 0;
  const stop = runProbe(
    spec,
    () => {
      asked += 1;
      return new Promise<Answer>(() => {});
    },
    () => {},
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(1);
  stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(1);
});

test("what the daemon was held up for is not counted", async () => {
  const told: (string | null)[] = [];
  const late = (): Promise<Answer> =>
    new Promise((resolve) => {
      setTimeout(() => resolve(bad), 60_000);
    });
  const stop = runProbe({ ...spec, failureThreshold: 1 }, late, (why) => told.push(why));
  await vi.advanceTimersByTimeAsync(200_000);
  expect(told).toEqual([]);
  stop();
});
