import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

const xm = join(import.meta.dirname, "../../dist/bin/xm.cjs");

/** A call that goes on until it is told to end. */
function longCall(home: TestHome, ...args: string[]) {
  const child = spawn(process.execPath, [xm, ...args], {
    cwd: home.folder,
    env: { ...process.env, XM_HOME: home.paths.home, NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => resolve(code));
  });
  return { said: () => said, ended, interrupt: () => child.kill("SIGINT") };
}

test("--attach follows the logs of what was started, and Ctrl-C leaves it running", async () => {
  const home = testHome();
  const call = longCall(home, "start", "for n in 1 2 3; do sleep 0.2; echo tick; done; sleep 1000000", "--name", "t", "--attach");
  await until("its lines", () => call.said().includes("0|t | tick"), { saw: call.said });
  call.interrupt();
  expect(await call.ended).toBe(0);
  expect((await home.process("t")).status).toBe("online");
}); // prettier-ignore

test("--no-daemon: the daemon is the call's, shows every log, and ends with it and its apps", async () => {
  const home = testHome();
  const call = longCall(home, "start", program("stays.js"), "--name", "s", "--no-daemon");
  await until("the app", () => existsSync(home.paths.pidFile) && /│ s /.test(call.said()), {
    saw: call.said,
  });
  const god = home.godPid();
  const { pid } = await home.process("s");
  // Another call is served meanwhile, and may not take its place.
  const second = await home.xm("start", program("stays.js"), "--no-daemon");
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringContaining(`a daemon is already running (pid ${god})`),
  ]);
  call.interrupt();
  expect(await call.ended, call.said()).toBe(0);
  expect([isThere(god), isThere(pid ?? 0), processesOf(home.paths.home)]).toEqual([
    false,
    false,
    [],
  ]);
});

test("--no-daemon with what cannot be started ends at once, and says so by its exit code", async () => {
  const home = testHome();
  const ran = await home.xm("start", "missing.js", "--no-daemon");
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("script not found")]);
  expect(processesOf(home.paths.home)).toEqual([]);
});
