import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { otherBuild } from "../support/other-build.ts";

const xm = join(import.meta.dirname, "../../dist/bin/xm.cjs");

const says =
  'console.log("out " + (process.env.NODE_APP_INSTANCE ?? "")); console.error("err"); setInterval(() => {}, 1 << 30);';
const ticks = "let n = 0; setInterval(() => console.log(n++), 2);";
const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`;

const lanesOf = (home: TestHome): number[] =>
  processesOf(home.paths.home)
    .filter(({ command }) => command.includes("log lane"))
    .map(({ pid }) => pid);

/** `xm logs` that follows, and its lines so far. */
function follow(home: TestHome, ...args: string[]): string[] {
  const child = spawn(process.execPath, [xm, "logs", ...args], {
    env: { ...process.env, XM_HOME: home.paths.home, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const parts = text.split("\n");
    text = parts.pop() ?? "";
    lines.push(...parts);
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return lines;
}

test("times, records, a combined file and no logs at all, in fork and in cluster mode, by one lane that ends with them", async () => {
  const home = testHome();
  const script = home.file("says.cjs", says);
  const app = (name: string, fields: object): object => ({ name, script, ...fields });
  const apps = [
    app("time", { time: true }),
    app("cluster", { time: true, instances: 2, exec_mode: "cluster", ready: "spawned" }),
    app("json", { log_type: "json", log_date_format: "YYYY" }),
    app("both", { log_file: "logs/both.log", out_file: "NULL" }),
    app("merged", { time: true, merge_logs: true, instances: 2, exec_mode: "fork" }),
    app("none", { disable_logs: true, time: true, log_file: true }),
  ];
  await home.ok("start", home.file("a.json", JSON.stringify({ apps })));
  const file = (name: string, text: RegExp): Promise<unknown> =>
    until(name, () => text.test(home.log(name)), { saw: () => home.log(name) });
  await file("time-out.log", new RegExp(`^${time}: out 0\n$`));
  await file("time-error.log", new RegExp(`^${time}: err\n$`));
  await file("cluster-out-2.log", new RegExp(`^${time}: out 1\n$`));
  await file(
    "json-out.log",
    /^\{"message":"out 0","timestamp":"\d{4}","type":"out","process_id":3,"app_name":"json"\}\n$/,
  );
  await file("both-error.log", /^err\n$/);
  await file("merged-out.log", new RegExp(`^${time}: out [01]\n${time}: out [01]\n$`));
  const combined = join(home.folder, "logs/both.log");
  await until(
    "both streams",
    () => readFileSync(combined, "utf8").split("\n").sort().join() === ",err,out 0",
  );
  const none = readdirSync(home.paths.logs).filter((name) => name.startsWith("none"));
  expect(none.sort()).toEqual(["none-error.log", "none-out.log", "none.log"]);
  expect(none.map((name) => home.log(name)).join("")).toBe("");
  expect(lanesOf(home)).toHaveLength(1);
  await home.ok("delete", "all");
  await until("the lane's end", () => lanesOf(home).length === 0);
});

test("lines go on while God is dead, and its successor restarts, reloads and kills apps of the same lane", async () => {
  const home = testHome();
  const script = home.file("ticks.cjs", `console.log("pid " + process.pid); ${ticks}`);
  await home.ok("start", script, "--name", "t", "-i", "1", "--time");
  const text = (): string => home.log("t-out-0.log");
  await until("lines", () => text().split("\n").length > 20);
  const [lane] = lanesOf(home);
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  const size = text().length;
  await until("more lines", () => text().length > size + 100);
  await home.nextGod(god);
  await home.ok("reload", "t");
  const { pid } = await home.process("t");
  await until("the replacement's first line", () => text().includes(`pid ${pid}\n`));
  expect(lanesOf(home)).toEqual([lane]);
  process.kill(lane ?? 0, "SIGKILL");
  await until("the next lane", () => lanesOf(home).some((each) => each !== lane));
  const before = text().length;
  await until("more lines", () => text().length > before);
  expect(isThere(pid ?? 0)).toBe(true);
  expect(text()).toMatch(new RegExp(`^(${time}: (pid )?\\d+\n)+$`));
});

test("`xm update` from another version: its lane hands over, and no line is lost, half or written twice", async () => {
  const home = testHome();
  const program = otherBuild(join(home.folder, "other"), "0.0.1");
  const numbers = "let n = 0; setInterval(() => console.log(`${n++}\\n${n++}`), 1);";
  const app = home.file("numbers.cjs", numbers);
  const started = await home.run(["start", app, "--name", "n", "--log-type", "json"], { program });
  expect(started).toMatchObject({ code: 0 });
  const records = (): number => home.log("n-out.log").split("\n").length;
  await until("records", () => records() > 20);
  const [former] = lanesOf(home);
  const { pid } = await home.process("n");
  expect(await home.ok("update")).toContain("version 0.0.1 → ");
  await until("the next lane", () => lanesOf(home).some((lane) => lane !== former));
  await until("the former one's end", () => !isThere(former ?? 0));
  const before = records();
  await until("records of the next one", () => records() > before + 20);
  expect(await home.process("n")).toMatchObject({ pid, restarts: 0 });
  const messages = home
    .log("n-out.log")
    .split("\n")
    .slice(0, -1)
    .map((record) => (JSON.parse(record) as { message: string }).message);
  expect(messages).toEqual(messages.map((_, n) => String(n)));
  expect(home.godLog()).toMatch(/ the log lane hands over, from 0\.0\.1 to [\d.]+\n/);
});

test("where log files cannot be written apps live on, with a lane and without; it is told of, and they log again", async () => {
  const home = testHome();
  // As on a full disk: each write fails.
  const path = (name: string): string => join(home.folder, `${name}.log`);
  for (const name of ["lane", "plain"]) symlinkSync("/dev/full", path(name));
  const script = home.file(
    "ticks.cjs",
    "let n = 0; setInterval(() => process.stdout.write(`${n++} a line\\n`), 2);",
  );
  await home.ok("start", script, "--name", "plain", "-o", path("plain"));
  await home.ok("start", script, "--name", "lane", "-o", path("lane"), "--time");
  const told = (what: RegExp): Promise<unknown> =>
    until(String(what), () => what.test(home.godLog()), { saw: () => home.godLog() });
  await told(/ plain \(0\): output to stdout is lost: ENOSPC: no space left on device/);
  await told(/lane\.log cannot be written, and lines are lost: ENOSPC: no space left on device/);
  // A fault of the app's own ends it as ever.
  const own = home.file("own.cjs", 'process.stdout.emit("error", new Error("its own"));');
  await home.xm("start", own, "--name", "own", "--no-autorestart");
  await until("its end", () => home.log("own-error.log").includes("Error: its own"));
  await home.ok("delete", "own");
  rmSync(path("lane"));
  await told(/lane\.log can be written again; \d+ bytes of lines were lost/);
  const lines = (): string => (existsSync(path("lane")) ? readFileSync(path("lane"), "utf8") : "");
  await until("whole lines", () => lines().split("\n").length > 20);
  expect(lines()).toMatch(new RegExp(`^(${time}: \\d+ a line\n)+$`));
  expect(await home.list()).toMatchObject([
    { name: "plain", status: "online", restarts: 0 },
    { name: "lane", status: "online", restarts: 0 },
  ]);
});

test("a crash loop leaves no more pipes than two lives need, and its last words are there", async () => {
  const home = testHome();
  const script = home.file("dies.cjs", 'process.stdout.write("last words"); process.exitCode = 1;');
  await home.xm("start", script, "--name", "d", "--time", "--max-restarts", "10");
  await until("the end of it", async () => (await home.process("d")).status === "errored");
  await until("ten last words", () => home.log("d-out.log").split(": last words\n").length === 11, {
    saw: () => home.log("d-out.log"),
  });
  const pipes = readdirSync(home.paths.pipes);
  expect(pipes.filter((name) => name.endsWith(".json"))).toEqual([]);
});

test("following goes on under the next God without a gap and without a line twice, and shows apps that start later", async () => {
  const home = testHome();
  await home.ok("start", home.file("ticks.cjs", ticks), "--name", "t");
  const lines = follow(home, "all", "--raw", "--lines", "5");
  await until("lines", () => lines.length > 50);
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  const seen = lines.length;
  await until("lines under the next God", () => lines.length > seen + 50);
  const path = join(home.paths.logs, "t-out.log");
  renameSync(path, `${path}.1`);
  await home.ok("reloadLogs");
  await until(
    "lines after the rotation",
    () => existsSync(path) && home.log("t-out.log").length > 100,
  );
  const first = Number(home.log("t-out.log").split("\n", 1)[0]);
  await until("them to be followed", () => lines.includes(String(first + 20)));
  expect(lines).toEqual(lines.map((_, n) => String(Number(lines[0]) + n)));
  const script = 'console.log("late"); setInterval(() => {}, 1 << 30);';
  await home.ok("start", home.file("late.cjs", script), "--name", "late");
  await until("the later app", () => lines.includes("late"));
});

test("logs by name, namespace, pattern and stream, as PM2's records and keys", async () => {
  const home = testHome();
  const script = home.file("says.cjs", says);
  await home.ok("start", script, "--name", "one", "--namespace", "ns");
  await home.ok("start", script, "--name", "two", "-f");
  await until("all lines", () =>
    ["one", "two"].every((name) => home.log(`${name}-error.log`) !== ""),
  );
  const show = (...args: string[]): Promise<string> => home.ok("logs", ...args, "--nostream");
  expect(await show("ns")).toBe("0|one | out 0\n0|one | err\n");
  expect(await show("one", "two", "--out")).toBe("0|one | out 0\n1|two | out 0\n");
  expect(await home.xm("logs", "/^tw/", "--raw", "--nostream")).toMatchObject({
    code: 0,
    stdout: "out 0\n",
    stderr: "err\n",
  });
  expect(JSON.parse(await show("1", "--json", "--err"))).toMatchObject({
    message: "err",
    type: "err",
    process_id: 1,
    app_name: "two",
  });
  expect(await show("two", "--format", "--err")).toMatch(
    /^timestamp=[\d:-]+\+\d{4} app=two id=1 type=error message=err\n$/,
  );
  expect(await show("PM2", "--lines", "1")).toMatch(/^PM2 +\| /);
  expect(await home.xm("logs", "tow", "--nostream")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean "two"?') as string,
  });
  expect(await home.xm("logs", "--lines", "x")).toMatchObject({ code: 1 });
  await home.ok("flush", "one");
  expect(home.log("one-out.log")).toBe("");
  expect(home.log("two-out.log")).not.toBe("");
  await home.ok("flush");
  expect(home.log("two-out.log") + home.godLog()).toBe("");
});
