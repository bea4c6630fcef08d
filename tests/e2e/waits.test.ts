import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";

/** Ends before it is ready, with words of its own. */
const broken = `
console.error("connecting to db.internal:5432");
process.stderr.write("no such host");
setTimeout(() => process.exit(3), 30);
`;

/** Serves nothing and never says that it is ready. */
const silent = `setInterval(() => {}, 1_000);`;

/** Ready at once unless a file says that it is broken. */
const switchable = (flag: string): string => `
const { existsSync } = require("node:fs");
if (existsSync(${JSON.stringify(flag)})) {
  process.stderr.write("config.port is missing");
  process.exit(4);
}
process.send("ready");
setInterval(() => {}, 1_000);
`;

const app = (home: TestHome, fields: object): string =>
  home.file(
    "ecosystem.config.json",
    JSON.stringify({ apps: [{ name: "api", listen_timeout: 60_000, ...fields }] }),
  );

const ways = {
  "restarted at once": {},
  "restarted after a delay": { restart_delay: 60_000 },
  "restarted with growing waits": { exp_backoff_restart_delay: 1_000 },
  "given up at once": { max_restarts: 1 },
} as const;

for (const [how, fields] of Object.entries(ways)) {
  for (const mode of ["fork", "cluster"] as const) {
    test(`a start in ${mode} mode ends with the first life that ends unready, ${how}`, async () => {
      const home = testHome();
      const script = home.file("server.js", broken);
      const file = app(home, { script, wait_ready: true, exec_mode: mode, ...fields });
      const { code, stderr } = await home.xm("start", file);
      expect(code).toBe(1);
      expect(stderr).toMatch(/api \(0\): .*[Ee]xited with code 3/);
      // The unfinished last line too.
      expect(stderr).toContain("| connecting to db.internal:5432\n");
      expect(stderr).toContain("| no such host\n");
    });
  }
}

test("restart, startOrRestart, reload, startOrReload and scale end with the first unready life", async () => {
  const home = testHome();
  const flag = join(home.folder, "broken");
  const script = home.file("server.js", switchable(flag));
  const fields = { script, wait_ready: true, restart_delay: 60_000 };
  const file = app(home, fields);
  await home.ok("start", file);
  writeFileSync(flag, "");
  for (const call of [
    ["restart", "api"],
    ["restart", "0"],
    ["start", "api"],
    ["start", file],
    ["startOrRestart", file],
    ["reload", "api"],
    ["startOrReload", file],
  ]) {
    const { code, stderr } = await home.xm(...call);
    expect([call.join(" "), code]).toEqual([call.join(" "), 1]);
    expect(stderr).toContain("api (0): ");
    expect(stderr).toContain("xited with code 4");
    expect(stderr).toContain("| config.port is missing\n");
  }
  const scaled = await home.xm("scale", "api", "3");
  expect(scaled.code).toBe(1);
  expect(scaled.stderr).toContain("api (1): ended before it was ready: exited with code 4");
  expect(scaled.stderr).toContain("api (2): ended before it was ready: exited with code 4");
});

test("a job that ends as it is meant to has started; why tells what a failed one said last", async () => {
  const home = testHome();
  const done = home.file("migrate.js", `setTimeout(() => process.exit(0), 20);`);
  const job = { script: done, wait_ready: true, autorestart: false };
  expect(await home.ok("start", app(home, job))).toContain("started; exited with code 0");
  const failing = home.file("seed.js", `throw new TypeError("rows is not iterable");`);
  await home.xm("start", app(home, { ...job, name: "seed", script: failing }));
  for (const command of ["why", "describe"]) {
    const text = await home.ok(command, "seed");
    expect(text).toMatch(/\| TypeError: rows is not iterable\n\s+\| +at .*seed\.js:1/);
  }
});

test("a failure shows what its program said last when a lane writes its log, and when none is kept", async () => {
  const home = testHome();
  const script = home.file("server.js", broken);
  const fields = { script, wait_ready: true, restart_delay: 60_000 };
  for (const more of [{ time: true }, { log_type: "json" }]) {
    const { stderr } = await home.xm("start", app(home, { ...fields, ...more, name: "laned" }));
    expect(stderr).toContain("connecting to db.internal:5432");
    expect(stderr).toContain("no such host");
    await home.ok("delete", "laned");
  }
  const throws = home.file("throws.js", `throw new RangeError("port 70000");`);
  const quiet = { ...fields, script: throws, disable_logs: true, name: "quiet" };
  expect((await home.xm("start", app(home, quiet))).stderr).toContain("| RangeError: port 70000\n");
});

