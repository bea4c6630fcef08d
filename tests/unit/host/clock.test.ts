import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock, openClock } from "../../../runtime/host/clock.ts";
import { testFolder } from "../../support/folder.ts";

const root = join(import.meta.dirname, "../../..");

const readsTheWall = [
  // PM2's variables in an app's environment.
  "runtime/daemon/children/environment.ts",
  // Files of runs that were left long ago.
  "runtime/daemon/hooks/run.ts",
  "runtime/daemon/inspector/dialect-stately.ts",
  // The times of god.log and of the history.
  "runtime/daemon/own-log.ts",
  "runtime/daemon/parts.ts",
  // Schedules are times of the wall clock.
  "runtime/daemon/sensors/app.ts",
];

const hourMs = 3_600_000;

/** A machine's two clocks: one that is set, and one that only continues. */
function machine(wallMs = 1_700_000_000_000) {
  const state = { wallMs, uptimeMs: 5_000 };
  return {
    wall: () => state.wallMs,
    uptime: () => state.uptimeMs,
    pass: (ms: number) => {
      state.wallMs += ms;
      state.uptimeMs += ms;
    },
    set: (byMs: number) => void (state.wallMs += byMs),
    boot: () => void (state.uptimeMs = 100),
  };
}

test("however the wall clock is set, as much time passes as passes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(100_000), fc.integer({ min: -40 * hourMs, max: 40 * hourMs }))),
      (steps) => {
        const on = machine();
        const clock = createClock(on.wall() - on.uptime(), on);
        for (const [ms, setBy] of steps) {
          const before = clock.now();
          on.pass(ms);
          on.set(setBy);
          expect(clock.now() - before).toBe(ms);
        }
      },
    ),
  );
});

test("the daemon decides by steady time: the wall clock is read where a time is shown, kept for people, scheduled or a seed", () => {
  const folders = ["machines", "runtime/daemon"];
  const reading = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /Date\.now|new Date\(\)/.test(readFileSync(join(root, file), "utf8")));
  expect(reading.toSorted()).toEqual(readsTheWall);
});

test("a time is shown as the clock on the wall has it, and as it is while that was not set", () => {
  const on = machine();
  const clock = createClock(on.wall() - on.uptime(), on);
  const at = clock.now();
  on.pass(60_000);
  expect(clock.shown(at)).toBe(at);
  on.set(-hourMs);
  expect(clock.shown(clock.now())).toBe(on.wall());
  expect(clock.shown(at)).toBe(on.wall() - 60_000);
});

test("the next daemon of a boot reckons as the last one did; another boot begins with its own clock", () => {
  const file = join(testFolder().path, "clock.json");
  const on = machine();
  const first = openClock(file, { ...on, boot: "b1" });
  on.pass(1_000);
  on.set(hourMs);
  const second = openClock(file, { ...on, boot: "b1" });
  expect(second.now()).toBe(first.now());

  on.boot();
  expect(openClock(file, { ...on, boot: "b2" }).now()).toBe(on.wall());
});

test("where a boot has no name, an uptime that has fallen tells of one", () => {
  const file = join(testFolder().path, "clock.json");
  const on = machine();
  openClock(file, { ...on, boot: "unknown" });
  on.set(hourMs);
  on.boot();
  expect(openClock(file, { ...on, boot: "unknown" }).now()).toBe(on.wall());
});

test.each(["", "null", "{}", '{"boot":"b1","offset":"x","uptime":1}', "[", "7"])(
  "a file that holds %j is replaced",
  (text) => {
    const file = join(testFolder().path, "clock.json");
    writeFileSync(file, text);
    const on = machine();
    expect(openClock(file, { ...on, boot: "b1" }).now()).toBe(on.wall());
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ boot: "b1" });
  },
);
