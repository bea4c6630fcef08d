import { expect, onTestFinished, test, vi } from "vitest";
import { watchMemory } from "../../../../runtime/daemon/sensors/memory.ts";

test("a look at the memory that fails is told once, and the next one counts", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: string[] = [];
  let looks = 0;
  const stop = watchMemory(
    { pid: 1, limitBytes: 2 ** 20 },
    {
      sampler: {
        sample: () => {
          looks += 1;
          return looks < 3
            ? Promise.reject(new Error("no /proc"))
            : Promise.resolve(new Map([[1, { memoryBytes: 2 ** 21, cpuPercent: 0 }]]));
        },
      },
      usage: { growth: () => ({ perMinute: 3 * 2 ** 20, overMs: 7_200_000 }) },
      workerIntervalMs: 10,
      beats: () => 0,
      log: (line) => told.push(line),
      trip: (by, sensor) => told.push(`${sensor}: ${by}`),
    },
  );
  onTestFinished(stop);
  await vi.advanceTimersByTimeAsync(35);
  expect(told).toEqual([
    "memory limits: the memory cannot be measured: no /proc",
    "memory: the memory limit of 1 MB (it used 2 MB, and had grown steadily by 3.0 MB a minute for 2 h)",
  ]);
});
