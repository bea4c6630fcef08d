import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile, type TestHome } from "../support/home.ts";

/** Shows its arguments, and exits with what a file holds once there is one; SIGTERM makes it exit with 7. */
const job = (home: TestHome): { script: string; end: (code: number) => void } => {
  const flag = join(home.folder, "flag");
  const script = home.file(
    "job.cjs",
    `const { existsSync, readFileSync } = require("node:fs");
process.on("SIGTERM", () => { console.log("asked to end"); process.exit(7); });
console.log("running", ...process.argv.slice(2));
console.error("to stderr");
setInterval(() => {
  const code = existsSync(${JSON.stringify(flag)}) ? readFileSync(${JSON.stringify(flag)}, "utf8") : "";
  if (code === "") return;
  process.stdout.write("no newline");
  process.exit(Number(code));
}, 20);`,
  );
  return { script, end: (code) => void home.file("flag", String(code)) };
};

const ecosystem = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

/** A call that goes on while the test does other things. */
function begin(home: TestHome, ...args: string[]) {
  const child = spawn(process.execPath, [xmFile, "run", ...args], {
    cwd: home.folder,
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, ...text }));
  });
  return { child, text, ended };
}

test("a run shows what the job writes, and has its exit code; its arguments are those of this run", async () => {
  const home = testHome();
  const { script, end } = job(home);
  ecosystem(home, [
    { name: "report", script, args: ["declared"], type: "oneshot", success_exit_codes: [3] },
  ]);
  const run = begin(home, "report", "--", "--dry-run", "now");
  await until("output", () => run.text.stdout.includes("running"));
  const second = await home.xm("run", "report");
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("run in progress")]);
  end(3);
  expect(await run.ended).toMatchObject({
    code: 3,
    stdout: "running --dry-run now\nno newline\n",
    stderr: expect.stringContaining("to stderr\n"),
  });
  expect((await home.process("report")).status).toBe("completed");
  end(0);
  const plain = await home.xm("run", "report");
  expect([plain.code, plain.stdout]).toEqual([0, "running declared\nno newline\n"]);
  end(1);
  const failed = await home.xm("run", "report");
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringContaining("it has failed, because its run failed"),
  ]);
}, 60_000);

test("Ctrl-C stops the run, and the call ends with the program's code", async () => {
  const home = testHome();
  const { script } = job(home);
  await home.ok("start", script, "--name", "report", "--type", "oneshot", "--no-autostart");
  const run = begin(home, "report");
  await until("output", () => run.text.stdout.includes("running"));
  run.child.kill("SIGINT");
  const { code, stdout } = await run.ended;
  expect([code, stdout]).toEqual([7, "running\nasked to end\n"]);
  expect((await home.process("report")).status).toBe("stopped");
}, 60_000);

test("a run that a signal ends has 128 and its number", async () => {
  const home = testHome();
  const { script } = job(home);
  await home.ok("start", script, "--name", "report", "--type", "oneshot", "--no-autostart");
  const run = begin(home, "report");
  await until("output", () => run.text.stdout.includes("running"));
  const { pid } = await home.process("report");
  process.kill(pid ?? 0, "SIGKILL");
  expect((await run.ended).code).toBe(137);
}, 60_000);

test("a daemon that is killed or replaced meanwhile changes nothing", async () => {
  const home = testHome();
  const { script, end } = job(home);
  await home.ok("start", script, "--name", "report", "--type", "oneshot", "--no-autostart");
  const run = begin(home, "report");
  await until("output", () => run.text.stdout.includes("running"));
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await home.ok("update");
  end(5);
  expect(await run.ended).toMatchObject({ code: 5, stdout: "running\nno newline\n" });
}, 60_000);

test("a daemon that does not come back is an error, and the job runs on", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const { script, end } = job(home);
  await home.ok("start", script, "--name", "report", "--type", "oneshot", "--no-autostart");
  const run = begin(home, "report");
  await until("output", () => run.text.stdout.includes("running"));
  process.kill(home.godPid(), "SIGKILL");
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining("daemon is not running")]);
  await home.ok("ls");
  expect((await home.process("report")).status).toBe("online");
  end(0);
  await until("the end", async () => (await home.process("report")).status === "completed");
}, 60_000);

test("a job of a file is run once, with what it depends on; a service is refused", async () => {
  const home = testHome();
  const { script, end } = job(home);
  const file = ecosystem(home, [
    { name: "db", script: "sleep 1000" },
    { name: "migrate", script, type: "oneshot", depends_on: ["db"] },
  ]);
  end(0);
  const run = await home.xm("run", file, "--only", "migrate");
  expect([run.code, run.stdout]).toEqual([0, "running\nno newline\n"]);
  expect((await home.list()).map(({ name, status, restarts }) => [name, status, restarts])).toEqual(
    [
      ["db", "online", 0],
      ["migrate", "completed", 0],
    ],
  );
  const service = await home.xm("run", "db");
  expect([service.code, service.stderr]).toEqual([1, expect.stringContaining("db is not a job")]);
  const all = await home.xm("run", file);
  expect([all.code, all.stderr]).toEqual([1, expect.stringContaining("--only db")]);
  const none = await home.xm("run", "nothing");
  expect(none.code).toBe(1);
}, 60_000);

test("a run names what it waits for, and nothing when that is there already", async () => {
  const home = testHome();
  const { script, end } = job(home);
  end(0);
  const server = home.file(
    "server.cjs",
    `const { existsSync } = require("node:fs");
setInterval(() => existsSync("up") && process.send("ready"), 50);`,
  );
  ecosystem(home, [
    { name: "db", script: server, autostart: false, wait_ready: true, listen_timeout: 60_000 },
    {
      name: "report",
      script,
      type: "oneshot",
      depends_on: { db: { condition: "service_healthy" } },
      autostart: false,
    },
  ]);
  await home.ok("start", join(home.folder, "ecosystem.config.json"));
  const waiting = begin(home, "report");
  await until("its wait", () => waiting.text.stderr.includes("waits for"));
  expect(waiting.text.stderr).toMatch(/^report waits for db.*\n$/);
  home.file("up", "");
  expect((await waiting.ended).code).toBe(0);

  expect((await begin(home, "report").ended).stderr).not.toContain("waits for");
});
