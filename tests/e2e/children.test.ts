import { chmodSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

test("a child that ignores SIGINT is killed at the end of its grace period, after one signal", async () => {
  const home = testHome();
  await home.ok("start", program("ignores-sigint.js"), "--name", "i", "--kill-timeout", "500");
  await until("it to be up", () => home.log("i-out.log").includes("up"));
  const { pid } = await home.process("i");

  await home.ok("stop", "i");

  const after = await home.process("i");
  expect(after.status).toBe("stopped");
  expect(after.lastExit).toMatchObject({ code: null, signal: "SIGKILL" });
  expect(isThere(pid ?? 0)).toBe(false);
  expect(home.log("i-out.log").match(/SIGINT/g)).toHaveLength(1);
});

test("the grandchildren of a crashed child are gone before its next life", async () => {
  const home = testHome();
  const crash = join(home.folder, "crash");
  await home.ok(
    "start",
    program("leaves-grandchildren.js"),
    "--name",
    "g",
    "--no-autorestart",
    "--",
    crash,
  );
  const [, pid, near, far] = await until("its pids", () =>
    /life (\d+) (\d+) (\d+)/.exec(home.log("g-out.log")),
  );
  for (const each of [pid, near, far]) expect(isThere(Number(each))).toBe(true);

  home.file("crash", "");
  await until("its end", async () => (await home.process("g")).status === "stopped");

  for (const each of [pid, near, far]) expect(isThere(Number(each))).toBe(false);
});

test("a child that dies before it is ready is an unstable exit and is never shown online", async () => {
  const home = testHome();
  const ran = await home.xm(
    "start",
    program("crashes.js"),
    "--name",
    "c",
    "--wait-ready",
    "--max-restarts",
    "3",
  );

  expect(ran.code).not.toBe(0);
  const after = await until("the end of its budget", async () => {
    const now = await home.process("c");
    return now.status === "errored" && now;
  });
  expect(after.restarts).toBe(2);
  expect(await home.ok("history", "c")).not.toContain("online");
});

test("a program that does not exist is errored at once, with the reason and no retry", async () => {
  const home = testHome();
  const script = home.file("there.sh", "#!/nonexistent/interpreter\n");
  const ran = await home.xm("start", script, "--name", "x", "--interpreter", "none");

  expect(ran.code).not.toBe(0);
  const after = await home.process("x");
  expect(after.status).toBe("errored");
  expect(after.restarts).toBe(0);
  expect(after.failure?.code).toBe("ENOENT");
  expect(await home.ok("why", "x")).toContain("cannot be started");
});

test("a program that is not executable is errored at once, with the reason", async () => {
  const home = testHome();
  const script = home.file("plain", "echo hi\n");
  chmodSync(script, 0o600);
  const ran = await home.xm("start", script, "--name", "x", "--interpreter", "none");

  expect(ran.code).not.toBe(0);
  expect(ran.stderr + ran.stdout).toContain("execut");
  expect(await home.process("x")).toMatchObject({ status: "errored", restarts: 0 });
});

test("a working directory that is missing is named", async () => {
  const home = testHome();
  const cwd = join(home.folder, "nowhere");
  const ran = await home.xm("start", program("stays.js"), "--name", "x", "--cwd", cwd);

  expect(ran.code).not.toBe(0);
  expect(ran.stderr + ran.stdout).toContain(cwd);
});

test("a log folder that cannot be written is named, and the process is errored", async () => {
  const home = testHome();
  const file = home.file("file", "");
  const ran = await home.xm(
    "start",
    program("stays.js"),
    "--name",
    "x",
    "--output",
    join(file, "out.log"),
  );

  expect(ran.code).not.toBe(0);
  expect(ran.stderr + ran.stdout).toContain(join(file, "out.log"));
  expect((await home.process("x")).failure?.code).toBe("ERR_LOG_UNWRITABLE");
});

test.each([
  ["a file of its own", [], "out.log"],
  ["a log lane", ["--time"], "out.log"],
  ["a cluster", ["-i", "1"], "out-0.log"],
] as const)(
  "what has run before runs on without its log when that cannot be opened: %s",
  async (_, flags, name) => {
    const home = testHome();
    const folder = join(home.folder, "own");
    const log = join(folder, name);
    await home.ok(
      "start",
      program("stays.js"),
      "--name",
      "x",
      "-o",
      join(folder, "out.log"),
      ...flags,
    );
    renameSync(folder, `${folder}.away`);
    home.file("own", "not a folder");
    const { pid } = await home.process("x");
    process.kill(pid ?? 0, "SIGKILL");
    await until("its next life", async () => {
      const now = await home.process("x");
      return now.status === "online" && now.pid !== pid;
    });
    expect(home.godLog()).toContain(
      `x (0): output to stdout is lost: the log file ${log} cannot be written`,
    );
    rmSync(folder);
    await home.ok("restart", "x");
    expect((await home.process("x")).status).toBe("online");
    expect(existsSync(log)).toBe(true);
  },
);

test("a process that says ready is online then, and not before", async () => {
  const home = testHome();
  const flag = join(home.folder, "ready");
  const starting = home.xm(
    "start",
    program("ready-late.js"),
    "--name",
    "r",
    "--wait-ready",
    "--listen-timeout",
    "20000",
    "--",
    flag,
  );
  await until("it to be up", () => home.log("r-out.log").includes("up"));
  expect((await home.process("r")).status).toBe("starting");

  home.file("ready", "");
  expect((await starting).code).toBe(0);
  expect((await home.process("r")).status).toBe("online");
});

test("a spent budget ends in errored, and why says so in one sentence", async () => {
  const home = testHome();
  await home.xm("start", program("crashes.js"), "--name", "c", "--max-restarts", "3");
  await until("errored", async () => (await home.process("c")).status === "errored");

  const why = await home.ok("why", "c");

  expect(why).toContain("unstable exit 3 of 3 in a row");
});

test("files are logged to directly: the home's folders are 0700 and its files 0600", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  await until("the line", () => home.log("a-out.log").includes("up"));
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  const { home: root, socket, state, logs, pidFile } = home.paths;
  expect([root, state, logs].map(mode)).toEqual(["700", "700", "700"]);
  expect(
    [socket, pidFile, join(logs, "a-out.log"), join(state, "journal.ndjson")].map(mode),
  ).toEqual(["600", "600", "600", "600"]);
});
