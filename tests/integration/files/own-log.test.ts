import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openStdin, removeStdin, writeStdin } from "../../../runtime/daemon/children/stdin.ts";
import { createComplaints } from "../../../runtime/host/complaints.ts";
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

test("a life's standard input is nobody else's, before it or after it", async () => {
  const { path: folder } = testFolder();
  const first = openStdin(folder, { id: 0, lifeId: "first" }) ?? -1;
  removeStdin(folder, "first");
  const second = openStdin(folder, { id: 0, lifeId: "second" }) ?? -1;
  try {
    expect(await writeStdin(folder, { id: 0, lifeId: "first" }, "line\n")).toBe(
      "it reads no standard input",
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
