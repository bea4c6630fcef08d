import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ScheduleSpec } from "../../../../machines/spec.ts";
import { drawFrom } from "../../../../machines/lib/backoff.ts";
import { watchSchedule } from "../../../../runtime/daemon/sensors/schedule.ts";

const minute = 60_000;
const everyMinute: ScheduleSpec = {
  cron: null,
  timezone: null,
  everyMs: minute,
  concurrency: "forbid",
  startingDeadlineMs: minute,
  catchesUp: false,
  jitterMs: 0,
};
const start = Date.parse("2026-03-29T00:00:30Z");

beforeEach(() => void vi.useFakeTimers({ now: start }));
afterEach(() => void vi.useRealTimers());

/** What the journal of a home has, over all its daemons. */
class Home {
  readonly used: number[] = [];
  readonly begun: number[] = [];
  next: number | null = null;
  readonly #schedule: ScheduleSpec;
  #stop = (): void => {};

  constructor(schedule: ScheduleSpec) {
    this.#schedule = schedule;
  }

  /** @param diesAfter whether this daemon dies between the record of a time and its run. */
  up({ diesAfter = () => false }: { diesAfter?: (dueAt: number) => boolean } = {}): void {
    const firedAt = this.used.at(-1) ?? null;
    this.#stop = watchSchedule(
      { schedule: this.#schedule, firedAt },
      {
        now: () => Date.now(),
        due: async (dueAt) => {
          this.used.push(dueAt);
          if (diesAfter(dueAt)) this.down();
        },
        begin: () => void this.begun.push(this.used.at(-1) ?? 0),
        next: (at) => {
          this.next = at;
        },
        failed: (error) => {
          throw error as Error;
        },
      },
    );
  }

  down(): void {
    this.#stop();
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("each time begins one run", async () => {
  const home = new Home(everyMinute);
  home.up();
  await pass(5 * minute);
  const expected = [1, 2, 3, 4, 5].map((each) => start - 30_000 + each * minute);
  expect([home.used, home.begun, home.next]).toEqual([
    expected,
    expected,
    start - 30_000 + 6 * minute,
  ]);
  home.down();
});

test("a daemon killed again and again, at any moment: no time begins two runs, and none is lost but that of a death in between", async () => {
  const home = new Home(everyMinute);
  let lost = 0;
  for (let kill = 0; kill < 2_000; kill += 1) {
    const draw = drawFrom(kill);
    const dies = draw < 0.2;
    home.up({
      diesAfter: () => {
        if (dies) lost += 1;
        return dies;
      },
    });
    await pass(Math.floor(draw * 90_000));
    home.down();
    // Shorter than the starting deadline.
    await pass(Math.floor(drawFrom(-kill) * 50_000));
  }
  expect(new Set(home.used).size).toBe(home.used.length);
  expect(new Set(home.begun).size).toBe(home.begun.length);
  expect(home.used.length - home.begun.length).toBe(lost);
  const [first = 0] = home.used;
  const last = home.used.at(-1) ?? 0;
  expect(home.used.length).toBe((last - first) / minute + 1);
}, 60_000);

test("what was missed for longer than the starting deadline is skipped, unless it is caught up: then once", async () => {
  for (const catchesUp of [false, true]) {
    const home = new Home({ ...everyMinute, everyMs: 60 * minute, catchesUp });
    home.up();
    await pass(90 * minute);
    home.down();
    const before = home.begun.length;
    await pass(10 * 60 * minute + 17 * minute);
    home.up();
    await pass(1_000);
    expect(home.begun.length - before).toBe(catchesUp ? 1 : 0);
    await pass(60 * minute);
    expect(home.begun.length - before).toBe(catchesUp ? 2 : 1);
    home.down();
  }
});

test("a suspended machine is a missed time, too: one run within the deadline", async () => {
  const home = new Home({ ...everyMinute, startingDeadlineMs: 10 * minute });
  home.up();
  await pass(minute);
  const before = home.begun.length;
  vi.setSystemTime(Date.now() + 5 * minute);
  await pass(31_000);
  expect(home.begun.length - before).toBe(1);
  home.down();
});

test("jitter moves each run by an amount of its own, the same under every daemon", async () => {
  const home = new Home({ ...everyMinute, everyMs: 10 * minute, jitterMs: 5 * minute });
  home.up();
  await pass(0);
  const { next } = home;
  home.down();
  home.up();
  await pass(0);
  expect(home.next).toBe(next);
  const late = (next ?? 0) % (10 * minute);
  expect(late).toBeGreaterThan(0);
  expect(late).toBeLessThan(5 * minute);
  home.down();
});
