import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { flushLogs } from "../../../runtime/host/log-files/flush.ts";
import { lastLines } from "../../../runtime/host/log-files/last-lines.ts";
import { openLog } from "../../../runtime/host/log-files/open.ts";
import { reopenLogs, type Carry } from "../../../runtime/host/log-files/reopen.ts";
import { endOf } from "../../../runtime/host/log-files/tail.ts";
import { watchPath } from "../../../runtime/host/log-files/watch-folder.ts";
import { removePidFile, writePidFile } from "../../../runtime/daemon/children/pid-file.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { follow } from "../../support/follow.ts";

const become = (lines: readonly string[], wanted: readonly string[]): Promise<unknown> =>
  until(`the lines ${wanted.join(", ")}`, () => JSON.stringify(lines) === JSON.stringify(wanted), {
    saw: () => lines,
  });

test("the last lines are read whole across blocks, also where a block cuts a character", async () => {
  const line = `${"ä".repeat(999)}\n`;
  const path = testFolder().put("a.log", line.repeat(200));
  const { lines, endBytes } = await lastLines(path, 150);
  expect(lines).toEqual(Array.from({ length: 150 }, () => line.trimEnd()));
  expect(endBytes).toBe(Buffer.byteLength(line) * 200);
});

test("fewer lines than asked, an unfinished last one, and no file at all", async () => {
  const { put, path } = testFolder();
  expect(await lastLines(put("a.log", "one\ntwo\nthr"), 10)).toEqual({
    lines: ["one", "two"],
    endBytes: 8,
  });
  expect(await lastLines(`${path}/none.log`, 10)).toEqual({ lines: [], endBytes: 0 });
});

test("of a line that is longer than memory should be the end is given", async () => {
  const path = testFolder().put("a.log", "");
  truncateSync(path, 200 * 1024 * 1024);
  appendFileSync(path, "end\nlast\n");
  const { lines, endBytes } = await lastLines(path, 10);
  expect(lines.map((line) => line.slice(-4))).toEqual(["\0end", "last"]);
  expect(lines[0]?.length).toBeLessThan(40 * 1024 * 1024);
  expect(endBytes).toBe(200 * 1024 * 1024 + 9);
});

test("a line is given when it is whole, a character split across writes stays whole", async () => {
  const path = testFolder().put("a.log", "");
  const lines = follow(path);
  const bytes = Buffer.from("grün\n");
  const fd = openSync(path, "a");
  writeSync(fd, bytes.subarray(0, 3));
  writeSync(fd, bytes.subarray(3));
  closeSync(fd);
  await become(lines, ["grün"]);
  appendFileSync(path, "half");
  appendFileSync(path, " done\n");
  await become(lines, ["grün", "half done"]);
});

test("a line that does not end is given as several: memory is bounded", async () => {
  const path = testFolder().put("a.log", "");
  const lines = follow(path);
  const half = "x".repeat(1024 * 1024);
  appendFileSync(path, `${half}${half}${half} end\n`);
  await until("its end", () => lines.at(-1)?.endsWith(" end") === true);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join("")).toBe(`${half}${half}${half} end`);
});

test("an emptied file is read from its beginning", async () => {
  const path = testFolder().put("a.log", "before the flush, long enough\n");
  const lines = follow(path);
  await become(lines, ["before the flush, long enough"]);
  flushLogs([{ path }]);
  appendFileSync(path, "after\n");
  await become(lines, ["before the flush, long enough", "after"]);
});

test("a rotated file is read to its end, and then the new one", async () => {
  const { put, path: folder } = testFolder();
  const path = put("a.log", "one\n");
  const lines = follow(path);
  await become(lines, ["one"]);
  appendFileSync(path, "two\n");
  renameSync(path, `${folder}/a.log.1`);
  appendFileSync(path, "three\n");
  await become(lines, ["one", "two", "three"]);
});

test("a file that is made later is followed from its beginning", async () => {
  const { path: folder } = testFolder();
  const lines = follow(`${folder}/later.log`);
  appendFileSync(`${folder}/later.log`, "first\n");
  await become(lines, ["first"]);
});

test("emptying passes over files that are not there, and says what it does not empty", () => {
  const { put, path } = testFolder();
  const file = put("a.log", "text");
  const none = `${path}/none.log`;
  expect(flushLogs([{ path: none }, { path: file }])).toEqual({ files: [none, file], notes: [] });
  expect(statSync(file).size).toBe(0);
  expect(flushLogs([{ path }]).notes).toEqual([expect.stringContaining(`${path} is not emptied`)]);
});

test("what was rotated while nobody read is read from its position, then the new file", async () => {
  const { put, path: folder } = testFolder();
  const path = put("a.log", "one\ntwo\n");
  const { ino } = statSync(path);
  renameSync(path, `${folder}/a.log.1`);
  put("a.log", "three\n");
  const positions: number[] = [];
  const lines = follow(path, {
    fromBytes: 4,
    fromInode: ino,
    onLine: (_, { bytes }) => void positions.push(bytes),
  });
  await become(lines, ["two", "three"]);
  expect(positions).toEqual([8, 6]);
});

