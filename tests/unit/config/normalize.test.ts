import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { normalizeApps, type ConfigContext } from "../../../runtime/config/normalize.ts";
import type { RawApp } from "../../../runtime/config/read-fields.ts";
import { homePaths } from "../../../runtime/home/paths.ts";
import { testFolder } from "../../support/folder.ts";

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
    mergeLogs: false,
    logs: {
      out: "/home/xm/logs/app-out.log",
      error: "/home/xm/logs/app-error.log",
      combined: null,
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
    autostart: true,
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
      listenTimeoutMs: 3_000,
      killTimeoutMs: 1_600,
      drain: true,
      drainTimeoutMs: 10_000,
      reload: { concurrency: 1, surge: true },
    },
    sensors: { maxMemoryBytes: null, cron: null, watch: null, heartbeatMs: null },
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
  [{ name: "api", name_prefix: "eu-" }, undefined, "eu-api"],
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
      type: "plain",
      dateFormat: null,
    },
    join(path, "p.pid"),
  ]);
  expect(
    (await normalize({ script: "app.js", out_file: "NULL", error_file: "/dev/null" })).logs,
  ).toMatchObject({ out: null, error: null });
});

test("what runs a script is known by its extension, and can be chosen", async () => {
  const { path, put, normalize } = setUp();
  put("job.py", "");
  put("tool", "", 0o755);
  const python = await normalize({ script: "job.py" });
  expect([python.interpreter, python.env["PYTHONUNBUFFERED"]]).toEqual([
    join(path, "python3"),
    "1",
  ]);
  expect((await normalize({ script: "tool" })).interpreter).toBeNull();
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
    "echo",
  ]);
  expect((await normalize({ script: "python3" })).script).toBe(join(path, "python3"));
  await expect(normalize({ script: "nothing" })).rejects.toMatchObject({
    code: "ERR_SCRIPT_NOT_FOUND",
  });
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

test.each([
  [{ time: true }, { dateFormat: "YYYY-MM-DDTHH:mm:ss" }],
  [{ time: true, log_date_format: "HH:mm" }, { dateFormat: "HH:mm" }],
  [
    { time: "true", log_type: "json" },
    { type: "json", dateFormat: "YYYY-MM-DDTHH:mm:ss" },
  ],
  [{ log_file: true }, { combined: "/home/xm/logs/app.log" }],
  [{ log: "/var/log/a.log" }, { combined: "/var/log/a.log" }],
  [{ log_file: "/dev/null" }, { combined: null }],
  [
    { disable_logs: true, log_file: "/a.log", out_file: "/b.log" },
    { out: null, error: null, combined: null },
  ],
])("log options %j", async (options, expected) => {
  const { normalize } = setUp();
  const { logs } = await normalize({ script: "app.js", ...options });
  expect(logs).toEqual({
    out: "/home/xm/logs/app-out.log",
    error: "/home/xm/logs/app-error.log",
    combined: null,
    type: "plain",
    dateFormat: null,
    ...expected,
  });
});
