import { mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, xmFile } from "../support/home.ts";

const idle = `setInterval(() => {}, 1_000);`;

test("names that begin with a dash are targets after --", async () => {
  const home = testHome();
  const script = home.file("server.js", idle);
  await home.ok("start", script, "--name=-dash");
  await home.ok("start", script, "--name=api");
  await home.ok("stop", "--", "-dash");
  await home.ok("stop", "api", "--", "-dash");
  const statuses = async (): Promise<string[]> => (await home.list()).map(({ status }) => status);
  expect(await statuses()).toEqual(["stopped", "stopped"]);
  await home.ok("restart", "--", "-dash");
  expect(await statuses()).toEqual(["online", "stopped"]);
  expect(await home.ok("describe", "--", "-dash")).toContain("-dash (id 0)");
  expect(await home.ok("why", "--", "-dash")).toContain("-dash (id 0)");
  await home.ok("reload", "--", "-dash");
  // What follows a target is the program's.
  await home.ok("restart", "api", "--", "--verbose");
  expect((await home.client().detail(1)).spec.args).toEqual(["--verbose"]);
  await home.ok("delete", "--", "-dash");
  expect((await home.list()).map(({ name }) => name)).toEqual(["api"]);
});

test("repeated flags add up where a list is meant", async () => {
  const home = testHome();
  const apps = ["one", "two", "three"].map((name) => ({ name, script: "server.js" }));
  home.file("server.js", idle);
  const file = home.file("ecosystem.config.json", JSON.stringify({ apps }));
  await home.ok("start", file, "--only", "one", "--only", "three");
  expect((await home.list()).map(({ name }) => name)).toEqual(["one", "three"]);
  const flags = ["--node-args", "--no-warnings", "--node-args=--trace-uncaught"];
  await home.ok("start", join(home.folder, "server.js"), "--name", "four", ...flags);
  const four = await home.process("four");
  expect((await home.client().detail(four.id)).spec.interpreterArgs).toEqual([
    "--no-warnings",
    "--trace-uncaught",
  ]);
});

test("a line without its newline is shown, of a program that lives and of one that has died", async () => {
  const home = testHome();
  const asks = `console.log("ready"); process.stdout.write("password: "); ${idle}`;
  await home.ok("start", home.file("asks.js", asks));
  const dies = `process.stderr.write("fatal: no disk é"); process.exit(2);`;
  await home.xm("start", home.file("dies.js", dies), "--no-autorestart");
  await until("both to have written", () => {
    return home.log("asks-out.log").endsWith(": ") && home.log("dies-error.log") !== "";
  });
  expect(await home.ok("logs", "asks", "--nostream", "--raw")).toBe("ready\npassword: \n");
  const dead = await home.ok("logs", "dies", "--nostream", "--json");
  expect(JSON.parse(dead)).toMatchObject({ message: "fatal: no disk é" });
  const lines: string[] = [];
  const abort = new AbortController();
  const query = { ids: [0], later: null, daemon: false, lines: 15, follow: true, from: {} };
  for await (const { line } of home
    .client()
    .followLogs({ ...query, streams: ["out", "err"] }, abort.signal)) {
    lines.push(line);
    if (lines.length === 2) {
      expect(lines).toEqual(["ready", "password: "]);
      await home.ok("send", "0", "x");
      break;
    }
  }
  abort.abort();
});

test("earlier lines have no time of their own, and none is made up", async () => {
  const home = testHome();
  const says = `console.log("starting"); console.log("listening on 3000"); ${idle}`;
  await home.ok("start", home.file("server.js", says));
  await until("its lines", () => home.log("server-out.log").includes("3000\n"));
  const file = join(home.paths.logs, "server-out.log");
  // Of the last line the file knows it.
  const at = new Date(1_700_000_000_000);
  utimesSync(file, at, at);
  const who = { type: "out", process_id: 0, app_name: "server" };
  const records = (await home.ok("logs", "--json", "--nostream")).trim().split("\n");
  expect(records.map((record): unknown => JSON.parse(record))).toEqual([
    { message: "starting", timestamp: null, ...who },
    { message: "listening on 3000", timestamp: at.toISOString(), ...who },
  ]);
  expect(await home.ok("logs", "--format", "--nostream")).toMatch(
    /^timestamp=- app=server id=0 type=out message=starting\ntimestamp=2023-11-1\d-[\d:]+[+-]\d{4} app=server /,
  );
  for (const words of [
    ["0"],
    ["--timestamp", "0"],
    ["0", "--timestamp"],
    ["server", "--timestamp", "0"],
  ]) {
    const shown = await home.ok("logs", ...words, "--nostream");
    expect(shown).toMatch(
      /^0\|server \| starting\n(2023-11-1\S+ )?0\|server \| listening on 3000\n$/,
    );
  }
});

test("describe shows what is declared under the names of the file", async () => {
  const home = testHome();
  home.file("server.js", `process.send("ready"); ${idle}`);
  const app = {
    name: "api",
    script: "server.js",
    wait_ready: true,
    listen_timeout: 9_000,
    kill_timeout: "8s",
    kill_signal: "SIGTERM",
    stop_exit_codes: [3, 4],
    restart: "on-failure",
    max_restarts: 5,
    min_uptime: "2s",
    exp_backoff_restart_delay: 150,
    treekill: false,
    instance_var: "WORKER",
    log_date_format: "HH:mm",
    uid: "root",
  };
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
  const text = await home.ok("describe", "api");
  expect(text).toMatch(/^ +user +root, umask \d{3}$/m);
  for (const [field, value] of [
    ["wait_ready", "true"],
    ["listen_timeout", "9000 ms"],
    ["kill_timeout", "8000 ms"],
    ["kill_signal", "SIGTERM"],
    ["stop_exit_codes", "3, 4"],
    ["restart", "on-failure"],
    ["max_restarts", "5"],
    ["min_uptime", "2000 ms"],
    ["exp_backoff_restart_delay", "150 ms"],
    ["treekill", "false"],
    ["instance_var", "WORKER"],
    ["log_date_format", "HH:mm"],
    ["uid", "root"],
  ]) {
    expect(text).toMatch(new RegExp(`^ +${field} +${value}$`, "m"));
  }
  await home.ok("start", join(home.folder, "server.js"), "--name", "plain");
  expect(await home.ok("describe", "plain")).not.toMatch(/^declared$/m);
});

