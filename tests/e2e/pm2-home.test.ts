import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("a home chosen by PM2_HOME has PM2's layout, whoever calls then", async () => {
  const home = testHome({ env: { XM_HOME: "", XM_WATCHDOG: "off" } });
  const env = { PM2_HOME: home.paths.home };
  const run = (...args: string[]) => home.run(args, { env });
  expect((await run("start", program("stays.js"), "--name", "p")).code).toBe(0);
  expect((await run("save")).code).toBe(0);
  const names = readdirSync(home.paths.home);
  expect(names).toEqual(expect.arrayContaining(["pm2.log", "pm2.pid", "logs", "pids", "dump.pm2"]));
  expect(names.filter((name) => /^god\.(log|pid)$/.test(name))).toEqual([]);
  expect(existsSync(join(home.paths.home, "logs/p-out.log"))).toBe(true);
  const god = Number(readFileSync(join(home.paths.home, "pm2.pid"), "utf8"));
  // The same daemon by the other variable.
  const other = await home.run(["ping"], { env: { XM_HOME: home.paths.home } });
  expect(other.stdout).toContain(`(pid ${god}`);
  await run("kill");
  expect(existsSync(join(home.paths.home, "pm2.pid"))).toBe(false);
});

test("PM2's variables choose the daemon's own paths, from the folder of the call", async () => {
  const home = testHome({
    env: {
      PM2_PID_FILE_PATH: "run/god.pid",
      PM2_LOG_FILE_PATH: "run/god.log",
      PM2_DAEMON_RPC_PORT: "run/rpc.sock",
    },
  });
  mkdirSync(join(home.folder, "run"));
  await home.ok("start", program("stays.js"), "--name", "p");
  const names = ["god.log", "god.pid", "rpc.sock"];
  expect(readdirSync(join(home.folder, "run")).sort()).toEqual(names);
  const there = readdirSync(home.paths.home);
  expect(there.filter((name) => names.includes(name))).toEqual([]);
  // The next God goes by them too.
  const god = Number(readFileSync(join(home.folder, "run/god.pid"), "utf8"));
  process.kill(god, "SIGKILL");
  const next = (): number => Number(/pid (\d+)/.exec(pong)?.[1]);
  let pong = "";
  await until("the next God", async () => {
    pong = await home.ok("ping");
    return next() !== god;
  });
  expect(readFileSync(join(home.folder, "run/god.pid"), "utf8").trim()).toBe(String(next()));
  // Who does not set them finds the same daemon.
  const other = await home.run(["ping"], {
    env: { PM2_DAEMON_RPC_PORT: "", PM2_PID_FILE_PATH: "" },
  });
  expect(other.stdout).toBe(pong);
  await home.ok("kill");
  expect(readdirSync(join(home.folder, "run"))).toEqual(["god.log"]);
});

test("XM_HOME wins over PM2_HOME, and --hp over both", async () => {
  const home = testHome({ env: { PM2_HOME: "/nowhere/at/all" } });
  await home.ok("start", program("stays.js"), "--name", "x");
  const ran = await home.run(["pid", "x", "--hp", home.paths.home], {
    env: { XM_HOME: "/nowhere/either" },
  });
  expect(ran.stdout.trim()).toBe(String((await home.process("x")).pid));
});

test("PM2_DAEMON_TITLE names the daemon, and PM2's variables change what an app is started with", async () => {
  const home = testHome({
    env: { PM2_DAEMON_TITLE: "my daemon", PM2_KILL_SIGNAL: "SIGTERM", PM2_KILL_TIMEOUT: "900" },
  });
  await home.ok("start", program("stays.js"), "--name", "v");
  await until("the title", () =>
    readFileSync(`/proc/${home.godPid()}/cmdline`, "utf8").startsWith("my daemon"),
  );
  const { spec } = await home.client().detail(0);
  expect([spec.stopSignal, spec.policy.killTimeoutMs]).toEqual(["SIGTERM", 900]);
});