test("a renamed file gets its name back from the program that has it open, and loses nothing", async () => {
  const { path: folder } = testFolder();
  const out = `${folder}/out.log`;
  const descriptor = openSync(out, "a");
  const child = spawn("sh", ["-c", "echo one; read word; echo $word; read word; echo $word"], {
    stdio: ["pipe", descriptor, "ignore"],
  });
  closeSync(descriptor);
  onTestFinished(() => void child.kill("SIGKILL"));
  const text = (file: string): string => readFileSync(file, "utf8");
  await until("a line", () => text(out) === "one\n");
  renameSync(out, `${out}.1`);
  const writer = {
    name: "app (0)",
    pid: child.pid ?? 0,
    descriptor: 1,
    path: out,
    rights: {},
    given: null,
  };
  const files = [{ path: out, rights: {} }];
  const carried: number[] = [];
  const carry: Carry = { begin: ({ position }) => void carried.push(position) };
  expect(await reopenLogs([writer], files, carry)).toEqual({ files: [out], notes: [] });
  expect(carried).toEqual([]);
  expect([text(out), text(`${out}.1`)]).toEqual(["", "one\n"]);
  child.stdin?.write("two\n");
  await until("the next line", () => text(out) === "two\n");
  rmSync(out);
  expect(await reopenLogs([writer], files, carry)).toEqual({ files: [out], notes: [] });
  expect([text(out), carried]).toEqual(["", ["two\n".length]]);
});

test("what was copied and emptied before it was read is read from the copy, also when the file has grown again", async () => {
  const { put, path: folder } = testFolder();
  const path = put("a.log", "line one\n");
  put("a.log.2", "another, older copy that is longer\n");
  let isBlocked = true;
  const lines = follow(path, {
    onLine: async () => void (await until("the rotation", () => !isBlocked)),
  });
  await become(lines, ["line one"]);
  appendFileSync(path, "line two\n");
  copyFileSync(path, `${folder}/a.log.1`);
  flushLogs([{ path }]);
  appendFileSync(path, "line three, longer than what was there before\n");
  isBlocked = false;
  await become(lines, ["line one", "line two", "line three, longer than what was there before"]);
});

test("a write wakes those alone who follow its file, and a file that is made later wakes its follower", async () => {
  const { put, path: folder } = testFolder();
  const told: string[] = [];
  put("busy.log", "");
  const stops = ["busy.log", "later.log", "quiet.log"].map((name) =>
    watchPath(`${folder}/${name}`, (what) => told.push(`${name} ${what}`)),
  );
  for (let n = 0; n < 20; n += 1) appendFileSync(`${folder}/busy.log`, "line\n");
  appendFileSync(`${folder}/later.log`, "line\n");
  await until("both to be told", () => told.includes("later.log replaced"), { saw: () => told });
  expect(told).toContain("busy.log written");
  expect(told.filter((each) => each.startsWith("quiet"))).toEqual([]);
  for (const stop of stops) stop?.();
  expect(watchPath(`${folder}/none/a.log`, () => {})).toBeUndefined();
});

test("a pipe that nobody reads is refused as a log, and one that is read is written to, without waiting for either", async () => {
  const { path } = testFolder();
  const pipe = join(path, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(() => openLog(pipe)).toThrow("it is a socket, or a pipe that nobody reads");
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openLog(pipe);
  writeSync(writer, "line\n");
  closeSync(writer);
  const bytes = Buffer.alloc(16);
  expect(bytes.toString("utf8", 0, readSync(reader, bytes))).toBe("line\n");
  closeSync(reader);
  // Nothing of what was is in it, and emptying it empties nothing.
  expect(await lastLines(pipe, 10)).toEqual({ lines: [], endBytes: 0 });
  flushLogs([{ path: pipe }]);
});

test("a pid file that is a pipe or a folder keeps nothing waiting", () => {
  const { path } = testFolder();
  const pipe = join(path, "pipe");
  const of = (pidFile: string) => ({ spec: appSpec(), home: path, pidFile });
  execFileSync("mkfifo", [pipe]);
  for (const file of [pipe, path]) {
    writePidFile(of(file), 7);
    removePidFile(of(file), 7);
  }
  const file = join(path, "below/app.pid");
  writePidFile(of(file), 7);
  expect(readFileSync(file, "utf8")).toBe("7\n");
  removePidFile(of(file), 8);
  expect(existsSync(file)).toBe(true);
  removePidFile(of(file), 7);
  expect(existsSync(file)).toBe(false);
});

const planted: Readonly<Record<string, (path: string, secret: string) => void>> = {
  "a pipe": (path) => void execFileSync("mkfifo", [path]),
  "a folder": (path) => mkdirSync(path),
  "a link": (path, secret) => symlinkSync(secret, path),
  "a link to a device": (path) => symlinkSync("/dev/zero", path),
};

test.skipIf(process.getuid?.() !== 0).each(Object.keys(planted))(
  "%s that an app's user put in the place of a log holds no lines, and the file that comes is read",
  async (kind) => {
    const folder = testFolder();
    chmodSync(folder.path, 0o755);
    const secret = folder.put("secret", "of another\n");
    const theirs = join(folder.path, "app");
    mkdirSync(theirs);
    chownSync(theirs, 65_534, 65_534);
    const path = join(theirs, "out.log");
    planted[kind]?.(path, secret);

    expect(await lastLines(path, 10)).toEqual({ lines: [], endBytes: 0 });
    expect(endOf(path)).toEqual({ inode: 0, bytes: 0 });
    const lines = follow(path);
    rmSync(path, { recursive: true });
    appendFileSync(path, "its own\n");
    await become(lines, ["its own"]);
  },
);
