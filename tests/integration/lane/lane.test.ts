import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLane, type Lane } from "../../../runtime/daemon/log-lane/lane.ts";
import type { PipeOrder } from "../../../runtime/contract/log-lane.ts";
import { readProcess } from "../../../runtime/host/procfs.ts";
import { acquireLock } from "../../../runtime/host/home/lock.ts";
import { openRest } from "../../../runtime/programs/log-lane/rest.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { isThere } from "../../support/home.ts";
import { program } from "../../support/programs.ts";

const lanes = join(import.meta.dirname, "../../../dist/bin/lane.cjs");

const plain: PipeOrder = {
  id: 4,
  name: "app",
  stream: "out",
  file: null,
  combined: null,
  type: "plain",
  dateFormat: "[t]",
};

interface Started {
  readonly pid: number;
  readonly write: (text: string) => void;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** A lane over a folder of its own, and programs whose output goes through it. */
function setUp() {
  const { path, put } = testFolder();
  const folder = join(path, "pipes");
  const logs: string[] = [];
  const create = (build?: string): Lane =>
    createLane({
      folder,
      program: lanes,
      log: (line) => void logs.push(line),
      ...(build === undefined ? {} : { build }),
    });
  const state = { lane: create() };
  const pids: number[] = [];
  const file = join(path, "logs/out.log");
  const start = (
    args: readonly string[],
    options: { order?: Partial<PipeOrder>; env?: NodeJS.ProcessEnv } = {},
  ): Started => {
    const pipe = state.lane.open({ ...plain, file, ...options.order });
    const [command = "", ...rest] = args;
    const child = spawn(command, rest, {
      stdio: ["pipe", pipe.descriptor, "inherit"],
      env: { ...process.env, ...options.env },
    });
    pipe.close();
    const pid = child.pid ?? 0;
    pids.push(pid);
    return {
      pid,
      write: (text) => void child.stdin?.write(text),
      ended: new Promise((resolve) => {
        child.on("exit", (code, signal) => resolve({ code, signal }));
      }),
    };
  };
  const lanePid = (): Promise<number> => until("a lane", () => state.lane.pid());
  const text = (): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const inUse = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".json"));
  onTestFinished(async () => {
    for (const pid of pids) if (isThere(pid)) process.kill(pid, "SIGKILL");
    const pid = state.lane.pid();
    await state.lane.quit();
    if (pid !== null) await until("the lane's end", () => !isThere(pid));
  });
  return { path, put, folder, logs, create, state, file, start, lanePid, text, inUse };
}

const numbers = (last: number): string =>
  Array.from({ length: last }, (_, n) => `t: ${n + 1}\n`).join("");

test("each line gets its time, and the last one without newline is a line too", async () => {
  const { start, text, inUse } = setUp();
  start(["printf", "one\\ntwo\\nthree"]);
  await until("three lines", () => text() === "t: one\nt: two\nt: three\n", { saw: text });
  await until("the pipe to be free", () => inUse().length === 0);
});

test("a lane that is killed again and again under full load: the app lives, no line comes twice or out of order, and none is missing but what it had just read", async () => {
  const { start, text, state } = setUp();
  // Long enough for several kills on a loaded machine.
  const last = 1_000_000;
  const app = start([process.execPath, program("counts.js")], { env: { COUNT: String(last) } });
  const isUp = (): boolean => isThere(app.pid);
  let kills = 0;
  const killing = (async () => {
    let before: number | null = null;
    while (isUp() && kills < 5) {
      const size = text().length;
      const pid = await until("the next lane, and lines through it", () => {
        const now = state.lane.pid();
        return !isUp() || (now !== before && text().length > size && now);
      });
      if (typeof pid !== "number") return;
      process.kill(pid, "SIGKILL");
      before = pid;
      kills += 1;
    }
  })();
  expect(await app.ended).toEqual({ code: 0, signal: null });
  await killing;
  await until("the last line", () => text().endsWith(`t: ${last}\n`), {
    saw: () => text().slice(-50),
  });
  expect(kills).toBeGreaterThan(1);
  const seen = text()
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.slice(3)));
  const wrong = seen.filter((number, index) => index > 0 && number <= (seen[index - 1] ?? 0));
  // Where a block was lost, the halves of its first and last line may have met.
  expect(wrong.length).toBeLessThanOrEqual(kills);
  const missing = numbers(last).length - text().length;
  expect(missing).toBeGreaterThanOrEqual(-16 * kills);
  expect(missing).toBeLessThanOrEqual(kills * 64 * 1024 * 2);
});

