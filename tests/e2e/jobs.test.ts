import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

const ecosystem = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

/** A job that runs until a file is there, and exits with what the file holds. */
const waits = (home: TestHome): { script: string; end: (code: number) => void } => {
  const flag = join(home.folder, "flag");
  const script = home.file(
    "waits.cjs",
    `const { existsSync, readFileSync, rmSync } = require("node:fs");
console.log("running", process.argv.slice(2).join(" "));
process.on("SIGTERM", () => { console.log("asked to end"); process.exit(7); });
setInterval(() => {
  if (!existsSync(${JSON.stringify(flag)})) return;
  const code = readFileSync(${JSON.stringify(flag)}, "utf8");
  if (code === "") return;
  rmSync(${JSON.stringify(flag)});
  console.error("done");
  process.exit(Number(code));
}, 20);`,
  );
  return { script, end: (code) => void home.file("flag", String(code)) };
};

const status = async (home: TestHome, name: string): Promise<string> =>
  (await home.process(name)).status;

const jlist = async (home: TestHome): Promise<unknown[]> =>
  (
    JSON.parse(await home.ok("jlist")) as { pm2_env: { status: string; job_status?: string } }[]
  ).map(({ pm2_env: { status, job_status: own } }) => [status, own]);

test("a job is completed or failed, and what depends on it waits for its success", async () => {
  const home = testHome();
  const job = waits(home);
  const file = ecosystem(home, [
    { name: "api", script: "sleep 1000", depends_on: ["migrate"] },
    { name: "migrate", script: job.script, type: "oneshot" },
  ]);
  const start = home.xm("start", file);
  await until("a run", async () => (await status(home, "migrate")) === "online");
  expect(await status(home, "api")).toBe("pending");
  job.end(1);
  expect((await start).code).toBe(1);
  expect([await status(home, "migrate"), await status(home, "api")]).toEqual(["failed", "errored"]);
  expect(await home.ok("why", "migrate")).toMatch(/Exited with code 1 .*it has failed, because/);
  expect(await home.ok("ls")).toMatch(/migrate.*failed/);
  expect(await jlist(home)).toEqual([
    ["errored", undefined],
    ["errored", "failed"],
  ]);

  const again = home.xm("start", "migrate");
  await until("another run", async () => (await status(home, "migrate")) === "online");
  const { pid } = await home.process("migrate");
  expect(await home.ok("start", "migrate")).toContain("already online");
  expect((await home.process("migrate")).pid).toBe(pid);
  job.end(0);
  await again;
  await until("the API", async () => (await status(home, "api")) === "online");
  expect((await jlist(home))[1]).toEqual(["stopped", "completed"]);
  expect(await home.ok("describe", "migrate")).toMatch(/type +oneshot/);
}, 60_000);

test("run_timeout ends a run: SIGTERM, then SIGKILL; the next daemon goes on with it", async () => {
  const home = testHome();
  const script = home.file(
    "stubborn.cjs",
    `process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1_000);`,
  );
  await home.ok(
    "start",
    script,
    "--name=report",
    "--type=oneshot",
    "--run-timeout=3s",
    "--kill-timeout=300",
  );
  const { pid } = await home.process("report");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  expect((await home.process("report")).pid).toBe(pid);
  await until("the end", async () => (await status(home, "report")) === "failed", {
    withinMs: 30_000,
  });
  expect(home.log("report-out.log")).toContain("no");
  expect(await home.ok("why", "report")).toMatch(
    /its run took longer than run_timeout, 3 s\) .*it has failed, because a run may take 3 s/,
  );
}, 60_000);

test("the result of a run is kept by the next daemon, and seen if the run ends meanwhile", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const job = waits(home);
  await home.ok("start", job.script, "--name", "migrate", "--type", "oneshot");
  await until("a run", () => home.log("migrate-out.log").includes("running"));
  const { pid } = await home.process("migrate");
  process.kill(home.godPid(), "SIGKILL");
  job.end(0);
  await until("its end", () => !existsSync(`/proc/${pid}`));
  await home.ok("ls");
  expect(await status(home, "migrate")).toBe("completed");
  process.kill(home.godPid(), "SIGKILL");
  await home.ok("ls");
  expect(await status(home, "migrate")).toBe("completed");
}, 60_000);

test("remain_after_exit: a start leaves what has completed, by its name and by its file", async () => {
  const home = testHome();
  const script = home.file("once.cjs", `console.log("ran")`);
  const file = ecosystem(home, [
    { name: "once", script, type: "oneshot", remain_after_exit: true },
    { name: "often", script, type: "oneshot" },
  ]);
  const runs = (name: string): number => home.log(`${name}-out.log`).split("ran").length - 1;
  const rest = (): Promise<unknown> =>
    until("the ends", async () => (await home.list()).every((each) => each.status === "completed"));
  await home.ok("start", file);
  await rest();
  expect(await home.ok("start", file)).toContain("has completed already (remain_after_exit)");
  await rest();
  expect(await home.ok("start", "once")).toContain("has completed already (remain_after_exit)");
  expect([runs("once"), runs("often")]).toEqual([1, 2]);
  await home.ok("restart", "once");
  await until("a second run", () => runs("once") === 2);
}, 60_000);

test("what does not go with a job is an error that names the field", async () => {
  const home = testHome();
  const faulty = ecosystem(home, [
    {
      name: "a",
      script: "true",
      type: "oneshot",
      restart: "always",
      instances: 2,
      wait_ready: true,
    },
    { name: "b", script: "true", run_timeout: "5s" },
    { name: "c", script: "true", type: "onshot" },
  ]);
  const { code, stderr } = await home.xm("start", faulty);
  expect(code).toBe(1);
  for (const words of [
    "apps[0].restart: a job that has completed is not run again",
    "apps[0].instances: a job is one process",
    "apps[0].wait_ready: not with type",
    'apps[1].run_timeout: only a job has it; add type: "oneshot"',
    'apps[2].type: expected "oneshot" for a job, or "simple", got "onshot"',
  ]) {
    expect(stderr).toContain(words);
  }
  await home.ok("start", "sleep 100", "--name", "job", "--type", "oneshot");
  const scaled = await home.xm("scale", "job", "2");
  expect([scaled.code, scaled.stderr]).toEqual([
    1,
    expect.stringContaining("a job is one process"),
  ]);
}, 60_000);
