import fc from "fast-check";
import { expect, test } from "vitest";
import { trendOf } from "../../../../runtime/daemon/metrics/trend.ts";

const mebibyte = 2 ** 20;
const points = (memory: (minute: number) => number, count = 90) =>
  Array.from({ length: count }, (_, index) => ({
    at: index * 10_000,
    memory: memory(index / 6) * mebibyte,
  }));

test("a leak is told by its rate, whatever the noise of the collector", () => {
  const noise = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
    minLength: 90,
    maxLength: 90,
  });
  fc.assert(
    fc.property(fc.double({ min: 2, max: 100, noNaN: true }), noise, (rate, extra) => {
      const trend = trendOf(points((minute) => 50 + rate * minute + (extra[minute * 6] ?? 0)));
      expect(Math.abs((trend?.perMinute ?? 0) / mebibyte / rate - 1)).toBeLessThan(0.2);
      expect(trend?.overMs).toBe(890_000);
    }),
  );
});

test.each([
  ["what stays the same", points(() => 50)],
  ["what shrinks", points((minute) => 500 - minute)],
  ["what goes up and down", points((minute) => 50 + 10 * Math.sin(minute * 3))],
  ["one jump", points((minute) => (minute < 14 ? 50 : 400))],
  ["half a minute", points((minute) => 50 + minute, 4)],
  ["nothing", []],
])("%s is no trend", (_, given) => {
  expect(trendOf(given)).toBeNull();
});