test("why tells what the life before a stop had ended by, the next daemon too", async () => {
  const home = testHome();
  const script = home.file("server.js", `throw new Error("listen EADDRINUSE: 127.0.0.1:3000");`);
  await home.xm("start", script, "--restart-delay", "60000");
  await until("its wait", async () => (await home.process("server")).status === "waiting");
  await home.ok("start", home.file("idle.js", silent), "--name", "idle");
  await home.ok("stop", "idle");
  await home.ok("update");
  expect(await home.ok("why", "server")).toContain("| Error: listen EADDRINUSE: 127.0.0.1:3000");
  writeFileSync(script, silent);
  await home.ok("restart", "server");
  await home.ok("stop", "server");
  const text = await home.ok("why", "server");
  expect(text).toContain("The last words of an earlier life");
  expect(text).toContain("| Error: listen EADDRINUSE: 127.0.0.1:3000");
  expect(await home.ok("why", "idle")).not.toContain("last words");
  // Ids begin at 0 again, and what another process with this one said is not its own.
  await home.ok("delete", "all");
  await home.ok("start", script, "--name", "next");
  await home.ok("stop", "0");
  expect(await home.ok("why", "0")).not.toContain("last words");
});

test("a process that a reload replaced was not deleted, and neither was what its scaling took away", async () => {
  const home = testHome();
  const server = `require("node:http").createServer().listen(0);`;
  await home.ok("start", home.file("server.js", server), "--name", "web", "-i", "2");
  await home.ok("reload", "web");
  await home.ok("scale", "web", "1");
  const records = await home.client().history({ kinds: ["process"] });
  const sentences = records
    .filter(({ decision }) => decision?.rule === "wantsRemoval")
    .map(({ decision }) => decision?.sentence.split(", because ")[1]);
  expect(sentences).toEqual([
    "a reload has replaced it.",
    "a reload has replaced it.",
    "its app was scaled down.",
  ]);
});

test("a stop or a deletion by another call ends a waiting start, and it does not say that it started", async () => {
  const home = testHome();
  const script = home.file("worker.js", silent);
  const file = app(home, { script, wait_ready: true });
  for (const command of ["stop", "delete"]) {
    const start = home.xm("start", file);
    await until("it to be launching", async () => {
      const [first] = await home.client().list();
      return first?.status === "starting" && first.pid !== null;
    });
    await home.ok(command, "api");
    const { code, stderr } = await start;
    expect(code).toBe(1);
    expect(stderr).toMatch(command === "stop" ? /`xm stop` stopped it/ : /deleted it/);
  }
});

test("a kill elsewhere ends every waiting call with an error, and none of them starts a daemon", async () => {
  const home = testHome();
  const script = home.file("worker.js", silent);
  const slow = home.file(
    "slow.js",
    `process.on("SIGINT", () => {}); setInterval(() => {}, 1_000);`,
  );
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({
      apps: [
        { name: "slow", script: slow, kill_timeout: 5_000 },
        { name: "a", script, wait_ready: true, listen_timeout: 60_000 },
        { name: "b", script, exec_mode: "cluster", wait_ready: true, listen_timeout: 60_000 },
      ],
    }),
  );
  const calls = [home.xm("start", file)];
  await until("two of them to be launching", async () => {
    const list = await home.client().list();
    return list.filter(({ status, pid }) => status === "starting" && pid !== null).length === 2;
  });
  calls.push(home.xm("restart", "a"), home.xm("stop", "slow"), home.xm("reload", "b"));
  const god = home.godPid();
  await until("the slow one to be stopping", async () => {
    const list = await home.client().list();
    return list.find(({ name }) => name === "slow")?.status === "stopping";
  });
  const kill = home.xm("kill");
  const ended = await Promise.all(calls);
  for (const { code, stderr } of ended) {
    // A call that the daemon hears of after the kill has removed its process is told that.
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/the daemon is shutting down|no process, name or namespace/),
    ]);
  }
  expect((await kill).code).toBe(0);
  expect(isThere(god)).toBe(false);
  expect(home.godLog().match(/ up: version/g)).toHaveLength(1);
});

test("a kill in the middle of a start of many stops what runs, and no daemon comes back for the rest", async () => {
  const home = testHome();
  const apps = Array.from({ length: 120 }, (_, n) => ({
    name: `many-${n}`,
    script: "sleep",
    args: "1000000",
    interpreter: "none",
  }));
  await home.ok("ping");
  const god = home.godPid();
  const starting = home.xm("start", home.file("ecosystem.json", JSON.stringify({ apps })));
  await until("the first to run", async () => {
    const running = (await home.list()).filter(({ pid }) => pid !== null).length;
    return running > 0 && running < 120;
  });
  await home.ok("kill");
  expect((await starting).code).not.toBe(0);
  await until("the daemon to be gone", () => !isThere(god));
  expect(home.godLog()).not.toContain("XmError");
  // Whatever brings a daemon back would have by now: this one is new, and knows of nothing.
  expect(await home.list()).toEqual([]);
  expect(processesOf(home.paths.home).filter(({ command }) => command.includes("sleep"))).toEqual(
    [],
  );
});

