import { spawn } from "node:child_process";
import { expect, onTestFinished, test, vi } from "vitest";
import type { LimitSpec } from "../../../../machines/spec.ts";
import { watchAge } from "../../../../runtime/daemon/sensors/age.ts";
import { treeMemory } from "../../../../runtime/daemon/sensors/tree-memory.ts";
import { until } from "../../../support/condition.ts";
import { createQuestions } from "../../../../runtime/daemon/probes/questions.ts";
import { watchUsage, type UsageLimit } from "../../../../runtime/daemon/sensors/usage.ts";

test("a look at the memory that fails is told once, and the next one counts", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: string[] = [];
  let looks = 0;
  const stop = watchUsage(
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
      now: () => 0,
      questions: createQuestions(),
      log: (line) => told.push(line),
      trip: (by, sensor) => told.push(`${sensor}: ${by}`),
    },
  );
  onTestFinished(stop);
  await vi.advanceTimersByTimeAsync(35);
  expect(told).toEqual([
    "limits: memory and CPU cannot be measured: no /proc",
    "memory: the memory limit of 1 MB (it used 2 MB, and had grown steadily by 3.0 MB a minute for 2 h)",
  ]);
});

const limits: LimitSpec = {
  memoryScope: "main",
  memoryForMs: 0,
  maxCpuPercent: null,
  cpuForMs: 30_000,
  maxAgeMs: null,
  ageJitterMs: 0,
};

/** What is used at each look, and what came of it. */
function watching(
  limit: Omit<UsageLimit, "pid">,
  uses: readonly { memoryMb?: number; cpuPercent?: number }[],
): { told: string[]; looks: () => number } {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: string[] = [];
  let looks = 0;
  const stop = watchUsage(
    { pid: 1, ...limit },
    {
      sampler: {
        sample: () => {
          const use = uses[Math.min(looks, uses.length - 1)];
          looks += 1;
          const { memoryMb = 0, cpuPercent = 0 } = use ?? {};
          return Promise.resolve(new Map([[1, { memoryBytes: memoryMb * 2 ** 20, cpuPercent }]]));
        },
      },
      usage: { growth: () => null },
      workerIntervalMs: 30_000,
      beats: () => 0,
      now: () => 0,
      questions: createQuestions(),
      log: (line) => told.push(line),
      trip: (by, sensor) => told.push(`${sensor}: ${by}`),
    },
  );
  onTestFinished(stop);
  return { told, looks: () => looks };
}

test("over the limit for a time is at every look of it: one that is below begins again", async () => {
  const over = { memoryMb: 3 };
  const { told, looks } = watching(
    { limitBytes: 2 ** 21, limits: { ...limits, memoryForMs: 10_000 } },
    [over, over, over, over, { memoryMb: 1 }, over],
  );
  await vi.advanceTimersByTimeAsync(18_500);
  expect([told, looks()]).toEqual([[], 9]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(["memory: the memory limit of 2 MB (it used 3 MB for 10 s)"]);
});

test("a peak of CPU is none, a time of it is", async () => {
  const { told } = watching(
    { limitBytes: null, limits: { ...limits, maxCpuPercent: 90, cpuForMs: 5_000 } },
    [{ cpuPercent: 200 }, { cpuPercent: 10 }, { cpuPercent: 95 }],
  );
  await vi.advanceTimersByTimeAsync(6_500);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([
    "cpu: the CPU limit of 90 % (it used 95 %, and more than the limit for 5 s)",
  ]);
});

test("an age counts from the start of the life, also for the next daemon, however long it is", async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  onTestFinished(() => void vi.useRealTimers());
  const told: string[] = [];
  const day = 86_400_000;
  const stop = watchAge(
    { bornAt: 1_000_000 - day, maxAgeMs: 40 * day, jitterMs: 0 },
    { now: () => Date.now(), trip: (by) => told.push(by) },
  );
  onTestFinished(stop);
  await vi.advanceTimersByTimeAsync(39 * day - 1_000);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(["its age (3456000 s, max_age is 3456000 s)"]);
  // Its app may have had no turn for it.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told.length).toBe(2);
});

test("the memory of a tree is that of all its processes", async () => {
  const grows = "const kept = Buffer.alloc(40 * 2 ** 20, 1); setInterval(() => kept, 1_000);";
  const child = spawn(
    process.execPath,
    [
      "-e",
      `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grows)}]); setInterval(() => {}, 1_000)`,
    ],
    { detached: true, stdio: "ignore" },
  );
  const pid = child.pid ?? 0;
  onTestFinished(() => void process.kill(-pid, "SIGKILL"));
  await until("the child's memory", () => (treeMemory([pid]).get(pid) ?? 0) > 45 * 2 ** 20);
});
