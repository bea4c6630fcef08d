import { expect, test } from "vitest";
import { simulate } from "../../../../machines/simulation.ts";
import type { AppSpec } from "../../../../machines/spec.ts";
import { advise, storyOf, type Advice } from "../../../../runtime/client/advise/index.ts";
import type { HistoryRecordView } from "../../../../runtime/client/connection/types.ts";
import { historyEntry, type HistoryEntry } from "../../../../runtime/contract/history.ts";
import { appSpec as testSpec } from "../../../support/machines/spec.ts";

const mib = 2 ** 20;
const hourMs = 3_600_000;

/** Writes the records of one process, with a clock of its own. */
function historian() {
  const records: HistoryRecordView[] = [];
  let at = 1_000_000;
  const note = (event: string, more: Partial<HistoryEntry> = {}): void => {
    records.push(
      historyEntry({
        at,
        kind: "process",
        id: 0,
        app: "a",
        name: "a",
        event,
        ...more,
      }) as HistoryRecordView,
    );
  };
  const exit = (
    code: number | null,
    signal: string | null,
    uptimeMs: number,
    askedBy: string | null,
  ): void => note("child.exited", { exit: { at, code, signal, uptimeMs, askedBy } });
  return {
    records,
    now: () => at,
    wait: (ms: number) => void (at += ms),
    spawn: () => note("child.spawned", { status: "online", startedAt: at }),
    ready: (afterMs: number) => {
      at += afterMs;
      note("child.ready", { status: "online" });
    },
    late: () => note("listenTimeout", { status: "online", readiness: "late" }),
    crash: (afterMs: number) => {
      at += afterMs;
      exit(1, null, afterMs, null);
    },
    giveUp: () => note("child.exited", { status: "errored", states: "errored" }),
    trip: () => note("sensor.tripped", { sensor: "memory" }),
    stop: (tookMs: number, wasKilled: boolean) => {
      note("restart", { status: "stopping", states: "alive.stopping.graceful" });
      at += tookMs;
      if (wasKilled) note("killTimeout", { status: "stopping", states: "alive.stopping.forced" });
      exit(null, wasKilled ? "SIGKILL" : "SIGINT", 5_000, "`xm restart`");
    },
  };
}

type Historian = ReturnType<typeof historian>;

function adviceOf(
  { records, now }: Historian,
  spec: AppSpec = testSpec(),
  memory?: { p50: number; p99: number; peak: number; sinceMs?: number },
): Advice[] {
  const usage =
    memory === undefined ? null : { since: now() - (memory.sinceMs ?? 24 * hourMs), memory };
  return advise({ spec, story: storyOf(records), usage, now: now(), simulate });
}

const changed = (advice: readonly Advice[]): unknown[] =>
  advice.map(({ field, from, to }) => [field, from, to]);

test("an app without troubles, and one without a history, get no advice", () => {
  const calm = historian();
  for (let life = 0; life < 10; life += 1) {
    calm.spawn();
    calm.wait(10_000);
    calm.stop(80, false);
  }
  expect(adviceOf(calm)).toEqual([]);
  expect(adviceOf(historian())).toEqual([]);
});

test("kill_timeout: proposed when stops are killed and others end by themselves, not for a deaf program", () => {
  const some = historian();
  for (const [ms, isKilled] of [
    [1_600, true],
    [900, false],
    [1_600, true],
    [1_200, false],
  ] as const) {
    some.spawn();
    some.stop(ms, isKilled);
  }
  const [advice] = adviceOf(some);
  expect(advice).toEqual({
    field: "kill_timeout",
    from: 1_600,
    to: 5_000,
    evidence:
      "2 of 4 stops ended with SIGKILL after 1.6 s; the longest that ended by itself took 1.2 s",
  });
  const deaf = historian();
  for (let count = 0; count < 5; count += 1) {
    deaf.spawn();
    deaf.stop(1_600, true);
  }
  expect(adviceOf(deaf)).toEqual([]);
});

test("max_memory_restart: a limit far above the peak, and one that normal use reaches is raised", () => {
  const memory = { p50: 180 * mib, p99: 195 * mib, peak: 198 * mib };
  expect(changed(adviceOf(historian(), testSpec(), memory))).toEqual([
    ["max_memory_restart", null, "300M"],
  ]);
  expect(adviceOf(historian(), testSpec(), { ...memory, sinceMs: hourMs })).toEqual([]);
  const limited = testSpec();
  const spec = { ...limited, sensors: { ...limited.sensors, maxMemoryBytes: 200 * mib } };
  const tripping = historian();
  for (let count = 0; count < 3; count += 1) tripping.trip();
  expect(changed(adviceOf(tripping, spec, memory))).toEqual([
    ["max_memory_restart", "200M", "300M"],
  ]);
  // One that leaks is caught by its limit, which is right.
  expect(adviceOf(tripping, spec, { ...memory, p50: 60 * mib })).toEqual([]);
});

test("listen_timeout: three times what the app has needed, when that comes close to it", () => {
  const slow = historian();
  for (const ms of [2_100, 2_500, 2_900]) {
    slow.spawn();
    slow.ready(ms);
    slow.stop(50, false);
  }
  const spec = testSpec();
  const listening: AppSpec = {
    ...spec,
    policy: { ...spec.policy, readiness: "listening", listenTimeoutMs: 3_000 },
  };
  expect(changed(adviceOf(slow, listening))).toEqual([["listen_timeout", 3_000, 9_000]]);
  expect(adviceOf(slow, spec)).toEqual([]);
  slow.late();
  expect(adviceOf(slow, listening)[0]?.evidence).toBe(
    "ready after 2.5 s (median of 3), at most 2.9 s, and not within it in 1 lives",
  );
});

test("a loop of crashes that min_uptime does not count is replayed with a backoff", () => {
  const loop = historian();
  for (let count = 0; count < 8; count += 1) {
    loop.spawn();
    loop.crash(1_500 + count * 100);
  }
  const advice = adviceOf(loop);
  expect(changed(advice)).toEqual([["exp_backoff_restart_delay", null, 100]]);
  const [, now, then] =
    /for 10 min, (\d+) starts; with this, (\d+)/.exec(advice[0]?.evidence ?? "") ?? [];
  expect(Number(then)).toBeLessThan(Number(now) / 2);
  // Those that count end the loop: it is given up.
  const counted = historian();
  for (let count = 0; count < 8; count += 1) {
    counted.spawn();
    counted.crash(200);
  }
  expect(adviceOf(counted)).toEqual([]);
});

test("given up at night and found to work in the morning: a policy that would still have been trying", () => {
  const night = historian();
  for (let count = 0; count < 16; count += 1) {
    night.spawn();
    night.crash(300);
  }
  night.giveUp();
  night.wait(hourMs);
  night.spawn();
  night.wait(hourMs);
  const found = adviceOf(night);
  expect(changed(found)).toEqual([
    ["exp_backoff_restart_delay", null, 100],
    ["max_restarts", 16, 400],
  ]);
  const [advice] = found;
  expect(advice?.evidence).toMatch(
    /^given up once and down for 1 h.* until it was started by hand, which worked;/,
  );
  // It crashed again at once: to go on trying would not have helped.
  const broken = historian();
  broken.spawn();
  broken.crash(300);
  broken.giveUp();
  broken.wait(hourMs);
  broken.spawn();
  broken.crash(300);
  expect(adviceOf(broken)).toEqual([]);
});
