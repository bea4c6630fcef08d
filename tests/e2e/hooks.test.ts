import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { processesOf, testHome, type TestHome } from "../support/home.ts";
import { isRoot, otherUser } from "../support/other-user.ts";
import { freePort } from "../support/ports.ts";

const declare = (home: TestHome, ...apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

/** An app that stays, and says when it begins and ends. */
const stays = (home: TestHome): string =>
  home.file(
    "app.cjs",
    `const { appendFileSync } = require("node:fs");
const say = (text) => appendFileSync(${JSON.stringify(join(home.folder, "told"))}, text + "\\n");
say("app");
process.on("SIGINT", () => { say("signal"); process.exit(0); });
if (process.env.CODE) setTimeout(() => process.exit(Number(process.env.CODE)), 50);
setInterval(() => {}, 1_000);
`,
  );

const told = (home: TestHome): string[] =>
  existsSync(join(home.folder, "told"))
    ? readFileSync(join(home.folder, "told"), "utf8").trim().split("\n")
    : [];

/** A hook that says its name, and what it is told. */
const says = (home: TestHome, text: string): string => `echo ${text} >> ${home.folder}/told`;

const noFilesAreLeft = (home: TestHome): void =>
  expect(existsSync(home.paths.hooks) ? readdirSync(home.paths.hooks) : []).toEqual([]);

test("the hooks of a life run in order, in the app's folder, with its environment and what is known", async () => {
  const home = testHome();
  const facts = '"$XM_HOOK $XM_NAME $XM_ID $GREETING $(basename $PWD)"';
  await home.ok(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      cwd: home.folder,
      env: { GREETING: "hello" },
      hooks: {
        pre_start: says(home, facts),
        post_start: says(home, '"$XM_HOOK $XM_PID"'),
        pre_stop: { command: ["/bin/sh", "-c", says(home, '"$XM_HOOK $XM_PID $XM_REASON"')] },
        post_stop: says(home, '"$XM_HOOK $XM_EXIT_CODE. $XM_REASON"'),
      },
    }),
  );
  await until("post_start", () => told(home).length === 3 && told(home));
  const { pid } = await home.process("api");
  await home.ok("stop", "api");
  const folder = home.folder.split("/").at(-1);
  expect(told(home).toSorted()).toEqual(
    [
      `pre_start api 0 hello ${folder}`,
      "app",
      `post_start ${pid}`,
      `pre_stop ${pid} xm stop`,
      "signal",
      "post_stop 0. Exited with code 0 (xm stop)",
    ].toSorted(),
  );
  expect(told(home)[0]).toMatch(/^pre_start/);
  expect(
    told(home)
      .slice(-3)
      .map((line) => line.split(" ")[0]),
  ).toEqual(["pre_stop", "signal", "post_stop"]);
  expect(await home.ok("describe", "api")).toContain("pre_start");
  noFilesAreLeft(home);
});

test("a pre_start that fails is a failed start, with its last line as the reason, and its words in the log", async () => {
  const home = testHome();
  const ran = await home.xm(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      max_restarts: 2,
      restart_delay: 50,
      hooks: { pre_start: "echo looking; echo no database here >&2; exit 3" },
    }),
  );
  expect(ran.code).toBe(1);
  expect(ran.stdout + ran.stderr).toContain(
    "Could not be prepared (its pre_start hook failed: exit code 3: no database here)",
  );
  await until("its end", async () => (await home.process("api")).status === "errored");
  expect(await home.ok("why", "api")).toContain(
    "Could not be prepared (its pre_start hook failed: exit code 3: no database here); it is marked errored",
  );
  expect(told(home)).toEqual([]);
  expect([home.log("api-out.log"), home.log("api-error.log")]).toEqual([
    "looking\nlooking\n",
    "no database here\nno database here\n",
  ]);
  expect(home.godLog()).toContain(
    "api (0): its pre_start hook failed: exit code 3: no database here",
  );
  noFilesAreLeft(home);
});

