import { expect, test } from "vitest";
import { runsOf, usageAt, usageInWords } from "../../../../runtime/programs/page/timeline/usage.ts";

const s = 1_000;

test("a line is drawn over steps, and not over a time in which it did not run", () => {
  const runs = (...seconds: number[]): [number, number][] => {
    const at = seconds.map((each) => each * s);
    return runsOf(at, 0, at.length);
  };
  expect(runs()).toEqual([]);
  expect(runs(10)).toEqual([[0, 1]]);
  expect(runs(0, 10, 20, 31, 40)).toEqual([[0, 5]]);
  // A sample or two may be late.
  expect(runs(0, 10, 30, 40)).toEqual([[0, 4]]);
  expect(runs(0, 10, 20, 100, 110, 120)).toEqual([
    [0, 3],
    [3, 6],
  ]);
  // Steps of five minutes, then those of ten seconds.
  expect(runs(0, 300, 600, 800, 810, 820)).toEqual([[0, 6]]);
});

test("what was used is told in words, and nothing of a time in which it did not run", () => {
  const mb = 2 ** 20;
  const usage = {
    id: 0,
    at: [0, 10 * s, 20 * s, 200 * s, 210 * s],
    cpu: [1, 2, 3, 4, 50],
    cpuPeak: [1, 2, 9, 4, 50],
    memory: [20 * mb, 30 * mb, 40 * mb, 50 * mb, 60 * mb],
    memoryPeak: [20 * mb, 30 * mb, 44 * mb, 50 * mb, 60 * mb],
  };
  expect(usageAt(usage, 12 * s)).toBe("CPU 2.0 %  ·  memory 30 MB");
  expect(usageAt(usage, 20 * s)).toBe("CPU 3.0 % (peak 9.0 %)  ·  memory 40 MB (peak 44 MB)");
  expect(usageAt(usage, 100 * s)).toBeNull();
  expect(usageAt(usage, -1)).toBeNull();
  expect(usageAt(null, 0)).toBeNull();
  expect(usageInWords(usage, "api")).toBe(
    "CPU and memory of api: CPU 50 %, memory 60 MB last; highest 50 % and 60 MB",
  );
  expect(usageInWords(null, "api")).toBe("CPU and memory of api: nothing is known");
});
