import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createUsage } from "../../../../runtime/daemon/metrics/usage.ts";
import { createUsageFiles } from "../../../../runtime/daemon/metrics/usage-files.ts";
import { testFolder } from "../../../support/folder.ts";

const start = Date.parse("2026-03-01T22:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ["setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Two processes; the second leaks 6 MB a minute. */
function setUp(folder: string, pids: () => readonly number[] = () => [10, 11]) {
  const told: string[] = [];
  const complain = (_: string, line: string): void => void told.push(line);
  const usage = createUsage({
    sampler: {
      sample: (asked) => {
        const minutes = (Date.now() - start) / 60_000;
        const of = (pid: number) => ({
          memoryBytes: pid === 10 ? 1_000 : 1_000 + minutes * 6_000,
          cpuPercent: pid,
        });
        return Promise.resolve(new Map(asked.map((pid) => [pid, of(pid)])));
      },
    },
    living: () => pids().map((pid) => ({ key: `key-${pid}`, pid })),
    files: createUsageFiles(folder, complain),
    wall: () => Date.now(),
    complain,
  });
  return { usage, told };
}

test("figures cover a day, over lives and daemons, and a leak is told by its rate", async () => {
  const { path: folder } = testFolder();
  const first = setUp(folder);
  await vi.advanceTimersByTimeAsync(3 * 3_600_000);
  expect(first.usage.growth(10)).toBeNull();
  expect(first.usage.growth(11)?.perMinute).toBeCloseTo(6_000, 0);
  expect(first.usage.growth(11)?.overMs).toBeGreaterThan(2 * 3_600_000);
  first.usage.stop();
  const { usage, told } = setUp(folder);
  expect(await usage.summary("key-5")).toBeNull();
  await vi.advanceTimersByTimeAsync(3_600_000);
  const summary = await usage.summary("key-11");
  expect(summary?.since).toBe(start);
  expect(summary?.cpu).toEqual({ p50: 11, p99: 11, peak: 11 });
  // Four hours, of which the one or other bucket ended with the daemon.
  expect(summary?.memory.p50).toBeGreaterThan(1_000 + 110 * 6_000);
  expect(summary?.memory.p50).toBeLessThan(1_000 + 130 * 6_000);
  expect(summary?.memory.peak).toBe(1_000 + 240 * 6_000);
  await vi.advanceTimersByTimeAsync(22 * 3_600_000);
  expect((await usage.summary("key-11"))?.since).toBe(start + 2 * 3_600_000);
  expect(told).toEqual([]);
  usage.stop();
});

test("what is older than two weeks goes, other files stay, and damaged lines are passed over", async () => {
  const { path: folder } = testFolder();
  for (const name of ["2026-02-14.ndjson", "2026-02-20.ndjson", "notes.txt"]) {
    writeFileSync(join(folder, name), "");
  }
  const { usage } = setUp(folder);
  await vi.advanceTimersByTimeAsync(3_600_000);
  usage.stop();
  const today = join(folder, "2026-03-01.ndjson");
  appendFileSync(
    today,
    '["key-11",\n[1e999,"key-11",1,1,1,1]\n{"__proto__":{},"a":["key-11"]}\nnull\n[2,"key-11","x",3,4,5]\n',
  );
  expect(readdirSync(folder)).toEqual(["2026-02-20.ndjson", "2026-03-01.ndjson", "notes.txt"]);
  const files = createUsageFiles(folder, () => {});
  const all = await files.read(new Set(["key-11"]), { from: start, until: Date.now() });
  expect([...all.keys()]).toEqual(["key-11"]);
  const read = all.get("key-11") ?? [];
  expect(read).toHaveLength(12);
  expect(read[0]?.at).toBe(start);
});

test("a life that follows another is no growth", async () => {
  const { path: folder } = testFolder();
  let pid = 10;
  const { usage } = setUp(folder, () => [pid]);
  await vi.advanceTimersByTimeAsync(600_000);
  pid = 11;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(usage.growth(11)).toBeNull();
  usage.stop();
});

test("points of a quarter of an hour are of ten seconds, over lives and rests; of longer they come from the files too", async () => {
  const { path: folder } = testFolder();
  const before = setUp(folder);
  await vi.advanceTimersByTimeAsync(3_600_000);
  before.usage.stop();
  let pids = [10, 11];
  const { usage } = setUp(folder, () => pids);
  await vi.advanceTimersByTimeAsync(600_000);
  pids = [10];
  await vi.advanceTimersByTimeAsync(60_000);
  const end = Date.now();
  const recent = { since: end - 840_000, until: Number.POSITIVE_INFINITY, most: 1_000 };
  const rests = (await usage.points(["key-11"], recent)).get("key-11") ?? [];
  const steps = rests.map(({ at }, index) => at - (rests[index - 1]?.at ?? at));
  expect(steps.filter((step) => step === 10_000)).toHaveLength(59);
  // In front of them is what the daemon before has kept of that quarter of an hour.
  expect(rests.map(({ at }) => (at - start) / 60_000).slice(0, 1)).toEqual([55]);
  pids = [10, 11];
  await vi.advanceTimersByTimeAsync(60_000);
  const both = await usage.points(["key-10", "key-11", "key-9"], { ...recent, most: 10 });
  expect(both.get("key-9")).toEqual([]);
  expect(both.get("key-10")).toHaveLength(10);
  // The peak of a point is the highest of what it stands for.
  expect(both.get("key-11")?.at(-1)?.memoryPeak).toBe(1_000 + 72 * 6_000);
  const long = { since: start, until: Number.POSITIVE_INFINITY, most: 1_000 };
  const ofHours = (await usage.points(["key-11"], long)).get("key-11") ?? [];
  expect(ofHours[0]?.at).toBe(start);
  expect(ofHours.length).toBeGreaterThanOrEqual(13);
  expect(ofHours.map(({ at }) => at)).toEqual(
    ofHours.map(({ at }) => at).toSorted((a, b) => a - b),
  );
  const hour = { since: start + 600_000, until: start + 1_200_000, most: 1_000 };
  const two = (await usage.points(["key-11"], hour)).get("key-11") ?? [];
  expect(two.map(({ at }) => (at - start) / 300_000)).toEqual([2, 3]);
  usage.stop();
});

test("a folder that cannot be written is told, and nothing else happens", async () => {
  const { path: folder } = testFolder();
  const place = join(folder, "file");
  writeFileSync(place, "");
  const { usage, told } = setUp(place);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(told[0]).toContain(`memory and CPU cannot be written to ${place}`);
  expect((await usage.summary("key-11"))?.cpu.p50).toBe(11);
  usage.stop();
});