test("programs that do not exist or may not be run fail with the words of the shell", async () => {
  const home = testHome();
  const script = stays(home);
  const plain = home.file("plain.sh", "#!/bin/sh\n");
  chmodSync(plain, 0o644);
  const app = (name: string, pre_start: unknown): object => ({
    name,
    script,
    restart: "never",
    hooks: { pre_start },
  });
  await home.xm(
    "start",
    declare(
      home,
      app("missing", ["/nowhere/hook"]),
      app("closed", [plain]),
      app("odd", "exit 300"),
    ),
  );
  const reason = (name: string): Promise<string | null> =>
    until("an end", async () => {
      const { status, decision } = await home.process(name);
      return status === "errored" && decision;
    });
  expect(await reason("missing")).toMatch(/exit code 127: .*\/nowhere\/hook: not found/);
  expect(await reason("closed")).toMatch(/exit code 126: .*plain\.sh: Permission denied/);
  expect(await reason("odd")).toMatch(
    /^Could not be prepared \(its pre_start hook failed: exit code \d+/,
  );
});

test("a hook that hangs is ended at its timeout with its whole group, and a daemon that it leaves goes with it", async () => {
  const home = testHome();
  const begun = performance.now();
  await home.xm(
    "start",
    declare(
      home,
      {
        name: "hangs",
        script: stays(home),
        restart: "never",
        hooks: { pre_start: { command: "sleep 600 & echo waiting; sleep 600", timeout: "300ms" } },
      },
      {
        name: "forks",
        script: stays(home),
        hooks: { pre_start: "setsid sh -c 'sleep 600; sleep 600' > /dev/null 2>&1 & echo forked" },
      },
    ),
  );
  expect((await home.process("hangs")).decision).toMatch(
    /^Could not be prepared \(its pre_start hook failed: no end within 300 ms: waiting\); it is marked errored/,
  );
  expect((await home.process("forks")).status).toBe("online");
  expect(performance.now() - begun).toBeLessThan(60_000);
  expect(processesOf(home.paths.home).filter(({ command }) => command.includes("sleep"))).toEqual(
    [],
  );
});

test("a hook that writes a hundred megabytes fills no log, and its end is kept", async () => {
  const home = testHome();
  await home.ok(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      hooks: { pre_start: "yes a line of a hook | head -c 100000000; echo; echo the end" },
    }),
  );
  const log = home.log("api-out.log");
  expect(log.length).toBeLessThan(64 * 1024);
  expect(log).toMatch(/… pre_start wrote \d{8} bytes more; the end of it:/);
  expect(log.trim().split("\n").at(-1)).toBe("the end");
  noFilesAreLeft(home);
});

test("a stop during pre_start ends it at once, and post_stop clears up", async () => {
  const home = testHome();
  const starting = home.xm(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      hooks: {
        pre_start: `${says(home, "began")}; sleep 600`,
        post_stop: says(home, "cleared"),
      },
    }),
  );
  await until("pre_start", () => told(home).length === 1);
  expect(await home.ok("why", "api")).toContain("Its pre_start hook has been running for");
  const { ms } = await home.xm("stop", "api");
  await starting;
  expect(ms).toBeLessThan(20_000);
  expect([(await home.process("api")).status, told(home)]).toEqual([
    "stopped",
    ["began", "cleared"],
  ]);
  expect(processesOf(home.paths.home).filter(({ command }) => command.includes("sleep"))).toEqual(
    [],
  );
});

test("post_start that fails restarts the app; a pre_stop and a post_stop that fail stop nothing from stopping", async () => {
  const home = testHome();
  await home.xm(
    "start",
    declare(
      home,
      {
        name: "loud",
        script: stays(home),
        max_restarts: 1,
        hooks: { post_start: "echo not warm >&2; exit 1" },
      },
      { name: "calm", script: stays(home), hooks: { pre_stop: "exit 1", post_stop: "exit 2" } },
    ),
  );
  await until("its end", async () => (await home.process("loud")).status === "errored");
  expect((await home.process("loud")).decision).toContain(
    "(its post_start hook failed: exit code 1: not warm)",
  );
  await home.ok("stop", "calm");
  expect(await home.ok("why", "calm")).toContain("ignoresFailedHook");
});

test("each life has its hooks, and the end of a crash is told to post_stop", async () => {
  const home = testHome();
  await home.xm(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      env: { CODE: "7" },
      max_restarts: 2,
      hooks: { pre_start: says(home, "pre"), post_stop: says(home, '"post $XM_EXIT_CODE"') },
    }),
  );
  await until("its end", async () => (await home.process("api")).status === "errored");
  expect(told(home)).toEqual(["pre", "app", "post 7", "pre", "app", "post 7"]);
});

