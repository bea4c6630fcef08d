import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { chmodSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { Custom } from "../../runtime/client/package/custom.ts";
import { loopbackPorts } from "../../runtime/host/listeners.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome, xmFile, type TestHome } from "../support/home.ts";
import { isRoot } from "../support/other-user.ts";
import { program } from "../support/programs.ts";

test("a line is sent to an app, and a terminal that is attached hears the answer until its separator", async () => {
  const home = testHome();
  await home.ok("start", program("hears.cjs"), "--name", "app");
  await home.ok("send", "app", "two", "words");
  await until("the line", () => home.log("app-out.log").includes('input "two words\\n"'));

  const terminal = spawn(process.execPath, [xmFile, "attach", "0"], {
    env: { ...process.env, XM_HOME: home.paths.home },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(terminal, "close");
  let seen = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
  terminal.stdin.write("hello\n");
  await until("the answer", () => seen.includes("\n"));
  terminal.stdin.end();
  expect(await ended).toEqual([0, null]);
  expect(seen).toBe('input "hello\\n"\n');

  const detached = await home.run(["attach", "app", "."], { input: "last\n.\nnever\n" });
  expect(detached.code).toBe(0);
  await until("the last line", () => home.log("app-out.log").includes("last"));
  expect(home.log("app-out.log")).not.toContain("never");

  await home.ok("stop", "app");
  expect(await home.xm("send", "app", "x")).toMatchObject({ code: 1, stdout: "" });
  expect((await home.run(["attach", "app"], { input: "x\n" })).code).toBe(1);
});

test("a worker of a cluster has no input: send says so", async () => {
  const home = testHome();
  await home.ok("start", program("obeys.js"), "--name", "c", "-i", "1", "--ready", "spawned");
  const { code, stderr } = await home.xm("send", "0", "x");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "xm: c (0): a cluster's processes have no input\n",
  });
});

test("the inspectors of running apps are switched on, each on a loopback port of its own", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "one");
  await home.ok("start", program("stays.js"), "--name", "two", "-i", "1", "--ready", "spawned");
  const inspecting = inspect(home, "one", "two");
  await until("both to be told", () => inspecting.said().includes("Ctrl-C"), {
    saw: inspecting.said,
  });
  const told = inspecting.said();
  expect(told).toContain(
    `every user of this machine can connect to it and run code as ${userInfo().username}`,
  );
  const ports = [...told.matchAll(/ws:\/\/127\.0\.0\.1:(\d+)\//g)].map(([, port]) => Number(port));
  const held = async () => (await home.list()).flatMap(({ pid }) => loopbackPorts(pid ?? 0));
  expect(new Set(ports)).toEqual(new Set(await held()));
  expect(new Set(ports).size).toBe(2);

  // Another one on the same app changes nothing of it when it ends; the end of the last does, by a kill too.
  const second = inspect(home, "one");
  await until("it to be told", () => second.said().includes("Ctrl-C"), { saw: second.said });
  second.child.kill("SIGINT");
  await until("its end", () => second.child.exitCode !== null);
  expect(second.child.exitCode).toBe(0);
  expect((await held()).length).toBe(2);
  inspecting.child.kill("SIGKILL");
  await until("both to be closed", async () => (await held()).length === 0, { saw: held });
});

/** `xm inspect NAME…`, which stays until it is ended. */
function inspect(home: TestHome, ...names: string[]): { child: ChildProcess; said: () => string } {
  const env = { ...process.env, XM_HOME: home.paths.home };
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [xmFile, "inspect", ...names], { env, stdio: [...stdio] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  return { child, said: () => said };
}

test("a program that is not Node is not inspected, and does not die of it", async () => {
  const home = testHome();
  await home.ok("start", "sleep 1000", "--name", "sleeps");
  const { pid } = await home.process("sleeps");
  const { code, stderr } = await home.xm("inspect", "sleeps");
  expect(code).toBe(1);
  expect(stderr).toContain(`pid ${pid} is not a Node program`);
  expect(isThere(pid ?? 0)).toBe(true);
  await home.ok("stop", "sleeps");
  expect((await home.xm("inspect", "sleeps")).stderr).toContain("it is not running");
});

test("profiles of an app and of the daemon are written where one is, and the app's inspector is off again", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "app");
  const profile = async (...args: string[]): Promise<{ file: string; keys: string[] }> => {
    const file = (await home.ok(...args)).trim();
    return { file, keys: Object.keys(JSON.parse(readFileSync(file, "utf8")) as object) };
  };
  const cpu = await profile("profile:cpu", "app", "50");
  expect(cpu.file.startsWith(`${home.folder}/app-0-`)).toBe(true);
  expect(cpu.file.endsWith(".cpuprofile")).toBe(true);
  expect(cpu.keys).toEqual(expect.arrayContaining(["nodes", "samples", "timeDeltas"]));
  const { pid } = await home.process("app");
  await until("the inspector to be off", () => loopbackPorts(pid ?? 0).length === 0);

  const heap = await profile("profile:mem", "50ms");
  expect(heap.file).toMatch(/\/god-[\dT-]+\.heapprofile$/);
  expect(heap.keys).toEqual(["head", "samples"]);
  expect((await home.xm("profile:cpu", "app", "soon")).stderr).toContain("expected a time");
});