for (const mode of ["fork", "cluster"]) {
  test(`what is started inside a link in ${mode} mode runs what the link points to after a restart`, async () => {
    const home = testHome();
    const tells = (release: string): string =>
      `require("node:http").createServer().listen(0); console.log(${JSON.stringify(release)}, process.cwd());`;
    for (const release of ["41", "42"]) {
      mkdirSync(join(home.folder, "releases", release), { recursive: true });
      home.file(`releases/${release}/server.js`, tells(release));
      const app = { apps: [{ name: "filed", script: "server.js", exec_mode: mode }] };
      home.file(`releases/${release}/ecosystem.config.json`, JSON.stringify(app));
    }
    const current = join(home.folder, "current");
    symlinkSync("releases/41", current);
    const inside = { cwd: current, env: { PWD: current } };
    const flags = mode === "cluster" ? ["-i", "1"] : [];
    const start = await home.run(["start", "server.js", "--name", "named", ...flags], inside);
    expect([start.code, start.stderr]).toEqual([0, ""]);
    await home.run(["start", "ecosystem.config.json"], inside);
    const fileOf = (name: string, id: number): string =>
      mode === "cluster" ? `${name}-out-${id}.log` : `${name}-out.log`;
    const hasSaid = (release: string) => async (): Promise<boolean> => {
      const line = `${release} ${join(home.folder, "releases", release)}`;
      return (await home.list()).every(({ id, name }) => home.log(fileOf(name, id)).includes(line));
    };
    await until("both to run the old release", hasSaid("41"));
    rmSync(current);
    symlinkSync("releases/42", current);
    await home.ok(mode === "cluster" ? "reload" : "restart", "all");
    await until("both to run the new release", hasSaid("42"));
    for (const { script } of await home.list()) expect(script).toBe(join(current, "server.js"));
    // A `PWD` that is another folder's is not believed.
    const lied = await home.run(["start", join(current, "server.js"), "--name", "lied"], {
      cwd: home.folder,
      env: { PWD: "/usr" },
    });
    expect(lied.code).toBe(0);
    const { id } = await home.process("lied");
    expect((await home.client().detail(id)).spec.cwd).toBe(home.folder);
  });
}

test("why says that a program has put itself into the background, and what became of it", async () => {
  const home = testHome();
  const daemonizes = `
const { spawn } = require("node:child_process");
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
child.unref();
console.log(child.pid);
setTimeout(() => process.exit(0), 50);
`;
  const script = home.file("server.js", daemonizes);
  await home.ok("start", script, "--no-autorestart");
  const isStopped = async (): Promise<boolean> =>
    (await home.process("server")).status === "stopped";
  await until("it to have ended", isStopped);
  const left = home.log("server-out.log").trim();
  const text = await home.ok("why", "server");
  expect(text).toContain(`Exited with code 0, leaving its process ${left} in the background`);
  expect(text).toContain("was ended with it. Make it run in the foreground");
  await home.ok(
    "start",
    home.file("job.js", `setTimeout(() => process.exit(0), 50);`),
    "--no-autorestart",
  );
  await until(
    "the job to have ended",
    async () => (await home.process("job")).status === "stopped",
  );
  expect(await home.ok("why", "job")).not.toContain("background");
});

test("help is coloured for a terminal only: not when piped, under NO_COLOR or with --no-color", async () => {
  const home = testHome();
  const runtime = xmFile.replace(/xm\.cjs$/, "xm-runtime.cjs");
  const isColoured = async (program: string, words: string[], env: NodeJS.ProcessEnv) => {
    // citty uses no colours in a CI, for which vitest's own variables count too.
    const seen = { CI: "", TEST: "", TERM: "xterm", NO_COLOR: "", ...env };
    const { code, stdout } = await home.run(words, { program, env: seen });
    expect([code, stdout]).toEqual([0, expect.stringContaining("USAGE")]);
    return stdout.includes("\u001B");
  };
  const forced = { FORCE_COLOR: "1" };
  const never = { ...forced, NO_COLOR: "true" };
  expect([
    await isColoured(xmFile, ["start", "--help"], {}),
    await isColoured(xmFile, ["start", "--help"], never),
    await isColoured(xmFile, ["start", "--help", "--no-color"], forced),
    await isColoured(xmFile, ["start", "--help"], forced),
    await isColoured(runtime, ["--help"], {}),
    await isColoured(runtime, ["--help"], never),
    await isColoured(runtime, ["--help"], forced),
  ]).toEqual([false, false, false, true, false, false, true]);
});

test("a command with actions names them when it is given none, or another", async () => {
  const home = testHome();
  for (const words of [["daemon"], ["daemon", "start"]]) {
    const { code, stderr } = await home.xm(...words);
    expect(code).toBe(1);
    expect(stderr).toContain("there is `xm daemon restart` and `xm daemon status`");
  }
});
