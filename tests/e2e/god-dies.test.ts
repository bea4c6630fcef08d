import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome } from "../support/home.ts";
import { forgetSpawn } from "../support/journal.ts";
import { childrenOf, textOf } from "../support/procfs.ts";
import { program } from "../support/programs.ts";

test("a God killed while idle is back by itself, with the same pids, ids and counters", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  await home.ok("restart", "a");
  const before = await home.process("a");
  const god = home.godPid();

  process.kill(god, "SIGKILL");
  const next = await home.nextGod(god);

  expect(isThere(next)).toBe(true);
  const after = await home.process("a");
  expect(after).toEqual(before);
  expect(after.restarts).toBe(1);
});

test("a God killed while it adopts its apps is back by itself, and a signal that comes then stops them", async () => {
  const home = testHome();
  const script = program("stays.js");
  const apps = Array.from({ length: 12 }, (_, n) => ({ name: `s${n}`, script }));
  await home.ok("start", home.file("twelve.json", JSON.stringify({ apps })));
  const before = new Set((await home.list()).map(({ pid }) => pid));
  const ups = (): number => home.godLog().split("up: version").length - 1;
  const watchdogOf = (pid: number): number => childrenOf(pid).find(isWatchdog) ?? 0;
  /** Ends a God, and its successor as soon as that has a watchdog of its own. */
  const killTwice = async (signal: NodeJS.Signals): Promise<number> => {
    const god = home.godPid();
    // The shell becomes the next God: it keeps its pid.
    const next = watchdogOf(god);
    const known = ups();
    process.kill(god, "SIGKILL");
    // More often than `until` looks: it must not be up yet.
    for (const deadline = Date.now() + 20_000; watchdogOf(next) === 0 && Date.now() < deadline;)
      await setImmediate();
    expect(ups()).toBe(known);
    process.kill(next, signal);
    return next;
  };

  const killed = await killTwice("SIGKILL");
  await until(
    "another God",
    () => isThere(home.godPid()) && ups() === 2 && home.godPid() !== killed,
  );
  expect(new Set((await home.list()).map(({ pid }) => pid))).toEqual(before);

  const ended = await killTwice("SIGTERM");
  await until("its end", () => !isThere(ended));
  expect(home.godLog()).toContain("leaving: SIGTERM");
  expect([...before].filter((pid) => isThere(pid ?? 0))).toEqual([]);
  expect(
    childrenOf(1).filter((pid) => isWatchdog(pid) && commandOf(pid).includes(home.paths.home)),
  ).toEqual([]);
});

const commandOf = (pid: number): string => textOf(`/proc/${pid}/cmdline`);

const isWatchdog = (pid: number): boolean => commandOf(pid).startsWith("/bin/sh\0-c\0read -r word");

test("without a watchdog the next command brings God back", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid } = await home.process("a");
  process.kill(home.godPid(), "SIGKILL");

  const table = await home.ok("ls");

  expect(table).toContain(String(pid));
  expect(isThere(pid ?? 0)).toBe(true);
});

test("an adopted app that crashes is restarted, and its log goes on", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const god = home.godPid();
  const { pid } = await home.process("a");
  process.kill(god, "SIGKILL");
  await home.nextGod(god);

  process.kill(pid ?? 0, "SIGKILL");

  const after = await until("a new life", async () => {
    const now = await home.process("a");
    return now.status === "online" && now.pid !== pid && now;
  });
  expect(after.restarts).toBe(1);
  await until("the new life's line", () => home.log("a-out.log").includes(`up ${after.pid}`));
});

test("a God killed in the middle of starting 50 apps loses none and doubles none", async () => {
  const home = testHome();
  await home.ok("ping");
  const apps = Array.from({ length: 50 }, (_, n) => ({
    name: `s${n}`,
    script: "sleep",
    args: ["1000000"],
    interpreter: "none",
  }));
  const file = home.file("fifty.json", JSON.stringify({ apps }));
  const god = home.godPid();
  const starting = home.xm("start", file);
  await until("some of them", () => {
    const journal = readFileSync(`${home.paths.state}/journal.ndjson`, "utf8");
    return journal.split("child.spawned").length > 5;
  });

  process.kill(god, "SIGKILL");
  await starting;
  await home.nextGod(god);

  const list = await until(
    "fifty online",
    async () => {
      const all = await home.list();
      return all.length === 50 && all.every(({ status }) => status === "online") && all;
    },
    { saw: () => home.list() },
  );
  expect(new Set(list.map(({ pid }) => pid)).size).toBe(50);
  const running = await until("one sleep each", () => {
    const pids = sleepsOf(home.paths.home);
    return pids.length <= 50 && pids;
  });
  expect(new Set(running)).toEqual(new Set(list.map(({ pid }) => pid)));
});