test("an app that has a line to the daemon profiles itself, and no port is opened", async () => {
  const home = testHome();
  const script = home.file("web.cjs", webServer);
  // V8 counts the time in machine code that was compiled before the profile began for the caller, here Node's timers.
  const compilesNothing = "--node-args=--no-opt --no-sparkplug";
  await home.ok("start", script, "--name", "web", compilesNothing);
  await home.ok("start", script, "--name", "workers", "-i", "1", compilesNothing);
  const pids = (await home.list()).map(({ pid }) => pid ?? 0);
  const ports = () => pids.flatMap((pid) => loopbackPorts(pid)).sort((a, b) => a - b);
  const before = await until("both to listen", () => ports().length === 2 && ports());
  const seen = new Set<string>();
  const over = new AbortController();
  const looking = (async () => {
    while (!over.signal.aborted) {
      seen.add(ports().join());
      await setImmediate();
    }
  })();
  const files = await Promise.all(
    (["web", "workers"] as const).flatMap((name) =>
      (["cpu", "mem"] as const).map((kind) => home.ok(`profile:${kind}`, name, "300ms")),
    ),
  );
  over.abort();
  await looking;
  expect([...seen]).toEqual([before.join()]);
  const profiles = files.map((file) => JSON.parse(readFileSync(file.trim(), "utf8")) as object);
  const cpu = expect.objectContaining({ nodes: expect.any(Array), samples: expect.any(Array) });
  const heap = expect.objectContaining({ head: expect.any(Object) });
  expect(profiles).toEqual([cpu, heap, cpu, heap]);
  expect(JSON.stringify(profiles[0])).toContain("worksHard");
});

const idles = "setInterval(() => {}, 1e9);";
const debugged: Record<string, (home: TestHome) => readonly string[]> = {
  "an app with a line to the daemon": (home) => [home.file("web.cjs", webServer)],
  "an ES module without one": (home) => [home.file("idle.mjs", idles)],
  "a worker": (home) => [home.file("web.cjs", webServer), "-i", "1"],
  "a program that is Node by another name": (home) => [
    home.file("idle.cjs", idles),
    "--interpreter",
    home.file("node20", `#!/bin/sh\nexec ${process.execPath} "$@"\n`),
  ],
  ...(isRoot && {
    "another user's app": (home) => [home.file("idle.cjs", idles), "--uid", "nobody"],
  }),
};

test.each(Object.keys(debugged))(
  "the debugger of %s is closed when the daemon and the command are both killed",
  async (kind) => {
    const home = testHome({ env: { XM_WATCHDOG: "off" } });
    chmodSync(home.folder, 0o755);
    await home.ok("start", ...(debugged[kind]?.(home) ?? []), "--name", "app", "--cwd", "/");
    const { pid } = await home.process("app");
    const inspecting = inspect(home, "app");
    await until("it to be told", () => inspecting.said().includes("Ctrl-C"));
    const url = /ws:\/\/127\.0\.0\.1:(\d+)\//.exec(inspecting.said());
    expect(loopbackPorts(pid ?? 0)).toContain(Number(url?.[1]));
    inspecting.child.kill("SIGSTOP");
    process.kill(home.godPid(), "SIGKILL");
    inspecting.child.kill("SIGKILL");
    const isClosed = (): boolean => !loopbackPorts(pid ?? 0).includes(Number(url?.[1]));
    await until("it to be closed", isClosed, { saw: () => loopbackPorts(pid ?? 0) });
    expect(isThere(pid ?? 0)).toBe(true);
  },
);

test("the API's inspect switches the debugger off again when its program disconnects", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "app");
  const { pid } = await home.process("app");
  const pm2 = new Custom({ pm2_home: home.paths.home });
  const [inspection] = await pm2.inspect("app");
  expect(loopbackPorts(pid ?? 0)).toEqual([Number(new URL(inspection?.url ?? "").port)]);
  await pm2.disconnect();
  await until("it to be off", () => loopbackPorts(pid ?? 0).length === 0);
});

const webServer = `
function worksHard() { for (const end = performance.now() + 20; performance.now() < end; ); }
setInterval(worksHard, 40);
require("node:http").createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
`;

test("what is set for an app restarts it with it, and later starts have it too", async () => {
  const home = testHome();
  const script = home.file(
    "tells.cjs",
    "console.log(`level ${process.env.level}`); setInterval(() => {}, 1e9);",
  );
  const lives = (): string[] => home.log("app-out.log").split("\n").filter(Boolean);
  await home.ok("start", script, "--name", "app");
  await home.ok("set", "app:level", "3");
  expect(await home.ok("get", "app.level")).toBe("3\n");
  await until("the next life", () => lives().join() === "level undefined,level 3");
  await home.ok("delete", "app");
  await home.run(["start", script, "--name", "app"], { env: { level: "of the shell" } });
  await until("the life after", () => lives().join() === "level undefined,level 3,level 3");

  await home.ok("multiset", "app:level 4 theme dark");
  expect(await home.ok("conf")).toBe("xm set app:level 4\nxm set theme dark\n");
  await home.ok("unset", "app");
  expect(await home.ok("conf")).toBe("xm set theme dark\n");
  expect((await home.xm("get", "app.level")).code).toBe(1);
});

test("settings that are set at the same time are all there", async () => {
  const home = testHome();
  const keys = ["a", "b", "c", "d", "e", "f"];
  await Promise.all(keys.map((key) => home.ok("set", key, "1")));
  const lines = (await home.ok("conf")).split("\n").filter(Boolean);
  expect(lines.sort()).toEqual(keys.map((key) => `xm set ${key} 1`));
});
