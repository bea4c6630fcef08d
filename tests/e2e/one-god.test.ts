import { spawn } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, xmFile } from "../support/home.ts";
import { nodeProgram, otherNodes } from "../support/nodes.ts";
import { program } from "../support/programs.ts";

/** The daemons of a home, their watchdogs left out. */
function gods(home: string): number[] {
  return processesOf(home)
    .filter(
      ({ command }) => command.includes("God Daemon (") || /^\S*node .*god\.cjs/.test(command),
    )
    .map(({ pid }) => pid);
}

test("a daemon that dies is followed by one, whichever version of Node comes first", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const { pid } = await home.process("a");

  for (const node of await Promise.all(otherNodes.map(nodeProgram))) {
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    const calls = [1, 2, 3].map(() => {
      const env = { ...process.env, XM_HOME: home.paths.home, PM2_HOME: "" };
      return once(spawn(node, [xmFile, "ls"], { stdio: "ignore", env }), "close");
    });
    expect(await Promise.all(calls)).toEqual(calls.map(() => [0, null]));
    await home.nextGod(god);

    expect(await until("one daemon", () => gods(home.paths.home).length === 1)).toBe(true);
    expect((await home.process("a")).pid).toBe(pid);
  }
  const before = gods(home.paths.home);
  process.kill(pid ?? 0, "SIGKILL");
  await until("the next life", async () => {
    const now = await home.process("a");
    return now.pid !== pid && now.status === "online";
  });
  expect(
    processesOf(home.paths.home).filter(({ command }) => command.includes("stays.js")),
  ).toHaveLength(1);
  expect(gods(home.paths.home)).toEqual(before);
}, 120_000);

test("a process that occupies the former name of the lock is named and keeps no daemon out", async () => {
  const home = testHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const { dev, ino } = statSync(home.paths.home);
  const bind = `require("net").createServer().listen("\\0exmachina/${dev}/${ino}", () => console.log("bound"))`;
  const squatter = spawn(process.execPath, ["-e", bind], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void squatter.kill("SIGKILL"));
  await once(squatter.stdout, "data");

  await home.ok("ping");

  expect(home.godLog()).toContain(`pid ${squatter.pid} (uid ${process.getuid?.()}) occupies`);
});

test("a daemon started beside another ends with a code of its own and says who is there", async () => {
  const home = testHome();
  await home.ok("ping");
  const god = home.godPid();
  const second = spawn(process.execPath, [xmFile.replace("xm.cjs", "god.cjs"), home.paths.home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  second.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));

  expect(await once(second, "close")).toEqual([75, null]);
  expect(text).toMatch(
    new RegExp(`not started: pid ${god} is the daemon of ${home.paths.home}\n$`),
  );
  expect(isThere(god)).toBe(true);
});
