import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

const ecosystem = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

const lines = (home: TestHome, name: string): number =>
  home.log(`${name}-out.log`).split("\n").length - 1;

/** The times of its schedule that the journal holds as used. */
function fired(home: TestHome): Set<number> {
  const folder = join(home.paths.home, "state");
  const text = readdirSync(folder)
    .filter((name) => name.startsWith("journal"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  return new Set([...text.matchAll(/"firedAt":(\d+)/g)].map(([, at]) => Number(at)));
}

test("a job with a schedule is not run when it is declared, but at its times; ls and describe show the next", async () => {
  const home = testHome();
  const file = ecosystem(home, [
    { name: "often", script: "echo ran", type: "oneshot", schedule: { every: "1s" } },
    { name: "nightly", script: "echo ran", type: "oneshot", schedule: "0 3 * * *" },
  ]);
  await home.ok("start", file);
  await until("two runs", () => lines(home, "often") >= 2);
  expect(lines(home, "nightly")).toBe(0);
  const { status, nextRunAt } = await home.process("nightly");
  expect(status).toBe("stopped");
  expect(nextRunAt).toBeGreaterThan(Date.now());
  expect(await home.ok("ls")).toMatch(/nightly: next run in .* 03:00:00\)/);
  const shown = await home.ok("describe", "nightly");
  expect(shown).toMatch(/schedule +0 3 \* \* \*/);
  expect(shown).toMatch(/next run +\d{4}-\d\d-\d\d 03:00:00/);

  await home.ok("stop", "often");
  await until("no next run", async () => (await home.process("often")).nextRunAt === null);
  const before = lines(home, "nightly");
  await home.ok("run", "nightly");
  expect(lines(home, "nightly")).toBe(before + 1);
}, 60_000);

test("forbid skips a time while a run is in progress, replace ends that run and begins another", async () => {
  const home = testHome();
  const script = home.file("long.cjs", `console.log("begun"); setInterval(() => {}, 1_000);`);
  const file = ecosystem(home, [
    { name: "kept", script, type: "oneshot", schedule: { every: "1s" } },
    {
      name: "replaced",
      script,
      type: "oneshot",
      schedule: { every: "2s", concurrency_policy: "replace" },
    },
  ]);
  await home.ok("start", file);
  await until("two runs", () => lines(home, "replaced") >= 2, { withinMs: 30_000 });
  expect(lines(home, "kept")).toBe(1);
  expect(await home.ok("why", "kept")).toContain(
    "was skipped, because the one before is in progress",
  );
  await home.ok("stop", "all");
}, 60_000);

test("however often the daemon is killed, no time leads to two runs", async () => {
  const home = testHome();
  const file = ecosystem(home, [
    { name: "tick", script: "echo ran", type: "oneshot", schedule: { every: "1s" } },
  ]);
  await home.ok("start", file);
  for (let kills = 0; kills < 6; kills += 1) {
    const before = lines(home, "tick");
    await until("another run", () => lines(home, "tick") > before, { withinMs: 20_000 });
    // A run that was due meanwhile begins before a new daemon has its watchdog.
    const watched = async () => (await home.client().daemon()).watchdogPid !== null;
    await until("a watchdog", watched);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
  }
  const before = lines(home, "tick");
  await until("another run", () => lines(home, "tick") > before, { withinMs: 20_000 });
  await home.ok("stop", "tick");
  expect(lines(home, "tick")).toBeLessThanOrEqual(fired(home).size);
  expect(lines(home, "tick")).toBeGreaterThanOrEqual(7);
}, 120_000);

test("a schedule that cannot be is an error that names the field", async () => {
  const home = testHome();
  const job = { script: "true", type: "oneshot" };
  const file = ecosystem(home, [
    { name: "a", script: "true", schedule: "0 3 * * *" },
    { name: "b", ...job, schedule: { cron: "0 99 * * *" } },
    { name: "c", ...job, schedule: { every: "5ms", concurrency_policy: "allow" } },
    { name: "d", ...job, schedule: { cron: "0 3 * * *", timezone: "Mars/Base", evry: 1 } },
    { name: "e", ...job, schedule: {} },
  ]);
  const { code, stderr } = await home.xm("start", file);
  expect(code).toBe(1);
  for (const words of [
    'apps[0].schedule: only a job has one; add type: "oneshot"',
    'apps[1].schedule.cron: expected a cron pattern such as "0 3 * * *", got "0 99 * * *"',
    'apps[2].schedule.every: expected a time from "1s" to 24 days, got "5ms"',
    "apps[2].schedule.concurrency_policy: allow is not supported",
    'apps[3].schedule.timezone: expected a time zone such as "Europe/Berlin", got "Mars/Base"',
    "apps[3].schedule.evry: no such field",
    "apps[4].schedule: expected either cron or every",
  ]) {
    expect(stderr).toContain(words);
  }
}, 60_000);
