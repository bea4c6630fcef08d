import { spawnSync } from "node:child_process";
import { availableParallelism, homedir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import {
  namesOfApps,
  normalizeApps,
  type ConfigContext,
} from "../../../../runtime/client/config/normalize.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { instanceLogPaths, instancePidFile } from "../../../../runtime/host/log-files/paths.ts";
import { testFolder } from "../../../support/folder.ts";
import type { RawApp } from "../../../../runtime/contract/fields/raw-app.ts";

/** A folder with programs, and what is made of an app declared there. */
function setUp(caller: Record<string, string> = {}) {
  const folder = testFolder();
  folder.put("app.js", "");
  folder.put("python3", "", 0o755);
  folder.put("bash", "", 0o755);
  const context: ConfigContext = {
    home: homePaths("/home/xm"),
    base: folder.path,
    caller: { PATH: folder.path, ...caller },
    source: "apps.json",
  };
  const normalize = async (raw: RawApp, more: Partial<ConfigContext> = {}) => {
    const [spec] = await normalizeApps([raw], { ...context, ...more });
    if (spec === undefined) throw new Error("nothing came of it");
    return spec;
  };
  return { ...folder, context, normalize };
}

test("a script alone gets PM2's defaults", async () => {
  const { path, normalize } = setUp();
  expect(await normalize({ script: "app.js" })).toEqual({
    name: "app",
    namespace: "default",
    script: join(path, "app.js"),
    args: [],
    cwd: path,
    interpreter: process.execPath,
    interpreterArgs: [],
    env: { PATH: path, PWD: path },
    instances: 1,
    mode: "fork",
    scheduling: "shared",
    mergeLogs: true,
    logs: {
      out: "/home/xm/logs/app-out.log",
      error: "/home/xm/logs/app-error.log",
      combined: null,
      numbered: [],
      isOff: false,
      type: "plain",
      dateFormat: null,
    },
    pidFile: "/home/xm/pids/app.pid",
    instanceVariable: "NODE_APP_INSTANCE",
    incrementVariable: null,
    sourceMaps: null,
    stopSignal: "SIGINT",
    stopWithMessage: false,
    killsTree: true,
    uid: null,
    gid: null,
    umask: process.umask(),
    autostart: true,
    dependsOn: [],
    policy: {
      restart: {
        mode: "always",
        minUptimeMs: 1_000,
        maxRestarts: 16,
        restartWindowMs: 0,
        restartDelayMs: 0,
        backoff: null,
        stopExitCodes: [],
      },
      readiness: "spawned",
      probe: null,
      probes: null,
      listenTimeoutMs: 3_000,
      killTimeoutMs: 1_600,
      drain: true,
      drainTimeoutMs: 10_000,
      reload: { concurrency: 1, surge: true },
    },
    sensors: {
      maxMemoryBytes: null,
      cron: null,
      cronTimezone: null,
      watch: null,
      heartbeatMs: null,
    },
    passthrough: {},
  });
});

test("the app's variables lie over the caller's, and the chosen environment over both", async () => {
  const { normalize } = setUp({ COLOR: "grey", TASTE: "sour", pm_id: "7", XM_LIFE: "another" });
  const raw = {
    script: "app.js",
    env: { COLOR: "red", PORT: 80, TREE: { a: 1 } },
    env_production: { COLOR: "blue" },
  };
  const { env } = await normalize(raw, { environment: "production" });
  expect(env).toMatchObject({ COLOR: "blue", TASTE: "sour", PORT: "80", TREE: '{"a":1}' });
  expect([env["pm_id"], env["XM_LIFE"]]).toEqual([undefined, undefined]);
});

test("filter_env leaves out the caller's variables and none of the app's", async () => {
  const { normalize } = setUp({ AWS_KEY: "secret", LANG: "C" });
  const { env } = await normalize({
    script: "app.js",
    filter_env: ["AWS"],
    env: { AWS_REGION: "eu" },
  });
  expect([env["AWS_KEY"], env["AWS_REGION"], env["LANG"]]).toEqual([undefined, "eu", "C"]);
  const all = await normalize({ script: "app.js", filter_env: true, env: { A: "1" } });
  expect(Object.keys(all.env).sort()).toEqual(["A", "PWD"]);
});

test("every fault of a file is told at once, with its place and what was expected", async () => {
  const { context } = setUp();
  const raw = [
    { script: "app.js", kill_timeout: "soon", restart: "sometimes" },
    { script: "app.js", cron_restart: "every day", exp_backoff_restart_jitter: 2 },
    { script: "missing.js" },
    { max_restart: 3 },
    { script: "app.js", autorestart: true, restart: "never" },
  ];
  await expect(normalizeApps(raw, context)).rejects.toMatchObject({ code: "ERR_CONFIG_INVALID" });
  const told = await normalizeApps(raw, context).catch((error: Error) => error.message);
  for (const fault of [
    'apps[0].kill_timeout: expected ms or a time such as "10s", "5m", "1h", got "soon"',
    'apps[0].restart: expected "always", "on-failure", "on-abnormal" or "never", got "sometimes"',
    'apps[1].cron_restart: expected a cron pattern such as "0 3 * * *", got "every day"',
    "apps[1].exp_backoff_restart_jitter: expected a number from 0 to 1, got 2",
    "apps[2].script: script not found:",
    'apps[3].max_restart: no such field; did you mean "max_restarts"?',
    "apps[3].script: expected a file or a command, got nothing",
    'apps[4].autorestart: true contradicts restart: "never"',
  ]) {
    expect(told).toContain(fault);
  }
});

test.each([
  [{ name: "api" }, undefined, "api"],
  [{ name: "api", name_prefix: "eu-" }, undefined, "api"],
  [{ name: "web", append_env_to_name: true }, "prod", "web-prod"],
  [{ name: "web", append_env_to_name: true }, undefined, "web"],
  [{}, undefined, "app"],
])("the name of %o in %s is %s", async (raw, environment, name) => {
  const { normalize } = setUp();
  expect((await normalize({ script: "app.js", ...raw }, { environment })).name).toBe(name);
});

test("log and pid files begin at cwd, ~ is the user's home, and NULL is none", async () => {
  const { path, normalize } = setUp();
  const { logs, pidFile } = await normalize({
    script: "app.js",
    out_file: "log/out",
    error_file: "~/err",
    pid_file: "p.pid",
  });
  expect([logs, pidFile]).toEqual([
    {
      out: join(path, "log/out"),
      error: join(homedir(), "err"),
      combined: null,
      numbered: [],
      isOff: false,
      type: "plain",
      dateFormat: null,
    },
    join(path, "p.pid"),
  ]);
  expect(
    (await normalize({ script: "app.js", out_file: "NULL", error_file: "/dev/null" })).logs,
  ).toMatchObject({ out: null, error: null });
});

test("an app whose program is not there keeps no other from being made, where that is wanted", async () => {
  const { context } = setUp();
  const left: string[] = [];
  const leaveOut = (fault: string): void => void left.push(fault);
  const gone = { name: "gone", script: "gone.js" };
  const there = { name: "there", script: "app.js" };
  const made = await normalizeApps([gone, there], { ...context, leaveOut });
  expect(made.map(({ name }) => name)).toEqual(["there"]);
  expect(left).toEqual([expect.stringContaining("apps[0].script: script not found:")]);
  // A fault of the file itself is one all the same, and then everything is told at once.
  const faulty = { ...there, max_restarts: "many" };
  const told = await normalizeApps([gone, faulty], { ...context, leaveOut }).catch(String);
  expect(told).toContain("apps[0].script: script not found:");
  expect(told).toContain("apps[1].max_restarts: expected a number");
  await expect(normalizeApps([gone, gone], { ...context, leaveOut })).rejects.toMatchObject({
    code: "ERR_CONFIG_INVALID",
  });
});

test("what runs a script is known by its extension, and can be chosen", async () => {
  const { path, put, normalize } = setUp();
  put("job.py", "");
  put("tool", "#!/bin/sh\n", 0o755);
  put("program", "\u007FELF", 0o755);
  put("www", "#!/usr/bin/env node\n", 0o755);
  put("flagged", "#!/usr/bin/env -S node --expose-gc\n", 0o755);
  put("unknown", "", 0o755);
  const python = await normalize({ script: "job.py" });
  expect([python.interpreter, python.env["PYTHONUNBUFFERED"]]).toEqual([
    join(path, "python3"),
    "1",
  ]);
  expect((await normalize({ script: "tool" })).interpreter).toBeNull();
  expect((await normalize({ script: "program" })).interpreter).toBeNull();
  expect((await normalize({ script: "unknown" })).interpreter).toBe(process.execPath);
  expect((await normalize({ script: "www" })).interpreter).toBe(process.execPath);
  expect(await normalize({ script: "www", instances: 2 })).toMatchObject({ mode: "cluster" });
  expect(await normalize({ script: "flagged" })).toMatchObject({
    interpreter: process.execPath,
    interpreterArgs: ["--expose-gc"],
  });
  expect((await normalize({ script: "app.js", interpreter: "none" })).interpreter).toBeNull();
  expect((await normalize({ script: "app.js", interpreter: "bash" })).interpreter).toBe(
    join(path, "bash"),
  );
  await expect(normalize({ script: "app.js", interpreter: "nope" })).rejects.toMatchObject({
    code: "ERR_INTERPRETER_NOT_FOUND",
  });
});

test("a command with spaces runs through bash -c, a bare one is looked up in PATH", async () => {
  const { path, normalize } = setUp();
  const shell = await normalize({ script: "echo a | cat" });
  expect([shell.script, shell.args, shell.interpreter, shell.name]).toEqual([
    join(path, "bash"),
    ["-c", "echo a | cat"],
    null,
    "echo a | cat",
  ]);
  expect((await normalize({ script: "python3" })).script).toBe(join(path, "python3"));
  await expect(normalize({ script: "nothing" })).rejects.toMatchObject({
    code: "ERR_SCRIPT_NOT_FOUND",
  });
});

test("a command of PATH is the program that it names", async () => {
  const { path, put, normalize } = setUp();
  put("npm", "#!/usr/bin/env node\n", 0o755);
  put("gunicorn", "#!/usr/bin/python3\n", 0o755);
  const npm = await normalize({
    script: "npm",
    args: "start",
    exec_mode: "cluster",
    node_args: "--no-warnings",
  });
  expect([npm.script, npm.interpreter, npm.mode, npm.interpreterArgs, npm.args]).toEqual([
    join(path, "npm"),
    process.execPath,
    "cluster",
    ["--no-warnings"],
    ["start"],
  ]);
  const alone = await normalize({ script: "gunicorn" });
  expect([alone.script, alone.interpreter]).toEqual([join(path, "gunicorn"), null]);
  const declared = await normalize({ script: "gunicorn", interpreter: "python3" });
  expect([declared.script, declared.interpreter]).toEqual([
    join(path, "gunicorn"),
    join(path, "python3"),
  ]);
  expect((await normalize({ script: "npm", interpreter: "none" })).interpreter).toBeNull();
});

test.each(["python3", "./python3", "venv/bin/python"])(
  "%s holds no output back",
  async (interpreter) => {
    const { put, normalize } = setUp();
    put("main.py", "");
    put("venv/bin/python", "", 0o755);
    const { env } = await normalize({ script: "main.py", interpreter });
    expect(env["PYTHONUNBUFFERED"]).toBe("1");
  },
);

test("a command line loses no word of args, whatever is in it", async () => {
  const { normalize } = setUp();
  const { script, args } = await normalize({
    script: "node app.js one",
    args: ["two", "it's $HOME"],
  });
  const { stdout } = spawnSync(
    "/bin/bash",
    [args[0] ?? "", (args[1] ?? "").replace("node app.js", "printf '%s|'"), ...args.slice(2)],
    { encoding: "utf8" },
  );
  expect([basename(script), stdout]).toEqual(["bash", "one|two|it's $HOME|"]);
});

test.each([
  ["path\\ with\\ space next", ["path with space", "next"]],
  ["--grep \\d+ 'a b'", ["--grep", "\\d+", "a b"]],
])("args %j are split as a shell does", async (text, words) => {
  const { normalize } = setUp();
  expect((await normalize({ script: "app.js", args: text })).args).toEqual(words);
});

test("times and sizes have units, and PM2's aliases are read", async () => {
  const { normalize } = setUp();
  const { policy, sensors, interpreterArgs, args } = await normalize({
    exec: "app.js",
    min_uptime: "1h",
    restart_delay: "10s",
    max_memory_restart: "300M",
    interpreter_args: "--inspect --no-warnings",
    args: 'one "two three"',
    cron: "0 3 * * *",
  });
  expect([policy.restart.minUptimeMs, policy.restart.restartDelayMs]).toEqual([3_600_000, 10_000]);
  expect([sensors.maxMemoryBytes, sensors.cron]).toEqual([300 * 2 ** 20, "0 3 * * *"]);
  expect([interpreterArgs, args]).toEqual([
    ["--inspect", "--no-warnings"],
    ["one", "two three"],
  ]);
});

test("a shell variable named like an option changes nothing", async () => {
  const { normalize } = setUp({ max_restarts: "2", autorestart: "false" });
  const { policy } = await normalize({ script: "app.js" });
  expect([policy.restart.maxRestarts, policy.restart.mode]).toEqual([16, "always"]);
});

test("a Node program that says how many processes it wants is a cluster, and serves when it listens", async () => {
  const { normalize } = setUp();
  const mode = async (raw: object): Promise<unknown> => {
    const spec = await normalize({ script: "app.js", ...raw });
    return [spec.mode, spec.policy.readiness];
  };
  expect(await mode({ instances: 2 })).toEqual(["cluster", "listening"]);
  expect(await mode({ instances: 1 })).toEqual(["cluster", "listening"]);
  expect(await mode({ instances: 2, exec_mode: "fork" })).toEqual(["fork", "spawned"]);
  expect(await mode({ instances: 2, wait_ready: true })).toEqual(["cluster", "message"]);
  expect(await mode({ instances: 2, ready: "spawned" })).toEqual(["cluster", "spawned"]);
  expect(await mode({ script: "/bin/true", instances: 2 })).toEqual(["fork", "spawned"]);
});

test.each([
  [{ http: "http://127.0.0.1:80/up" }, { kind: "http", url: "http://127.0.0.1:80/up" }],
  [{ tcp: 3000 }, { kind: "tcp", host: "127.0.0.1", port: 3000 }],
  [{ tcp: "[::1]:3000" }, { kind: "tcp", host: "::1", port: 3000 }],
  [{ command: "test -f up" }, { kind: "command", command: "test -f up" }],
])("a probe is one of three kinds: %j", async (ready, probe) => {
  const { normalize } = setUp();
  const { policy } = await normalize({ script: "app.js", ready });
  expect([policy.readiness, policy.probe]).toEqual(["probe", probe]);
});

test.each([
  ["ready", { tcp: 0 }],
  ["ready", { http: "ftp://there" }],
  ["ready", { http: "http://a", tcp: 1 }],
  ["ready", "soon"],
  ["scheduling", "fair"],
  ["reload_concurrency", 0],
])("a wrong value is named with what was expected: %s %j", async (field, value) => {
  const { normalize } = setUp();
  await expect(normalize({ script: "app.js", [field]: value })).rejects.toThrow(
    `apps[0].${field}: expected`,
  );
});

test("a field that nobody knows warns with the nearest one, and its app is used", async () => {
  const { path, context } = setUp();
  const told: string[] = [];
  const [spec] = await normalizeApps([{ script: "app.js", max_restart: 3 }], {
    ...context,
    environment: "prod",
    warn: (line) => void told.push(line),
  });
  expect(spec?.script).toBe(join(path, "app.js"));
  expect(told).toEqual([
    'apps.json: apps[0].max_restart: no such field; did you mean "max_restarts"? It is ignored',
    "apps.json: no app declares env_prod: --env prod changes nothing",
  ]);
});

test.each(["sticky_cookie", "stickyCookie"])(
  "%s is refused: the app would run, and fail some of its users",
  async (name) => {
    const { normalize } = setUp();
    await expect(normalize({ script: "app.js", [name]: "io" })).rejects.toThrow(
      `${name}: connections cannot be kept together by a cookie`,
    );
  },
);

test("what is empty, null or no value at all is as if it were not there", async () => {
  const { normalize, path } = setUp();
  const nothing = {
    name: "",
    namespace: "",
    args: "",
    cwd: "",
    interpreter: "",
    out_file: null,
    node_args: null,
  };
  const spec = await normalize({ script: "app.js", ...nothing, cron_restart: "", instances: null });
  expect(spec).toEqual(await normalize({ script: "app.js" }));
  expect(spec.cwd).toBe(path);
});

test("what is not used is told, and keeps no app from being started", async () => {
  const { context } = setUp();
  const told: string[] = [];
  const [spec] = await normalizeApps(
    [
      {
        script: "app.js",
        env_staging: "A",
        on_stop: () => {},
        kill_timeout: () => 1,
        args: ["a", undefined, null, "b"],
      },
    ],
    { ...context, warn: (line) => void told.push(line.replace("apps.json: apps[0].", "")) },
  );
  expect(spec?.args).toEqual(["a", "b"]);
  expect(spec?.passthrough).toEqual({});
  expect(told).toEqual([
    "env_staging: expected an object of variables; it is ignored",
    "on_stop: a function is not a setting; it is ignored",
    "kill_timeout: a function is not a setting; it is ignored",
    "args[1]: nothing is not a value; it is dropped",
    "args[2]: nothing is not a value; it is dropped",
  ]);
});

test("`false` says nothing, and a number out of its range is told and not used: PM2 starts such apps", async () => {
  const { normalize } = setUp();
  const told: string[] = [];
  const spec = await normalize(
    {
      script: " app.js ",
      max_memory_restart: false,
      node_args: false,
      exec_mode: false,
      restart_delay: -1,
      max_restarts: 1.5,
      stop_exit_codes: [0, "", null],
      args: [["a", "b"], "c"],
      merge_logs: 0,
      env: { "": 1, "A=B": 1, A: 1 },
    },
    { warn: (line) => void told.push(line.replace("apps.json: apps[0].", "")) },
  );
  expect(spec).toMatchObject({ mode: "fork", interpreterArgs: [], args: ["a,b", "c"] });
  expect(spec.policy.restart).toMatchObject({ stopExitCodes: [0], maxRestarts: 16 });
  expect(told).toEqual([
    'restart_delay: expected ms or a time such as "10s", "5m", "1h", got -1; it is ignored',
    "max_restarts: expected a whole number of at least 0, got 1.5; it is ignored",
    "stop_exit_codes[2]: nothing is not a value; it is dropped",
    'env: "" is not a valid variable name; it is dropped',
    'env: "A=B" is not a valid variable name; it is dropped',
  ]);
});

test.each([
  [{ args: "app.js --port 3001" }, ["--port", "3001"], []],
  [
    { args: ["-r", "dotenv/config", "--no-warnings", "app.js"] },
    [],
    ["-r", "dotenv/config", "--no-warnings"],
  ],
  [{ args: "./app.js", interpreter: "none", node_args: "--no-warnings" }, [], ["--no-warnings"]],
])(
  "node as the script of a cluster is a cluster of the file it is given: %j",
  async (raw, args, interpreterArgs) => {
    const { path, put, normalize } = setUp();
    put("node", "\u007FELF", 0o755);
    const spec = await normalize({ script: "node", exec_mode: "cluster", ...raw });
    expect(spec).toMatchObject({
      name: "node",
      mode: "cluster",
      script: join(path, "app.js"),
      args,
      interpreterArgs,
    });
    expect((await normalize({ script: "node", args: "app.js" })).mode).toBe("fork");
    expect((await normalize({ script: "node", args: "-e 1", exec_mode: "cluster" })).mode).toBe(
      "fork",
    );
  },
);

test("a script is looked for in the working folder, and then where that is declared (PM2)", async () => {
  const { path, put, normalize } = setUp();
  put("api/index.js", "");
  put("index.js", "");
  const ofFile = { fileFolder: path };
  const found = async (script: string) =>
    (await normalize({ script, cwd: "./api" }, ofFile)).script;
  expect(await found("index.js")).toBe(join(path, "api/index.js"));
  expect(await found("./api/index.js")).toBe(join(path, "api/index.js"));
  expect(await found("app.js")).toBe(join(path, "app.js"));
  await expect(found("./web/index.js")).rejects.toThrow("script not found");
  // `pm2 start index.js --cwd web` knows the one folder.
  await expect(normalize({ script: "app.js", cwd: "./api" })).rejects.toThrow("script not found");
});

test("as many as there are processors share their log files, unless a mode is named (PM2)", async () => {
  const { normalize } = setUp();
  const numbered = async (raw: RawApp) =>
    (await normalize({ script: "app.js", ...raw })).logs.numbered;
  expect(await numbered({ instances: "max", out_file: "out.log" })).toEqual([]);
  expect(await numbered({ instances: 0 })).toEqual([]);
  expect(await numbered({ instances: "max", exec_mode: "cluster" })).toEqual(["out", "error"]);
  expect(await numbered({ instances: 2 })).toEqual(["out", "error"]);
});

test.each([
  ["a function", () => 1],
  ["a symbol", Symbol("x")],
  ["a bigint", 10n],
])("%s in env is an error", async (what, value) => {
  const { normalize } = setUp();
  await expect(normalize({ script: "app.js", env: { A: value } })).rejects.toThrow(
    `apps[0].env.A: expected a text or a number, got ${what}`,
  );
});

test.each([
  ["maxMemoryRestart", "300M", "max_memory_restart"],
  ["killTimeout", 3000, "kill_timeout"],
  ["ignoreWatch", ["logs"], "ignore_watch"],
  ["nodeArgs", "--no-warnings", "node_args"],
  ["outFile", "o.log", "out_file"],
  ["expBackoffRestartDelay", 100, "exp_backoff_restart_delay"],
])("%s is %s's other spelling", async (name, value, field) => {
  const { normalize } = setUp();
  expect(await normalize({ script: "app.js", [name]: value })).toEqual(
    await normalize({ script: "app.js", [field]: value }),
  );
});

test("of two names of one field the canonical one wins, wherever it stands", async () => {
  const { normalize, path } = setUp();
  for (const raw of [
    { out_file: "a.log", output: "b.log" },
    { output: "b.log", out_file: "a.log" },
  ])
    expect((await normalize({ script: "app.js", ...raw })).logs.out).toBe(join(path, "a.log"));
});

test("settings in env_NAME count when it is chosen, and stay variables", async () => {
  const { normalize } = setUp();
  const app = {
    script: "app.js",
    kill_timeout: 1000,
    env_production: {
      kill_timeout: 4000,
      max_memory_restart: "400M",
      port: 5,
      watch_delay: "soon",
      NODE_ENV: "production",
    },
  };
  const warnings: string[] = [];
  const warn = (line: string): void => void warnings.push(line);
  const spec = await normalize(app, { environment: "production", warn });
  expect(spec.policy.killTimeoutMs).toBe(4000);
  expect(spec.sensors.maxMemoryBytes).toBe(400 * 2 ** 20);
  expect(spec.env).toMatchObject({ kill_timeout: "4000", port: "5", NODE_ENV: "production" });
  expect(spec.env["PORT"]).toBeUndefined();
  expect(warnings).toEqual([
    expect.stringContaining("env_production.watch_delay: used only as a variable"),
  ]);
  expect((await normalize(app)).policy.killTimeoutMs).toBe(1000);
});

test.each([
  [{ port: 3000, env: { PORT: 4000 } }, "3000"],
  [{ port: 3000, env: { PORT: 4000 }, env_production: { PORT: 5000 } }, "5000"],
  [{ env: { PORT: 4000 }, deployed: { PORT: 6000 } }, "6000"],
  [{ env_production: { PORT: 5000 }, deployed: { PORT: 6000 } }, "5000"],
])(
  "PORT of %j is %s with --env production",
  async ({ deployed, ...app }: Record<string, unknown>, port) => {
    const { normalize } = setUp();
    const more = {
      environment: "production",
      ...(deployed === undefined ? {} : { deployed: deployed as object }),
    };
    const { env } = await normalize({ script: "app.js", ...app }, more as never);
    expect(env["PORT"]).toBe(port);
  },
);

test.each([
  ["two", 0],
  ["2.5", 2],
  ["3 workers", 3],
  ["max", 0],
])("instances: %j is PM2's %j", async (value, count) => {
  const { normalize } = setUp();
  const { instances } = await normalize({ script: "app.js", instances: value });
  expect(instances).toBe(count === 0 ? availableParallelism() : count);
});

test.each([
  ["name", "two\nlines", "expected 1 to 200 characters on one line"],
  ["instances", 20_000, "expected at most 10000 processes"],
  ["restart_delay", 2 ** 31, "expected a time of at most 24 days"],
  ["env", "A", 'expected an object of variables, or a text such as "A=1 B=2"'],
  ["env", { A: "\0" }, 'expected an object of variables, or a text such as "A=1 B=2"'],
  ["args", "a\0b", "expected a text or a list of texts"],
  ["port", 70_000, "expected a port from 0 to 65535"],
  ["cron_restart", true, 'expected a cron pattern such as "0 3 * * *", or 0 for none'],
])("%s cannot be %j", async (field, value, expected) => {
  const { normalize } = setUp();
  await expect(normalize({ script: "app.js", [field]: value })).rejects.toThrow(
    `apps[0].${field}: ${expected}`,
  );
});

test("a signal chosen by a variable is told by the variable's name when it is none", async () => {
  const { normalize } = setUp({ PM2_KILL_SIGNAL: "SIGNOPE" });
  await expect(normalize({ script: "app.js" })).rejects.toThrow(
    'the variable PM2_KILL_SIGNAL: expected a signal such as SIGTERM, got "SIGNOPE"',
  );
  expect((await normalize({ script: "app.js", kill_signal: "SIGTERM" })).stopSignal).toBe(
    "SIGTERM",
  );
});

test("PM2's variables change the defaults, and no field", async () => {
  const { normalize } = setUp({
    PM2_KILL_TIMEOUT: "900",
    PM2_GRACEFUL_LISTEN_TIMEOUT: "800",
    PM2_GRACEFUL_TIMEOUT: "700",
    EXP_BACKOFF_RESET_TIMER: "600",
    PM2_KILL_SIGNAL: "SIGTERM",
    PM2_KILL_USE_MESSAGE: "true",
  });
  const byVariable = await normalize({ script: "app.js", exp_backoff_restart_delay: 5 });
  expect(byVariable).toMatchObject({ stopSignal: "SIGTERM", stopWithMessage: true });
  expect(byVariable.policy).toMatchObject({
    killTimeoutMs: 900,
    listenTimeoutMs: 800,
    drainTimeoutMs: 700,
    restart: { backoff: { resetAfterMs: 600 } },
  });
  const { policy } = await normalize({ script: "app.js", kill_timeout: 50, listen_timeout: 40 });
  expect(policy).toMatchObject({ killTimeoutMs: 50, listenTimeoutMs: 40 });
});

test("variables are an object or a text; null takes one of the caller's away", async () => {
  const { normalize } = setUp({ TASTE: "sour", COLOR: "grey" });
  const { env } = await normalize({
    script: "app.js",
    env: { TASTE: null, LIST: [1, "2"] },
    env_b: "B=1 C='two words'",
  });
  expect([env["TASTE"], env["COLOR"], env["LIST"]]).toEqual([undefined, "grey", '[1,"2"]']);
  const other = await normalize({ script: "app.js", env: "B=1 C='two words'" });
  expect([other.env["B"], other.env["C"]]).toEqual(["1", "two words"]);
});

test("within a managed app the caller's configuration is not handed on, in a shell it is but variables", async () => {
  const parents = { max_restarts: "2", watch: "true", name: "parent", status: "online" };
  const { normalize } = setUp(parents);
  expect((await normalize({ script: "app.js" })).env).toMatchObject(parents);
  const managed = setUp({ ...parents, pm_id: "4" });
  const { env } = await managed.normalize({ script: "app.js" });
  expect(Object.keys(env).sort()).toEqual(["PATH", "PWD"]);
});

test("an interpreter may have arguments, be a path, or a version of Node", async () => {
  const { path, put, normalize } = setUp({ HOME: "/nowhere" });
  const withArgs = await normalize({
    script: "app.js",
    interpreter: "bash -u --norc",
    node_args: "-e",
  });
  expect([withArgs.interpreter, withArgs.interpreterArgs]).toEqual([
    join(path, "bash"),
    ["-u", "--norc", "-e"],
  ]);
  put("own tool", "", 0o755);
  expect((await normalize({ script: "app.js", interpreter: "./own tool" })).interpreter).toBe(
    join(path, "own tool"),
  );
  const [major] = process.versions.node.split(".");
  expect((await normalize({ script: "app.js", interpreter: `node@${major}` })).interpreter).toBe(
    process.execPath,
  );
  await expect(normalize({ script: "app.js", interpreter: "node@1.2.3" })).rejects.toMatchObject({
    code: "ERR_NODE_NOT_INSTALLED",
  });
});

test.each([
  ["echo hi; sleep 1", "echo hi; sleep 1", "echo-hi--sleep-1-6b533f"],
  ["node  ./srv/app.js --port 3", "app", "app"],
])("the command %s is called %s, and its files %s", async (script, name, file) => {
  const { normalize } = setUp();
  const spec = await normalize({ script });
  expect([spec.name, spec.logs.out]).toEqual([name, `/home/xm/logs/${file}-out.log`]);
});

test("files of different names never meet, and a home of PM2's layout has PM2's names", async () => {
  const { normalize } = setUp();
  const long = "ä".repeat(200);
  const names = ["a-b", "a/b", "a b", "a:b", "a_b", long, `${long.slice(1)}b`];
  const files = await Promise.all(
    names.map(async (name) =>
      basename((await normalize({ script: "app.js", name })).logs.out ?? ""),
    ),
  );
  expect(new Set(files).size).toBe(names.length);
  expect(files[0]).toBe("a-b-out.log");
  for (const file of files) expect(Buffer.byteLength(file)).toBeLessThan(240);
});

test.each([
  [{}, []],
  [{ instances: 1, exec_mode: "fork" }, ["out", "combined"]],
  [{ exec_mode: "cluster" }, ["out", "combined"]],
  [{ instances: 2, merge_logs: true }, []],
])(
  "of an app that says %j each process has its own of the files named .log",
  async (said, numbered) => {
    const { normalize } = setUp();
    const named = { out_file: "logs/my.app.log", error_file: "error.txt", log_file: "all.log" };
    const spec = await normalize({ script: "app.js", ...named, ...said });
    expect(spec.logs.numbered).toEqual(numbered);
    if (numbered.length > 0) expect(instanceLogPaths(spec, 3).out).toMatch(/logs\/my\.app-3\.log$/);
  },
);

test("a pid file takes the id before .pid alone", async () => {
  const { normalize } = setUp();
  const of = async (pid_file: string): Promise<string> =>
    basename(instancePidFile(await normalize({ script: "app.js", pid_file }), 3));
  expect([await of("api.pid"), await of("api.txt")]).toEqual(["api-3.pid", "api.txt"]);
});

test("the umask is the caller's, or what is said in octal", async () => {
  const { normalize } = setUp();
  const of = async (umask: unknown): Promise<number | null> =>
    (await normalize({ script: "app.js", ...(umask === undefined ? {} : { umask }) })).umask;
  expect(await Promise.all([undefined, "022", "0o027", 22].map(of))).toEqual([
    process.umask(),
    0o22,
    0o27,
    0o22,
  ]);
  for (const wrong of ["9", "1777", "u=rwx", 18])
    await expect(of(wrong)).rejects.toThrow("umask: expected octal");
});

test("an app of another user has that user's variables unless it names its own", async () => {
  const { normalize } = setUp();
  const spec = await normalize({ script: "app.js", uid: "root", env: { SHELL: "/bin/own" } });
  expect(spec.env).toMatchObject({
    USER: "root",
    LOGNAME: "root",
    HOME: "/root",
    SHELL: "/bin/own",
  });
});

test("the names of a file's apps are known though they cannot be started", () => {
  const apps = [
    { name: "a", script: "gone.js" },
    { script: "./lib/worker.mjs", max_restarts: "x" },
  ];
  expect(namesOfApps(apps, { environment: undefined })).toEqual(["a", "worker"]);
});

test("a file's paths begin where the caller is, and beside the file when they are only there", async () => {
  const { path, normalize } = setUp();
  const other = testFolder();
  other.put("beside.js", "");
  other.put("app.js", "");
  const more = { fileFolder: other.path };
  const place = async (raw: RawApp): Promise<string[]> => {
    const { script, cwd } = await normalize(raw, more);
    return [script, cwd];
  };
  expect(await place({ script: "app.js" })).toEqual([join(path, "app.js"), path]);
  expect(await place({ script: "beside.js" })).toEqual([join(other.path, "beside.js"), other.path]);
});

test("what was declared is kept for scripts that read it back", async () => {
  const { normalize } = setUp();
  const { passthrough } = await normalize({
    script: "app.js",
    interpreter: "node",
    port: 4_100,
    watch_delay: "1s",
    filter_env: "AWS",
    name_prefix: "eu-",
    time: false,
    env: { COUNT: 3, IS_ON: true, WORD: "3", LIST: [1] },
    env_live: { COUNT: 4 },
  });
  expect(passthrough).toEqual({
    exec_interpreter: "node",
    port: 4_100,
    watch_delay: 1_000,
    filter_env: "AWS",
    name_prefix: "eu-",
    time: false,
    env: { PORT: 4_100, COUNT: 3, IS_ON: true },
    env_live: { COUNT: 4 },
  });
});

test.each([
  [{ stop_exit_codes: 3 }, { stop_exit_codes: 3 }],
  [{ stop_exit_codes: [3] }, { stop_exit_codes: 3 }],
  [{ stop_exit_codes: ["3", "4"] }, { stop_exit_codes: ["3", "4"] }],
  [{ stop_exit_codes: "0,3" }, { stop_exit_codes: [0, 3] }],
  [{ watch: "." }, { watch: "." }],
  [{ watch: ["."] }, { watch: ["."] }],
  [{ watch: "true" }, { watch: true }],
  [{ source_map_support: true }, { source_map_support: true }],
  [{ source_map_support: false, disable_logs: false }, {}],
  [{ log_type: "raw" }, { log_type: "raw" }],
])("%j is read back as %j", async (options, expected) => {
  const { normalize } = setUp();
  expect((await normalize({ script: "app.js", ...options })).passthrough).toEqual(expected);
});

test.each([
  [{}, [], []],
  [{ instances: 1 }, ["out", "error"], []],
  [{ exec_mode: "cluster" }, ["out", "error"], []],
  [{ instances: 2, merge_logs: true }, [], []],
  [{ instances: 2, out_file: "o.txt" }, ["error"], ["out"]],
  [{ instances: 2, log_file: true }, ["out", "error", "combined"], []],
  [{ instances: 2, log_file: "l.txt" }, ["out", "error"], ["combined"]],
])("log files of %j with an id in the name: %j", async (options, numbered, shared) => {
  const { normalize } = setUp();
  const spec = await normalize({ script: "app.js", ...options });
  expect(spec.logs.numbered).toEqual(numbered);
  const paths = instanceLogPaths(spec, 7);
  for (const file of shared as readonly ("out" | "error" | "combined")[]) {
    expect(paths[file]).toBe(spec.logs[file]);
  }
});

test("a log_type that nobody knows leaves lines unchanged, with a warning", async () => {
  const { normalize } = setUp();
  const warnings: string[] = [];
  const warn = (line: string): void => void warnings.push(line);
  const { logs } = await normalize({ script: "app.js", log_type: "pretty" }, { warn });
  expect(logs.type).toBe("plain");
  expect(warnings).toEqual([expect.stringContaining('apps[0].log_type: "json" creates records')]);
});

test.each([
  [{ time: true }, { dateFormat: "YYYY-MM-DDTHH:mm:ss" }],
  [{ time: true, log_date_format: "HH:mm" }, { dateFormat: "YYYY-MM-DDTHH:mm:ss" }],
  [
    { time: "true", log_type: "json" },
    { type: "json", dateFormat: "YYYY-MM-DDTHH:mm:ss" },
  ],
  [{ log_file: true }, { combined: "/home/xm/logs/app.log" }],
  [{ log: "/var/log/a.log" }, { combined: "/var/log/a.log" }],
  [{ log_file: "/dev/null" }, { combined: null }],
  [
    { disable_logs: true, log_file: "/a.log", out_file: "/b.log" },
    { out: "/b.log", combined: "/a.log", isOff: true },
  ],
])("log options %j", async (options, expected) => {
  const { normalize } = setUp();
  const { logs } = await normalize({ script: "app.js", ...options });
  expect(logs).toEqual({
    out: "/home/xm/logs/app-out.log",
    error: "/home/xm/logs/app-error.log",
    combined: null,
    numbered: [],
    isOff: false,
    type: "plain",
    dateFormat: null,
    ...expected,
  });
});