test("a God killed during a backoff wait waits the remainder and not the whole", async () => {
  const home = testHome();
  await home.ok("start", program("crashes.js"), "--name", "c", "--restart-delay", "4000");
  const waiting = await until("the wait", async () => {
    const now = await home.process("c");
    return now.status === "waiting" && now;
  });
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);

  const resumed = await home.process("c");
  expect(resumed.status).toBe("waiting");
  expect(resumed.restartAt).toBe(waiting.restartAt);
  await until("the next life", () => home.log("c-out.log").split("life").length === 3);
  const late = Date.now() - (waiting.restartAt ?? 0);
  expect(late).toBeGreaterThanOrEqual(-50);
  // The whole wait, begun anew by the next daemon, would end seconds later.
  expect(late).toBeLessThan(3_000);
});

test("a God killed during a stop goes on with the stop, and the grace period is not begun anew", async () => {
  const home = testHome();
  await home.ok("start", program("ignores-sigint.js"), "--name", "i", "--kill-timeout", "3000");
  await until("it to be up", () => home.log("i-out.log").includes("up"));
  const { pid } = await home.process("i");
  const god = home.godPid();
  const stopAt = Date.now();
  const stopping = home.xm("stop", "i");
  await until("the signal", () => home.log("i-out.log").includes("SIGINT 1"));
  // The signal is out an instant before the journal has the stop.
  await until("the stop", async () => (await home.process("i")).status === "stopping");

  process.kill(god, "SIGKILL");
  await stopping;
  await home.nextGod(god);
  await until("it to be stopped", async () => (await home.process("i")).status === "stopped");

  expect(Date.now() - stopAt).toBeLessThan(5_500);
  expect(isThere(pid ?? 0)).toBe(false);
  expect(home.log("i-out.log")).not.toContain("SIGINT 2");
});

test("a God killed between a spawn and its line in the journal adopts the child all the same", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid } = await home.process("a");
  process.kill(home.godPid(), "SIGKILL");
  // What that instant leaves behind: the declaration is in the journal, the child runs, its line is missing.
  forgetSpawn(home.paths.state);

  const table = await home.ok("ls");

  expect(table).toContain(String(pid));
  expect((await home.process("a")).pid).toBe(pid);
  expect(home.log("a-out.log").match(/up/g)).toHaveLength(1);
});

test("`xm daemon restart` replaces God and touches no app", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const before = await home.process("a");
  const god = home.godPid();

  await home.ok("daemon", "restart");

  expect(home.godPid()).not.toBe(god);
  expect(await home.process("a")).toEqual(before);
});

test("SIGTERM stops the apps, and the next God starts them again", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  await home.ok("start", program("stays.js"), "--name", "b");
  await home.ok("stop", "b");
  const { pid } = await home.process("a");
  const god = home.godPid();

  process.kill(god, "SIGTERM");
  await until("God to be gone", () => !isThere(god));
  expect(isThere(pid ?? 0)).toBe(false);

  const after = await until("a to run", async () => {
    const now = await home.process("a");
    return now.status === "online" && now;
  });
  expect(after.restarts).toBe(0);
  expect((await home.process("b")).status).toBe("stopped");

  // Who looks back sees that nothing ran in between, and who ended it.
  const history = await home.client().history({});
  const seqOf = (event: string, states: string): number =>
    history.findLast((each) => each.event === event && each.states === states)?.seq ?? 0;
  const told = history.filter(({ event }) => event === "daemon.stopped");
  expect(told.map(({ name, status, by }) => [name, status, by])).toEqual([
    ["a", "stopped", "SIGTERM"],
  ]);
  const gods = history.filter(({ kind, by }) => kind === "god" && by !== null);
  // An app after the other is gone.
  expect(gods.map(({ event, states, by }) => [event, states, by])).toEqual([
    ["shutDown", "shuttingDown", "SIGTERM"],
    ["app.gone", "shuttingDown", "SIGTERM"],
    ["app.gone", "down", "SIGTERM"],
  ]);
  expect(seqOf("restore is done", "running")).toBeGreaterThan(gods.at(-1)?.seq ?? 0);
});

test("`xm kill` stops every app and leaves nothing, the watchdog included", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid } = await home.process("a");
  const god = home.godPid();
  const { watchdogPid } = await home.client().daemon();

  await home.ok("kill");

  for (const gone of [pid, god, watchdogPid]) expect(isThere(gone ?? 0)).toBe(false);
});

function sleepsOf(home: string): number[] {
  return processesOf(home)
    .filter(({ command }) => /^(\S*\/)?sleep /.test(command))
    .map(({ pid }) => pid);
}
