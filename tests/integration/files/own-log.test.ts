import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createOwnLog } from "../../../runtime/daemon/own-log.ts";
import { openStdin, removeStdin, writeStdin } from "../../../runtime/daemon/children/stdin.ts";
import { createComplaints, limitAlike } from "../../../runtime/host/complaints.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { isThere, testHome, xmFile } from "../../support/home.ts";

test("a daemon whose log takes no line, as on a full disk, goes on", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  mkdirSync(home.paths.home, { mode: 0o700 });
  const full = openSync("/dev/full", "a");
  const god = spawn(process.execPath, [join(dirname(xmFile), "god.cjs"), home.paths.home], {
    cwd: "/",
    env: { ...process.env, XM_HOME: home.paths.home, XM_WATCHDOG: "off" },
    stdio: ["ignore", full, full],
  });
  closeSync(full);
  await until("its socket", () => existsSync(home.paths.socket));
  for (let n = 0; n < 3; n += 1) await home.ok("ping");
  expect(isThere(god.pid ?? 0)).toBe(true);
  expect(home.godPid()).toBe(god.pid);
});

test("lines that a full disk did not take are counted in the log when it takes some again", () => {
  const { path: folder } = testFolder();
  const path = join(folder, "god.log");
  const log = openSync(path, "a");
  const full = openSync("/dev/full", "a");
  onTestFinished(() => closeSync(log));
  // One descriptor, as the daemon has it: first a full disk, and then the file.
  const write = createOwnLog(path, full);
  for (let n = 0; n < 3; n += 1) write("lost");
  closeSync(full);
  expect(openSync(path, "a")).toBe(full);
  onTestFinished(() => closeSync(full));
  write("there is room");
  write("and more");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => line.slice(25))).toEqual([
    "3 line(s) before this one could not be written here (ENOSPC)",
    "there is room",
    "and more",
  ]);
});

test("the daemon's log is rotated when it is too large", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  mkdirSync(home.paths.home, { mode: 0o700 });
  writeFileSync(home.paths.log, "x".repeat(11 * 1024 * 1024), { mode: 0o600 });
  await home.ok("ping");
  expect(statSync(`${home.paths.log}.1`).size).toBe(11 * 1024 * 1024);
  expect(statSync(home.paths.log).size).toBeLessThan(10_000);
  expect(home.godLog()).toContain("up: version");
});

test("what is said again and again is told once a minute, with a count", () => {
  const lines: string[] = [];
  let at = 1_000;
  const complain = createComplaints(
    (line) => lines.push(line),
    () => at,
  );
  for (let n = 0; n < 1_000; n += 1) complain("0 stdout", "lost");
  complain("1 stdout", "lost too");
  at += 60_000;
  complain("0 stdout", "lost");
  expect(lines).toEqual([
    "lost",
    "lost too",
    expect.stringMatching(/^lost \(999 more such lines since /),
  ]);
});

test("of lines that differ in numbers alone a few hundred are logged per minute, and the rest is counted", () => {
  const lines: string[] = [];
  let at = 1_000;
  const log = limitAlike(
    (line) => lines.push(line),
    () => at,
  );
  for (let n = 0; n < 5_000; n += 1) log(`a connection of life ${n} is ended`);
  log("another line");
  at += 60_000;
  log("a connection of life 1 is ended");
  expect(lines.slice(199)).toEqual([
    "a connection of life 199 is ended",
    "more lines like the last one are omitted",
    "another line",
    "4800 lines like the next one were omitted",
    "a connection of life 1 is ended",
  ]);
});

test("what a caller asks wrongly is answered, and fills no log", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("ping");
  const before = home.godLog();
  for (let n = 0; n < 50; n += 1) {
    const path = ["/v1/none", "/v1/processes/%", "//x", "/v1/processes/99"][n % 4];
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ socketPath: home.paths.socket, path }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode));
      });
      asked.on("error", reject).end();
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }
  expect(home.godLog()).toBe(before);
});

test("a life's standard input is nobody else's, before it or after it", async () => {
  const { path: folder } = testFolder();
  const first = openStdin(folder, { id: 0, lifeId: "first" }) ?? -1;
  removeStdin(folder, "first");
  const second = openStdin(folder, { id: 0, lifeId: "second" }) ?? -1;
  try {
    expect(await writeStdin(folder, { id: 0, lifeId: "first" }, "line\n")).toBe(
      "it does not read its standard input",
    );
    expect(await writeStdin(folder, { id: 0, lifeId: "second" }, "line\n")).toBeUndefined();
    expect(statSync(`/proc/self/fd/${first}`).ino).not.toBe(
      statSync(`/proc/self/fd/${second}`).ino,
    );
  } finally {
    closeSync(first);
    closeSync(second);
  }
});
