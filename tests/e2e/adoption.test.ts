import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { forgetSpawn } from "../support/journal.ts";
import { isRoot, otherUser } from "../support/other-user.ts";
import { program } from "../support/programs.ts";

/** Node that forks a child which stays. */
const forks = `
const { spawn } = require("node:child_process");
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
console.log("child " + child.pid);
setInterval(() => {}, 1000);
`;

async function startForking(
  home: TestHome,
  ...flags: string[]
): Promise<{ main: number; child: number }> {
  await home.ok("start", home.file("server.js", forks), "--name", "web", ...flags);
  const child = await until(
    "the child's pid",
    () => /child (\d+)/.exec(home.log("web-out.log"))?.[1],
  );
  return { main: (await home.process("web")).pid ?? 0, child: Number(child) };
}

/** God first: it must not see the end of its app. */
async function killBoth(home: TestHome, main: number): Promise<void> {
  const god = home.godPid();
  process.kill(god, "SIGSTOP");
  process.kill(main, "SIGKILL");
  process.kill(god, "SIGKILL");
  await until("both to be gone", () => !isThere(god) && !isThere(main));
}

test("what is left of a tree whose main process ended with its God is gone before the next life", async () => {
  const home = testHome();
  const { main, child } = await startForking(home);
  const god = home.godPid();
  await killBoth(home, main);
  await home.nextGod(god);

  const after = await until("the next life", async () => {
    const now = await home.process("web");
    return now.status === "online" && now.pid !== main && now;
  });
  expect(isThere(child)).toBe(false);
  expect(after.restarts).toBe(1);
  await home.ok("delete", "web");
  expect(
    processesOf(home.paths.home).filter(({ command }) => command.includes("setInterval")),
  ).toEqual([]);
});

test("without treekill it is left alone", async () => {
  const home = testHome();
  const { main, child } = await startForking(home, "--no-treekill");
  const god = home.godPid();
  await killBoth(home, main);
  await home.nextGod(god);

  await until("the next life", async () => (await home.process("web")).pid !== main);
  expect(isThere(child)).toBe(true);
  await home.ok("delete", "web");
  for (const { pid, command } of processesOf(home.paths.home))
    if (command.includes("setInterval")) process.kill(pid, "SIGKILL");
});

/** What a daemon wrote that had no secret: anybody can compute it. */
const pathMarker = (home: string, id: number, lifeId: string): string =>
  `${createHash("sha256").update(home).digest("base64url").slice(0, 10)}:${id}:${lifeId}`;

test("a process with a mark that this home has not given out is not adopted, and names no file", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "a");
  await home.ok("stop", "a");
  await home.ok("start", program("crashes.js"), "--name", "web", "--restart-delay", "600000");
  await until("a wait", async () => (await home.process("web")).status === "waiting");
  const { id } = await home.process("web");
  const precious = home.file("precious.json", '{"at":1,"code":0}');
  const relative = join("..", "..", "precious.json");
  const identity = isRoot ? otherUser : {};
  const pids = [relative, "V1StGXR8_Z5j"].map((lifeId) => {
    const env = { PATH: process.env["PATH"], XM_LIFE: pathMarker(home.paths.home, id, lifeId) };
    const child = spawn("sleep", ["1000"], { detached: true, stdio: "ignore", env, ...identity });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child.pid;
  });
  process.kill(home.godPid(), "SIGKILL");

  await home.ok("ls");

  const after = await home.process("web");
  expect(after.status).toBe("waiting");
  expect(pids).not.toContain(after.pid);
  await home.ok("delete", "all");
  for (const pid of pids) expect(isThere(pid ?? 0)).toBe(true);
  expect(readFileSync(precious, "utf8")).toContain('"at":1');
});

test.runIf(isRoot)("a true mark on another user's process does not make it the app's", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid, id } = await home.process("a");
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  const mark = environment.find((line) => line.startsWith("XM_LIFE="))?.slice(8);
  process.kill(home.godPid(), "SIGKILL");
  process.kill(pid ?? 0, "SIGKILL");
  forgetSpawn(home.paths.state);
  const env = { PATH: process.env["PATH"], XM_LIFE: mark };
  const child = spawn("sleep", ["1000"], { detached: true, stdio: "ignore", env, ...otherUser });
  onTestFinished(() => void child.kill("SIGKILL"));

  await home.ok("ls");

  expect((await home.process("a")).pid).not.toBe(child.pid);
  expect(home.godLog()).toContain(
    `pid ${child.pid} carries the mark of process ${id} and belongs to user 65534`,
  );
});

test.each([
  ["null", (file: string) => writeFileSync(file, "null")],
  ["a number", (file: string) => writeFileSync(file, "7")],
  ["no JSON", (file: string) => writeFileSync(file, "{")],
  ["odd values", (file: string) => writeFileSync(file, '{"at":"x","code":{}}')],
  ["a folder", (file: string) => mkdirSync(file)],
])("an exit file that holds %s keeps no daemon from coming up", async (_, spoil) => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid } = await home.process("a");
  const life = /"lifeId":"([^"]+)"/.exec(
    readFileSync(join(home.paths.state, "journal.ndjson"), "utf8"),
  )?.[1];
  await killBoth(home, pid ?? 0);
  spoil(join(home.paths.exits, life ?? ""));
  spoil(join(home.paths.exits, `${life}.error`));

  await home.ok("ls");
  await until("the next life", async () => (await home.process("a")).status === "online");
});