test("the next daemon continues a hook, and runs none twice for one life", async () => {
  const home = testHome();
  const gate = join(home.folder, "gate");
  const starting = home.xm(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      hooks: {
        pre_start: `${says(home, "pre")}; until [ -e ${gate} ]; do sleep 0.05; done; ${says(home, "prepared")}`,
        pre_stop: `${says(home, "stop")}; until [ -e ${gate}2 ]; do sleep 0.05; done`,
        post_stop: `${says(home, "post")}; until [ -e ${gate}3 ]; do sleep 0.05; done; exit 4`,
      },
    }),
  );
  const killGod = async (): Promise<void> => {
    const before = home.godPid();
    process.kill(before, "SIGKILL");
    await home.nextGod(before);
  };
  await until("pre_start", () => told(home).includes("pre"));
  await killGod();
  home.file("gate", "");
  await starting;
  await until("online", async () => (await home.process("api")).status === "online");
  const stopping = home.xm("stop", "api");
  await until("pre_stop", () => told(home).includes("stop"));
  await killGod();
  home.file("gate2", "");
  await until("post_stop", () => told(home).includes("post"));
  await killGod();
  home.file("gate3", "");
  await stopping;
  await until("stopped", async () => (await home.process("api")).status === "stopped");
  expect(told(home)).toEqual(["pre", "prepared", "app", "stop", "signal", "post"]);
  expect(await home.ok("why", "api")).toContain("ignoresFailedHook");
  noFilesAreLeft(home);
});

test("a replacement of a cluster is prepared, too; one that cannot be fails the reload and the old one serves", async () => {
  const home = testHome();
  const port = await freePort();
  const server = home.file(
    "server.cjs",
    `require("node:http").createServer((_, response) => response.end()).listen(${port}, "127.0.0.1");`,
  );
  await home.ok(
    "start",
    declare(home, {
      name: "web",
      script: server,
      instances: 2,
      exec_mode: "cluster",
      hooks: { pre_start: `${says(home, "pre")}; [ ! -e ${home.folder}/bad ]` },
    }),
  );
  await home.ok("reload", "web");
  expect(told(home)).toEqual(["pre", "pre", "pre", "pre"]);
  const before = (await home.list()).map(({ pid }) => pid);
  home.file("bad", "");
  const ran = await home.xm("reload", "web");
  expect([ran.code, ran.stdout + ran.stderr]).toEqual([
    1,
    expect.stringContaining("could not be prepared (its pre_start hook failed: exit code 1)"),
  ]);
  expect((await home.list()).map(({ pid }) => pid)).toEqual(before);
  expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
});

test("the output goes the way of the app's lines", async () => {
  const home = testHome();
  await home.ok(
    "start",
    declare(home, {
      name: "api",
      script: stays(home),
      log_type: "json",
      hooks: { pre_start: "echo prepared" },
    }),
  );
  const line = await until("a line", () => {
    const lines = home.log("api-out.log").split("\n");
    return lines.length > 1 && lines[0];
  });
  expect(JSON.parse(line)).toMatchObject({ message: "prepared" });
});

test("a faulty declaration names the place and what is expected", async () => {
  const home = testHome();
  const script = stays(home);
  const ran = await home.xm(
    "start",
    declare(home, {
      name: "api",
      script,
      hooks: {
        before: "true",
        pre_start: { command: "", timeout: "soon", on_failure: "panic", retries: 1 },
        post_stop: [],
      },
    }),
  );
  expect(ran.code).toBe(1);
  for (const text of [
    "apps[0].hooks.before: no such hook; expected pre_start, post_start, pre_stop, post_stop",
    "apps[0].hooks.pre_start: expected a command such as",
    'apps[0].hooks.pre_start.timeout: expected a time from 10 ms to 24 days, got "soon"',
    'apps[0].hooks.pre_start.on_failure: expected "fail" or "ignore", got "panic"',
    "apps[0].hooks.pre_start.retries: no such field; expected command, timeout, on_failure",
    "apps[0].hooks.post_stop: expected a command such as",
  ])
    expect(ran.stderr).toContain(text);
});

test.runIf(isRoot)("a hook runs as the app's user", async () => {
  const home = testHome();
  const folder = join(home.folder, "own");
  const script = home.file("plain.cjs", "setInterval(() => {}, 1_000);");
  for (const path of [home.folder, script]) chmodSync(path, 0o755);
  await home.ok(
    "start",
    declare(home, {
      name: "api",
      script,
      uid: otherUser.uid,
      gid: otherUser.gid,
      hooks: { pre_start: "id -u; echo again >> /dev/stdout" },
    }),
  );
  expect(home.log("api-out.log")).toBe(`${otherUser.uid}\nagain\n`);
  expect(existsSync(folder)).toBe(false);
  expect(statSync(home.paths.hooks).mode & 0o777).toBe(0o700);
});
