import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ChildFact } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { isAlive, readProcess } from "../../../runtime/host/procfs.ts";
import { adoptChild, spawnChild } from "../../../runtime/daemon/children/begin.ts";
import type { ChildHandle, Launch } from "../../../runtime/daemon/children/contract.ts";
import type { Up } from "../../../runtime/contract/app-link/protocol.ts";
import { signalProcess } from "../../../runtime/daemon/children/tree.ts";
import { until } from "../../support/condition.ts";
import { isThere } from "../../support/home.ts";
import { testFolder } from "../../support/folder.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { childServices } from "../../support/services.ts";
import { program } from "../../support/programs.ts";

/** A child of this very process, and what it told. */
async function setUp(script: string, change: Partial<AppSpec> = {}) {
  const folder = testFolder();
  const services = await childServices(folder.path);
  const told: { type: string; [key: string]: unknown }[] = [];
  const spec = appSpec({
    spec: {
      script,
      cwd: folder.path,
      interpreter: process.execPath,
      env: { PATH: process.env["PATH"] ?? "" },
      ...change,
    },
  });
  const launch: Launch = {
    spec,
    id: 3,
    generation: 0,
    app: "app",
    instance: 1,
    home: folder.path,
    lifeId: "life",
    uniqueId: "unique",
    logs: {
      out: join(folder.path, "logs/out.log"),
      error: join(folder.path, "logs/err.log"),
      combined: null,
    },
    pidFile: join(folder.path, "pids/app-3.pid"),
    counts: { createdAt: 1, restarts: 0, unstableRestarts: 0 },
  };
  const events = {
    spawned: (fact: ChildFact) => void told.push({ type: "spawned", fact }),
    told: (message: Up) => void told.push({ ...message }),
    lost: () => {},
    signalled: () => {},
    failed: (failure: object) => void told.push({ type: "failed", ...failure }),
    exited: (end: object) => void told.push({ type: "exited", ...end }),
  };
  const start = (): ChildHandle | undefined => {
    const child = spawnChild(launch, events, services);
    if (child !== undefined) onTestFinished(() => void signalProcess(child.fact, "SIGKILL"));
    return child;
  };
  const output = (): string => readFileSync(launch.logs.out ?? "", "utf8");
  const last = (type: string) => told.findLast((each) => each.type === type);
  return { ...folder, launch, events, services, told, start, output, last };
}

test("a child writes to its log files itself, and its pid file lasts as long as it does", async () => {
  const { start, output, launch, last } = await setUp(program("stays.js"));
  const child = start();
  await until("its line", () => output() === `up ${child?.fact.pid}\n`);
  expect(readFileSync(launch.pidFile ?? "", "utf8")).toBe(`${child?.fact.pid}\n`);
  child?.stop(1_600);
  await until("its end", () => last("exited"));
  expect(last("exited")).toMatchObject({ code: null, signal: "SIGINT" });
  expect(() => readFileSync(launch.pidFile ?? "")).toThrow("ENOENT");
});

test("a killed child is gone with everything it started, in whatever session, before its end is told", async () => {
  const { start, output, last } = await setUp(program("leaves-grandchildren.js"), {
    args: ["never"],
  });
  const child = start();
  const [, , near, far] = await until("its pids", () => /life (\d+) (\d+) (\d+)/.exec(output()));
  child?.kill();
  await until("its end", () => last("exited"));
  expect([child?.fact.pid ?? 0, Number(near), Number(far)].map(isThere)).toEqual([
    false,
    false,
    false,
  ]);
});

test("one that ignores its stop signal gets it once, and ends by kill", async () => {
  const { start, output, last } = await setUp(program("ignores-sigint.js"));
  const child = start();
  await until("it to be up", () => output().includes("up"));
  child?.stop(1_600);
  await until("the signal", () => output().includes("SIGINT 1"));
  child?.kill();
  await until("its end", () => last("exited"));
  expect([output().match(/SIGINT/g)?.length, last("exited")?.["signal"]]).toEqual([1, "SIGKILL"]);
});

test.each([
  [
    "a missing script",
    { script: "/nonexistent/app.js" },
    "ENOENT",
    "its script /nonexistent/app.js does not exist",
  ],
  [
    "a missing working directory",
    { cwd: "/nonexistent" },
    "ENOENT",
    "its working directory /nonexistent does not exist",
  ],
  [
    "a missing interpreter",
    { interpreter: "no-such-thing" },
    "ENOENT",
    "its interpreter no-such-thing does not exist or is not executable",
  ],
  [
    "an unknown user",
    { uid: "nobody-at-all" },
    "ERR_CANNOT_SPAWN",
    'there is no user "nobody-at-all"',
  ],
  [
    "a file that is no program",
    { interpreter: null, script: program("stays.js") },
    "EACCES",
    `${program("stays.js")} is not executable by this user`,
  ],
])("%s is told with the reason, and is not for now", async (_, change, code, message) => {
  const { start, last } = await setUp(program("stays.js"), change);
  expect(start()).toBeUndefined();
  await until("the failure", () => last("failed"));
  expect(last("failed")).toMatchObject({ code, message, transient: false });
});

test("a released child lives on, and another adopts it and sees its end", async () => {
  const { start, output, events, services, launch, last, told } = await setUp(program("stays.js"));
  const child = start();
  await until("its line", () => output().includes("up"));
  const fact = child?.fact as ChildFact;
  child?.release();
  expect(isAlive(fact)).toBe(true);

  const adopted = adoptChild(launch, fact, events, services);
  onTestFinished(() => adopted.release());
  process.kill(fact.pid, "SIGKILL");
  await until("its end", () => last("exited"));
  expect(last("exited")).toMatchObject({ code: null, signal: null });
  expect(told.filter(({ type }) => type === "exited")).toHaveLength(1);
});

test("a process that took over a pid is never signalled, and is not the child", async () => {
  const { events, services, launch, last } = await setUp(program("stays.js"));
  const other = spawn("sleep", ["1000000"], { stdio: "ignore" });
  onTestFinished(() => void other.kill("SIGKILL"));
  const pid = other.pid ?? 0;
  const recycled: ChildFact = {
    pid,
    startTicks: (readProcess(pid)?.startTicks ?? 0) - 1,
    lifeId: "life",
    at: 0,
  };
  expect([isAlive(recycled), signalProcess(recycled, "SIGKILL")]).toEqual([false, false]);

  const adopted = adoptChild(launch, recycled, events, services);
  adopted.stop(1_600);
  await until("its end to be told", () => last("exited"));
  adopted.release();
  expect(isThere(pid)).toBe(true);
});

test("a zombie is not alive", async () => {
  // The shell becomes a program that never waits for the child, before the child ends.
  const parent = spawn("/bin/sh", ["-c", "sleep 1 & echo $!; exec sleep 1000000"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const pid = await new Promise<number>((resolve) => {
    parent.stdout.once("data", (text: Buffer) => resolve(Number(text.toString())));
  });
  const stat = await until("the zombie", () => {
    const now = readProcess(pid);
    return now?.state === "Z" && now;
  });
  expect(isAlive(stat)).toBe(false);
});

test("a child sees who it is", async () => {
  const script = testFolder().put(
    "who.cjs",
    'const { env } = process; console.log([env.pm_id, env.NODE_APP_INSTANCE, env.name, env.unique_id, env.XM_LIFE.split(":").slice(1).join(":")].join(" "));',
  );
  const { start, output } = await setUp(script);
  start();
  await until("its line", () => output() === "3 1 app unique 3:life\n");
});
