import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome } from "../support/home.ts";

/** How many descriptors a process may have; without a number no new one: the limit is the lowest number that is free. */
function limitFiles(pid: number, { most }: { most?: number } = {}): void {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let free = 0;
  while (open.has(free)) free += 1;
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${most ?? free}:`]);
}

/** Whether a process has a connection to a unix socket of its own. */
function hasAccepted(pid: number, path: string): boolean {
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed since.
      return [];
    }
  });
  const connected = /^\S+ \S+ \S+ \S+ 0001 03 +(\d+) (.*)$/gm;
  return [...readFileSync("/proc/net/unix", "utf8").matchAll(connected)].some(
    ([, inode, name]) => name?.endsWith(path) === true && own.includes(`socket:[${inode}]`),
  );
}

function softLimitOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
}

const idle = "setInterval(() => {}, 1e6);";

test("with 256 descriptors and 400 connections to the apps' socket God restarts an app that dies", async () => {
  const home = testHome();
  await home.ok("start", home.file("idle.js", idle), "--name", "api");
  const god = home.godPid();
  limitFiles(god, { most: 256 });
  const sockets = Array.from({ length: 400 }, () =>
    connect(home.paths.links).on("error", () => {}),
  );
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise((resolve) => {
    sockets.at(-1)?.once("connect", resolve).once("close", resolve);
  });
  const { pid } = await home.process("api");
  process.kill(pid ?? 0, "SIGKILL");
  await until("the next life", async () => {
    const next = await home.process("api");
    return next.pid !== pid && next.status === "online";
  });
  expect(home.godPid()).toBe(god);
  expect(isThere(god)).toBe(true);
});

test("God without a descriptor left lives, says so once, and does what it could not when it has some again", async () => {
  const home = testHome();
  await home.ok("start", home.file("idle.js", idle), "--name", "api");
  const god = home.godPid();
  const before = softLimitOf(god);
  const { pid } = await home.process("api");
  limitFiles(god);
  process.kill(pid ?? 0, "SIGKILL");
  const said = (what: RegExp): number => home.godLog().match(what)?.length ?? 0;
  await until("it to be said", () => said(/no file descriptors left/g) > 0, { saw: home.godLog });
  execFileSync("prlimit", ["--pid", String(god), `--nofile=${before}:`]);
  await until("the next life", async () => {
    const next = await home.process("api");
    return next.pid !== pid && next.status === "online";
  });
  await until("its end to be said", () => said(/there are file descriptors again/g) > 0);
  expect([home.godPid(), isThere(god)]).toEqual([god, true]);
  expect(said(/no file descriptors left/g)).toBe(1);
});

test("a log lane without a descriptor left lives, writes on, and brings every line of later apps when it has some again", async () => {
  const home = testHome();
  const lines = "let n = 0; setInterval(() => console.log(`line ${(n += 1)}`), 10);";
  const script = home.file("lines.js", lines);
  await home.ok("start", script, "--name", "first", "--time");
  const lane = await until(
    "the lane",
    () =>
      processesOf(home.paths.home).find(({ command }) => command.startsWith("xm log lane"))?.pid,
  );
  const numbers = (name: string): number[] =>
    [...home.log(`${name}-out.log`).matchAll(/line (\d+)$/gm)].map(([, n]) => Number(n));
  await until("a line", () => numbers("first").length > 0);
  // Who has none left accepts no connection either, and then learns of no new pipe.
  await until("the daemon's connection to it", () => hasAccepted(lane, "/pipes/lane.sock"));
  const before = softLimitOf(lane);
  limitFiles(lane);
  for (const name of ["second", "third"]) await home.ok("start", script, "--name", name, "--time");
  await until("it to be said", () => home.godLog().includes("no file descriptors left"));
  const reached = numbers("first").length;
  await until("lines of the first app", () => numbers("first").length > reached + 20);
  execFileSync("prlimit", ["--pid", String(lane), `--nofile=${before}:`]);
  for (const name of ["first", "second", "third"]) {
    await until(`lines of ${name}`, () => numbers(name).length > 50);
    const found = numbers(name);
    expect(found).toEqual(found.map((_, index) => index + 1));
  }
  expect(isThere(lane)).toBe(true);
});