test("two kills at once both succeed", async () => {
  const home = testHome();
  const slow = home.file(
    "slow.js",
    `process.on("SIGINT", () => {}); setInterval(() => {}, 1_000);`,
  );
  await home.ok("start", slow, "--kill-timeout", "800");
  const both = await Promise.all([home.xm("kill"), home.xm("kill")]);
  expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
});

test("xm kill waits as long as the longest grace period, and shows whom it waits for", async () => {
  const home = testHome();
  const stubborn = `process.on("SIGINT", () => {}); process.send?.("ready"); setInterval(() => {}, 1_000);`;
  const script = home.file("stubborn.js", stubborn);
  await home.ok("start", script, "--name", "queue", "--kill-timeout", "8000", "--wait-ready");
  await home.ok("start", home.file("quick.js", silent));
  const god = home.godPid();
  const { code, stdout, stderr, ms } = await home.xm("kill");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/waiting for queue \(0\), pid \d+, to end, for \d+s at most/);
  expect(stdout).not.toContain("quick");
  expect(stdout).toContain("stopped 2 process(es) and the daemon");
  expect(ms).toBeGreaterThan(7_500);
  expect(isThere(god)).toBe(false);
}, 40_000);

test("a hand-over ends a waiting restart, and the next daemon goes on with a declaration", async () => {
  const home = testHome();
  const script = home.file("worker.js", silent);
  const file = app(home, { script, wait_ready: true, listen_timeout: 4_000 });
  const start = home.xm("start", file);
  const isLaunching = async (): Promise<boolean> => {
    const [first] = await home.client().list();
    return first?.status === "starting" && first.pid !== null;
  };
  await until("it to be launching", isLaunching);
  await home.ok("update");
  const { code, stdout } = await start;
  expect(code).toBe(0);
  expect(stdout).toContain("has not reported within its listen_timeout that it is ready");
  const restart = home.xm("restart", "api");
  await until("it to be launching again", isLaunching);
  await home.ok("update");
  expect(await restart).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("was replaced before the command was done"),
  });
});

test("a daemon that stands still ends a waiting call with the words for it", async () => {
  const home = testHome();
  const script = home.file("worker.js", silent);
  const start = home.xm("start", app(home, { script, wait_ready: true }));
  await until("it to be launching", async () => (await home.client().list())[0]?.pid);
  const god = home.godPid();
  process.kill(god, "SIGSTOP");
  try {
    const { code, stderr } = await start;
    expect([code, stderr]).toEqual([1, expect.stringContaining("did not answer within")]);
  } finally {
    process.kill(god, "SIGCONT");
  }
}, 40_000);

test("a full disk keeps nobody from being stopped and deleted, and what is not written down is said", async () => {
  const folder = join("/tmp", `xm-full-${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m,mode=700", "none", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const home = testHome({ home: join(folder, "h") });
  const script = home.file("worker.js", silent);
  // What ends frees nothing on that disk.
  const others = Array.from({ length: 8 }, (_, index) => `worker-${index}`);
  const apps = ["one", "three", ...others].map((name) => ({
    name,
    script,
    pid_file: join(home.folder, `${name}.pid`),
  }));
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
  const ballast = join(folder, "ballast");
  fill(ballast);
  const refused = await home.xm("restart", "one");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("cannot be written")]);
  const stop = await home.xm("stop", "one");
  expect(stop.code).toBe(0);
  // The last block of the journal has room for a few lines.
  const remove = await home.xm("delete", ...others);
  expect([remove.code, remove.stderr]).toEqual([0, expect.stringContaining("could not be saved")]);
  expect((await home.list()).map(({ name, status }) => [name, status])).toEqual([
    ["one", "stopped"],
    ["three", "online"],
  ]);
  // Written down as soon as there is room.
  rmSync(ballast);
  await until("it to be written", () =>
    readFileSync(join(home.paths.state, "journal.ndjson"), "utf8").includes('"process.removed"'),
  );
  await home.ok("start", join(home.folder, "ecosystem.config.json"));
  fill(ballast);
  const kill = await home.xm("kill");
  expect([kill.code, kill.stderr]).toEqual([0, expect.stringContaining("could not be saved")]);
}, 60_000);

/** Takes what is left of a small disk. */
function fill(path: string): void {
  let bytes = 0;
  for (const size of [1024 * 1024, 64 * 1024, 4 * 1024, 512, 1]) {
    const block = Buffer.alloc(size, "x");
    try {
      for (;;) {
        writeFileSync(path, block, { flag: "a" });
        bytes += size;
      }
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOSPC") throw error;
    }
  }
  expect(bytes).toBeGreaterThan(0);
}