test("without a lane an app waits and is not hurt; what it wrote before it ended is there later", async () => {
  const { start, text, lanePid, logs } = setUp();
  start(["sleep", "1000"], { order: { stream: "err", file: null, combined: null } });
  const pid = await lanePid();
  process.kill(pid, "SIGSTOP");
  const app = start(["sh", "-c", "echo before; echo last"]);
  expect(await app.ended).toEqual({ code: 0, signal: null });
  process.kill(pid, "SIGKILL");
  await until("its lines", () => text() === "t: before\nt: last\n", { saw: text });
  expect(logs).toEqual(["the log lane exited; starting another"]);
});

test("an unfinished line and a character that is cut in two outlive the lane that has read them", async () => {
  const { start, text, lanePid, folder, put } = setUp();
  const script = [
    'const { writeSync, existsSync } = require("node:fs");',
    'const bytes = Buffer.from("half ä done\\n");',
    "writeSync(1, bytes, 0, 6);",
    `const wait = () => existsSync(${JSON.stringify(join(folder, "go"))}) ? writeSync(1, bytes, 6) : setTimeout(wait, 5);`,
    "wait();",
  ].join("\n");
  start([process.execPath, put("halves.cjs", script)]);
  const rest = (): boolean =>
    readdirSync(folder).some(
      (name) =>
        name.endsWith(".rest") &&
        readFileSync(join(folder, name)).includes("half \xc3", 0, "latin1"),
    );
  await until("the half to be read", rest);
  const pid = await lanePid();
  process.kill(pid, "SIGKILL");
  await until("the next lane", async () => (await lanePid()) !== pid);
  mkdirSync(join(folder, "go"));
  await until("the whole line", () => text() === "t: half ä done\n", { saw: text });
});

test("the next daemon finds the lane that there is, and its apps go on", async () => {
  const { start, text, lanePid, state, create } = setUp();
  const app = start(["sh", "-c", "echo one; read word; echo $word"]);
  await until("a line", () => text() === "t: one\n");
  const pid = await lanePid();
  state.lane.release();
  state.lane = create();
  state.lane.find();
  expect(await lanePid()).toBe(pid);
  expect(isThere(app.pid)).toBe(true);
});

test("a lane of another build hands over at full load, again and again: no line is lost, none comes twice", async () => {
  const { start, text, file, lanePid, state, create, logs, put, folder } = setUp();
  const script = [
    'const { existsSync, writeSync } = require("node:fs");',
    "let n = 0;",
    "const lines = () => Array.from({ length: 500 }, () => `${(n += 1)}\\n`).join('');",
    `while (!existsSync(${JSON.stringify(join(folder, "enough"))})) writeSync(1, lines());`,
  ].join("\n");
  const app = start([process.execPath, put("counts.cjs", script)]);
  const pids = [await lanePid()];
  const size = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  for (let build = 1; build <= 3; build += 1) {
    const before = size();
    await until("lines through this one", () => size() > before);
    state.lane.release();
    state.lane = create(`build ${build}`);
    state.lane.find();
    const isNext = (pid: number | null): boolean => pid !== null && !pids.includes(pid);
    await until("the next build's lane", () => isNext(state.lane.pid()));
    pids.push(await lanePid());
  }
  mkdirSync(join(folder, "enough"));
  expect(await app.ended).toEqual({ code: 0, signal: null });
  await until("the pipe to be free", () => !existsSync(join(folder, "1.json")));
  const written = text();
  const last = Number(written.slice(written.lastIndexOf(" ")));
  expect(last % 500).toBe(0);
  expect(written === numbers(last)).toBe(true);
  expect(pids.slice(0, -1).filter(isThere)).toEqual([]);
  expect(logs).toEqual(
    ["0.0.0", "build 1", "build 2"].map(
      (former, n) => `the log lane hands over, from ${former} to build ${n + 1}`,
    ),
  );
});

test("where the lane was killed while it read, a half line ends, and it is told of", async () => {
  const { start, text, lanePid, folder } = setUp();
  const app = start(["sh", "-c", "printf half; read word; printf 'other half\\nline\\n'"]);
  const rest = (): string | undefined =>
    readdirSync(folder).find(
      (name) => name.endsWith(".rest") && readFileSync(join(folder, name)).includes("half"),
    );
  const file = join(folder, await until("the half to be read", rest));
  const pid = await lanePid();
  // Held, so that no call that it is in the middle of ends behind ours.
  process.kill(pid, "SIGSTOP");
  await until("the lane to be held", () => readProcess(pid)?.state === "T");
  const left = openRest(file, console.error);
  left.read();
  left.reading(true);
  left.close();
  process.kill(pid, "SIGKILL");
  await until("the next lane", async () => (await lanePid()) !== pid);
  app.write("go\n");
  await until("the lines", () => text() === "t: half\nt: other half\nt: line\n", { saw: text });
});

test("a pipe that nobody serves any more is served again by the daemon that adopts its app", async () => {
  const { start, text, lanePid, state, create, folder } = setUp();
  const order: PipeOrder = { ...plain, file: null };
  start(["sleep", "1000"], { order });
  const pid = await lanePid();
  process.kill(pid, "SIGSTOP");
  const app = start(["sh", "-c", "while read word; do echo $word; done"]);
  state.lane.release();
  process.kill(pid, "SIGKILL");
  await until("the lane's end", () => !isThere(pid));
  for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
  state.lane = create();
  state.lane.adopt(app.pid, { out: { ...plain, file: join(folder, "../logs/out.log") } });
  app.write("adopted\n");
  await until("its line", () => text() === "t: adopted\n", { saw: text });
});

test("a hundred short lives need no more than a few pipes, one lane, and leave nothing in use", async () => {
  const { start, text, folder, inUse, lanePid } = setUp();
  // Without a program that lives the lane ends when it has nothing to do.
  const order = { stream: "err" as const, file: null, combined: null };
  const keeper = start(["sleep", "1000"], { order });
  const pid = await lanePid();
  for (let life = 0; life < 100; life += 1) {
    await start(["echo", String(life)]).ended;
    await until("its line", () => text().endsWith(`t: ${life}\n`));
  }
  expect(await lanePid()).toBe(pid);
  process.kill(keeper.pid, "SIGKILL");
  await until("no pipe in use", () => inUse().length === 0);
  expect(readdirSync(folder).filter((name) => name.endsWith(".fifo")).length).toBeLessThanOrEqual(
    8,
  );
});

test("a renamed file is made anew when it is opened again, and both files have whole lines", async () => {
  const { start, text, state, file, put } = setUp();
  const script = "let n = 0; setInterval(() => console.log(n++), 1);";
  start([process.execPath, put("ticks.cjs", script)]);
  await until("lines", () => text().split("\n").length > 20);
  renameSync(file, `${file}.1`);
  await state.lane.reopen();
  await until("lines in the new file", () => text().split("\n").length > 20);
  const both = `${readFileSync(`${file}.1`, "utf8")}${text()}`.trimEnd().split("\n");
  expect(both).toEqual(both.map((_, n) => `t: ${n}`));
});

test("an app that is faster than the disk is held up by its pipe, and the lane stays small", async () => {
  const { start, lanePid } = setUp();
  const app = start([process.execPath, program("counts.js")], { env: { COUNT: "100000000" } });
  const pid = await lanePid();
  process.kill(pid, "SIGSTOP");
  await until("the app to wait in a write", () =>
    readFileSync(`/proc/${app.pid}/wchan`, "utf8").includes("pipe"),
  );
  process.kill(pid, "SIGCONT");
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  expect(rss).toBeLessThan(120_000);
  process.kill(app.pid, "SIGKILL");
});

test("a line in both files: its own and the combined one", async () => {
  const { start, text, path } = setUp();
  const combined = join(path, "all.log");
  const order = { combined, dateFormat: null };
  start(["sh", "-c", "echo one; echo two"], { order });
  await until("two lines", () => text() === "one\ntwo\n", { saw: text });
  await until(
    "two lines",
    () => existsSync(combined) && readFileSync(combined, "utf8") === "one\ntwo\n",
  );
  expect(statSync(combined).mode & 0o777).toBe(0o600);
});

test("a lane that cannot take its place is tried again with pauses, and God's log says why", async () => {
  const { state, folder, logs, lanePid } = setUp();
  mkdirSync(folder, { recursive: true });
  const lock = await acquireLock(dirname(folder), "lane");
  expect(lock.kind).toBe("held");

  // Open until the end: a lane whose pipes have ended does not stay.
  const app = state.lane.open({ ...plain, file: null });
  onTestFinished(() => app.close());
  await until("three tries", () => logs.length >= 3);

  expect(logs.slice(0, 3)).toEqual(
    [100, 200, 400].map((ms) => `the log lane could not start (code 75); retrying in ${ms} ms`),
  );
  if (lock.kind === "held") await lock.release();
  await lanePid();
});
