import { fieldsOf } from "../fields-of.ts";
import { shapeOf } from "../normalise.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Listed } from "../stage.ts";

/** A field of an ecosystem file, and the fields of `pm2_env` in which a script finds it. */
type Row = readonly [
  rule: string,
  fields: Readonly<Record<string, unknown>>,
  shown: readonly string[],
  differs?: Readonly<Record<string, string>>,
];

const logPaths = ["pm_out_log_path", "pm_err_log_path"];

const rows: readonly Row[] = [
  ["name: as declared", { name: "n" }, ["name", ...logPaths, "pm_pid_path"]],
  ["name: the script's base name otherwise", {}, ["name", ...logPaths, "pm_pid_path"]],
  ["namespace", { namespace: "red" }, ["namespace"]],
  [
    "exec for script",
    { name: "n", exec: "tells.cjs", script: undefined },
    ["pm_exec_path", "name"],
  ],
  ["name_prefix", { name: "n", name_prefix: "pre-" }, ["name", "name_prefix"]],
  ["args as a string", { args: 'a "b c" --d=e' }, ["args"]],
  ["args as an array", { args: ["a", "b c", "--d=e"] }, ["args"]],
  ["node_args as a string", { node_args: "--no-deprecation --trace-warnings" }, ["node_args"]],
  ["node_args as an array", { node_args: ["--no-deprecation"] }, ["node_args"]],
  ["interpreter_args is node_args", { interpreter_args: "--no-deprecation" }, ["node_args"]],
  ["interpreterArgs is node_args", { interpreterArgs: "--no-deprecation" }, ["node_args"]],
  ["interpreter is exec_interpreter", { interpreter: "node" }, ["exec_interpreter", "exec_mode"]],
  ["exec_interpreter", { exec_interpreter: "node" }, ["exec_interpreter"]],
  ["out_file", { out_file: "out.log" }, logPaths],
  ["out is out_file", { out: "out.log" }, logPaths],
  ["output is out_file", { output: "out.log" }, logPaths],
  ["out_log is out_file", { out_log: "out.log" }, logPaths],
  ["error_file", { error_file: "error.log" }, logPaths],
  ["error is error_file", { error: "error.log" }, logPaths],
  ["err is error_file", { err: "error.log" }, logPaths],
  ["err_file is error_file", { err_file: "error.log" }, logPaths],
  ["err_log is error_file", { err_log: "error.log" }, logPaths],
  ["log_file", { log_file: "app.log" }, [...logPaths, "pm_log_path"]],
  ["log is log_file", { log: "app.log" }, [...logPaths, "pm_log_path"]],
  ["disable_logs", { disable_logs: true }, [...logPaths, "disable_logs"]],
  ["pid_file", { pid_file: "app.pid" }, ["pm_pid_path"]],
  ["pid is pid_file", { pid: "pids/app.pid" }, ["pm_pid_path"]],
  ["cwd", { cwd: "sub", script: "../tells.cjs" }, ["pm_cwd", "pm_exec_path"]],
  ["instances of a fork app", { instances: 2 }, ["instances", "exec_mode", ...logPaths]],
  ["merge_logs", { instances: 2, merge_logs: true }, ["merge_logs", ...logPaths]],
  ["combine_logs is merge_logs", { instances: 2, combine_logs: true }, ["merge_logs", ...logPaths]],
  [
    "max_restarts and min_uptime",
    { max_restarts: 5, min_uptime: 2000 },
    ["max_restarts", "min_uptime"],
  ],
  ["min_uptime with a unit", { min_uptime: "5s" }, ["min_uptime"]],
  ["max_memory_restart with a unit", { max_memory_restart: "300M" }, ["max_memory_restart"]],
  ["max_memory_restart in G", { max_memory_restart: "1G" }, ["max_memory_restart"]],
  ["max_memory_restart in K", { max_memory_restart: "300000K" }, ["max_memory_restart"]],
  ["max_memory_restart as bytes", { max_memory_restart: 300000000 }, ["max_memory_restart"]],
  ["restart_delay", { restart_delay: 400 }, ["restart_delay"]],
  ["exp_backoff_restart_delay", { exp_backoff_restart_delay: 100 }, ["exp_backoff_restart_delay"]],
  [
    "kill_timeout and listen_timeout",
    { kill_timeout: 700, listen_timeout: 900 },
    ["kill_timeout", "listen_timeout"],
  ],
  ["kill_retry_time", { kill_retry_time: 50 }, ["kill_retry_time"]],
  ["shutdown_with_message", { shutdown_with_message: true }, ["shutdown_with_message"]],
  ["wait_ready", { wait_ready: true, args: "ready" }, ["wait_ready", "status"]],
  ["autorestart: false", { autorestart: false }, ["autorestart", "status"]],
  ["autostart: false", { autostart: false }, ["autostart", "status", "restart_time", "pm_id"]],
  ["stop_exit_codes as an array", { stop_exit_codes: [0, 3] }, ["stop_exit_codes"]],
  ["stop_exit_codes as a number", { stop_exit_codes: 3 }, ["stop_exit_codes"]],
  ["cron_restart", { cron_restart: "0 0 1 1 *" }, ["cron_restart"]],
  ["cron is cron_restart", { cron: "0 0 1 1 *" }, ["cron_restart"]],
  ["treekill: false", { treekill: false }, ["treekill"]],
  ["vizion: false", { vizion: false }, ["vizion", "vizion_running"]],
  ["automation: false", { automation: false }, ["automation"]],
  ["pmx: false", { pmx: false }, ["pmx"]],
  ["windowsHide: false", { windowsHide: false }, ["windowsHide"]],
  ["instance_var", { instance_var: "NUMBER" }, ["instance_var", "NUMBER", "NODE_APP_INSTANCE"]],
  ["increment_var", { increment_var: "PORT", env: { PORT: 4000 } }, ["increment_var", "PORT"]],
  ["source_map_support: false", { source_map_support: false }, ["source_map_support"]],
  [
    "disable_source_map_support",
    { disable_source_map_support: true },
    ["disable_source_map_support"],
  ],
  ["time", { time: true }, ["time", "log_date_format"]],
  ["log_date_format", { log_date_format: "YYYY" }, ["log_date_format"]],
  ["log_type", { log_type: "json" }, ["log_type"]],
  [
    "watch: false and ignore_watch",
    { watch: false, ignore_watch: ["a", "b"] },
    ["watch", "ignore_watch"],
  ],
  ["watch: a list", { watch: ["sub"] }, ["watch"]],
  ["watch_delay", { watch_delay: 500 }, ["watch_delay"]],
  ["exec_mode: fork", { exec_mode: "fork" }, ["exec_mode"]],
  [
    "exec_mode: cluster",
    { exec_mode: "cluster", args: "listen" },
    ["exec_mode", "instances", ...logPaths],
  ],
  ["exec_mode: cluster_mode", { exec_mode: "cluster_mode", args: "listen" }, ["exec_mode"]],
  ["instances: a text", { instances: "2" }, ["instances", "exec_mode"]],
  ["port", { port: 4100 }, ["port", "PORT"]],
  ["a field of the user's own", { append_env_to_name: true, env_x: { A: "1" } }, ["name"]],
  ["trace", { trace: false }, ["trace"]],
  ["filter_env as a list", { filter_env: ["LAN"] }, ["filter_env", "LANG"]],
  [
    "user is uid",
    { user: "root" },
    ["username"],
    { count: "a user by name in a file", fields: "a user by name in a file" },
  ],
  ["uid as a number", { uid: 0, gid: 0 }, ["uid", "gid"]],
  ["uid and gid as names", { uid: "root", gid: "root" }, ["uid", "gid", "username"]],
  ["username", { username: "somebody" }, ["username"]],
  [
    "filter_env as a text",
    { filter_env: "LAN" },
    ["filter_env", "LANG"],
    { "fields.0.LANG": "filter_env: true, or a text" },
  ],
  ["env_NAME", { env_x: { A: 1 } }, ["env_x", "A"]],
  ["install_url", { install_url: "x" }, ["install_url"]],
  ["source_map_support: true", { source_map_support: true }, ["source_map_support"]],
  [
    "switches that say what is so anyhow",
    {
      disable_source_map_support: false,
      disable_logs: false,
      merge_logs: false,
      wait_ready: false,
      time: false,
      force: false,
      treekill: true,
      autostart: true,
    },
    [
      "disable_source_map_support",
      "disable_logs",
      "merge_logs",
      "time",
      "force",
      "treekill",
      "autostart",
    ],
  ],
  ["merge_logs: false", { instances: 2, merge_logs: false }, ["merge_logs", ...logPaths]],
  ["watch: a text", { watch: "sub" }, ["watch"]],
  ["watch: true", { cwd: "sub", script: "../tells.cjs", watch: true }, ["watch"]],
  ["ignore_watch as a text", { ignore_watch: "a b" }, ["ignore_watch"]],
  ["watch_options", { watch_options: { usePolling: true } }, ["watch_options"]],
  ["stop_exit_codes: a list of one", { stop_exit_codes: [3] }, ["stop_exit_codes"]],
  ["stop_exit_codes: texts", { stop_exit_codes: ["3", "4"] }, ["stop_exit_codes"]],
  ["log_type of another word", { log_type: "text" }, ["log_type", "status"]],
  [
    "execute_command",
    { execute_command: true, instances: 2, args: "listen" },
    ["exec_mode", "instances", ...logPaths],
  ],
  ["force", { force: true }, ["force"]],
  ["append_env_to_name", { append_env_to_name: true }, ["append_env_to_name", "name"]],
  ["post_update", { post_update: ["echo x"] }, ["post_update"]],
  ["disable_trace", { disable_trace: true }, ["disable_trace"]],
  [
    "v8, event_loop_inspector and deep_monitoring",
    { v8: false, event_loop_inspector: false, deep_monitoring: false },
    ["v8", "event_loop_inspector", "deep_monitoring"],
  ],
  ["pmx as a text", { pmx: "x" }, ["pmx"]],
  ["write", { write: true }, ["write"]],
  ["io", { io: { a: 1 } }, ["io"]],
  ["instances: 1", { instances: 1, args: "listen" }, ["exec_mode", "instances", ...logPaths]],
  [
    "instances of a program that is not Node",
    { script: "sleep", args: "1000000", instances: 2, exec_mode: "fork" },
    ["exec_mode", "instances", ...logPaths],
  ],
  ["kill_timeout: 0", { kill_timeout: 0 }, ["status"]],
  ["cron_restart: 0", { cron_restart: 0 }, ["cron_restart"]],
  [
    "out_file of several processes",
    { instances: 2, exec_mode: "fork", out: "out.log", pid: "pids/app.pid" },
    [...logPaths, "pm_pid_path"],
  ],
  [
    "increment_var of several processes",
    { instances: 3, exec_mode: "fork", increment_var: "PORT", env: { PORT: "4000" } },
    ["PORT", "increment_var", "NODE_APP_INSTANCE"],
  ],
  ["a variable of each type", { env: { N: 1.5, B: false, T: "1" } }, ["N", "B", "T"]],
];

const fieldScenarios = rows.map(([rule, fields, shown, differs]) =>
  scenario(
    `field: ${rule}`,
    async (s) => {
      s.write("sub/.keep", "");
      await s.start({ script: "tells.cjs", ...fields });
      const list = await s.list();
      s.see("count", list.length);
      s.see(
        "fields",
        list.map((each) => fieldsOf(each, shown)),
      );
    },
    differs === undefined ? {} : { differs },
  ),
);

/** Fields that PM2 refuses. */
const refused: readonly (readonly [rule: string, fields: object])[] = [
  ["env as a text", { env: "A=1" }],
  ["min_uptime below 100", { min_uptime: 50 }],
];

const refusals = refused.map(([rule, given]) =>
  scenario(
    `field: ${rule}`,
    async (s) => {
      s.write(
        "one.json",
        JSON.stringify({ apps: [{ name: "one", script: "tells.cjs", ...given }] }),
      );
      s.see("exit code", (await s.run("start", "one.json")).code);
      s.see("count", (await s.list()).length);
    },
    { differs: { "exit code": rule, count: rule } },
  ),
);

export const fields: readonly Scenario[] = [
  ...fieldScenarios,
  ...refusals,
  scenario(
    "jlist: every key of a plain app is there, with a value of the same type",
    async (s) => {
      await s.start({ script: "tells.cjs", env: { COLOR: "red" } });
      await s.untilTold("up");
      const [first] = await s.untilList("its metrics", ([each]) => (each?.monit.memory ?? 0) > 0);
      if (first === undefined) throw new Error("no process");
      s.see("process…", shapeOf(first));
      s.see("monit…", shapeOf(first.monit));
      s.see("pm2_env…", shapeOf(first.pm2_env));
      s.see("env…", shapeOf(first.pm2_env["env"] as object));
      s.see(
        "values",
        fieldsOf(first, [
          "name",
          "namespace",
          "pm_id",
          "status",
          "restart_time",
          "unstable_restarts",
          "exec_mode",
          "exec_interpreter",
          "pm_exec_path",
          "pm_cwd",
          "pm_out_log_path",
          "pm_err_log_path",
          "pm_pid_path",
          "node_args",
          "instances",
          "autorestart",
          "autostart",
          "vizion",
          "treekill",
          "instance_var",
          "kill_retry_time",
          "windowsHide",
          "username",
          "pmx",
          "automation",
          "km_link",
          "vizion_running",
          "NODE_APP_INSTANCE",
          "node_version",
          "version",
          "axm_dynamic",
          "COLOR",
        ]),
      );
    },
    {
      differs: {
        "pm2_env….PM2_INTERACTOR_PROCESSING": "variables of PM2's own",
        "pm2_env….PM2_JSON_PROCESSING": "variables of PM2's own",
        "pm2_env….tells": "variables of PM2's own",
        "env….PM2_INTERACTOR_PROCESSING": "variables of PM2's own",
        "env….PM2_JSON_PROCESSING": "variables of PM2's own",
        "env….tells": "variables of PM2's own",
        "env….unique_id": "variables of PM2's own",
      },
    },
  ),
  scenario(
    "jlist: the keys of a file's apps: a cluster, one that is stopped, has ended, crashed, or was never started",
    async (s) => {
      const script = "tells.cjs";
      await s.start([
        { name: "api", script, cwd: "./", port: 3000, time: true, max_memory_restart: "200M" },
        { name: "web", script, instances: 2, exec_mode: "cluster", increment_var: "PORT" },
        { name: "worker", script, kill_timeout: 3000, exp_backoff_restart_delay: 100 },
        { name: "job", script, args: "exit=3", max_restarts: 2, autorestart: false },
        { name: "later", script, autostart: false },
      ]);
      await s.untilTold("up", 5);
      await s.ok("stop", "worker");
      await s.untilStatus("stopped", "job");
      const types = (each: Listed): object =>
        Object.fromEntries(
          Object.entries(shapeOf(each.pm2_env)).filter(([name]) => !/^(PM2_|_|tells$)/.test(name)),
        );
      for (const each of await s.list()) {
        const own = new Set([each.name, "unique_id"]);
        const kept = Object.entries(types(each)).filter(([name]) => !own.has(name));
        const place = String(each.pm2_env["NODE_APP_INSTANCE"]);
        s.see(`${each.name} ${place}…`, Object.fromEntries(kept));
      }
    },
  ),
  scenario("jlist: unique_id is one from start to delete, and each process's own", async (s) => {
    const script = "tells.cjs";
    await s.start([
      { name: "api", script },
      { name: "worker", script },
    ]);
    const ids = async (): Promise<unknown[]> =>
      (await s.list()).map(({ pm2_env: env }) => env["unique_id"]);
    const before = await ids();
    s.see("two", new Set(before).size);
    await s.ok("restart", "api");
    await s.ok("stop", "worker");
    s.see("after restart and stop", (await ids()).join() === before.join());
    await s.ok("start", "worker");
    await s.ok("delete", "api");
    await s.start({ name: "api", script });
    const [api, worker] = [await s.one("api"), await s.one("worker")];
    s.see("of what was stopped", worker.pm2_env["unique_id"] === before[1]);
    s.see("of what was deleted", api.pm2_env["unique_id"] === before[0]);
  }),
  scenario("jlist: prev_restart_delay is the wait that grows", async (s) => {
    const fields = { args: "exit=1", exp_backoff_restart_delay: 2_000 };
    await s.start({ name: "api", script: "tells.cjs", ...fields });
    const delayOf = (each: Listed | undefined): number =>
      Number(each?.pm2_env["prev_restart_delay"] ?? 0);
    const [first] = await s.untilList("a wait", ([each]) => delayOf(each) >= 2_000);
    const [next] = await s.untilList("the next", ([each]) => delayOf(each) > delayOf(first));
    s.see("grows by half", delayOf(next) / delayOf(first));
  }),
  scenario("jlist: an ended process has pid 0, its exit code and no metrics", async (s) => {
    await s.start({ script: "tells.cjs", args: "exit=3", autorestart: false, min_uptime: 60_000 });
    const ended = await s.untilStatus("stopped");
    s.see("pid", ended.pid);
    s.see("monit", ended.monit);
    s.see("fields", fieldsOf(ended, ["exit_code", "restart_time", "unstable_restarts"]));
  }),
  scenario("jlist: the version is the package's, which may lie above the script", async (s) => {
    s.write("package.json", { name: "shop", version: "4.5.6" });
    await s.start({ script: "tells.cjs" });
    s.see("fields", fieldsOf(await s.one(), ["version", "name"]));
  }),
  scenario("jlist: the version is read again at each start", async (s) => {
    s.write("package.json", { name: "shop", version: "4.5.6" });
    await s.start({ script: "tells.cjs" });
    s.write("package.json", { name: "shop", version: "4.6.0" });
    s.see("deployed", fieldsOf(await s.one(), ["version"]));
    await s.ok("restart", "tells");
    s.see("restarted", fieldsOf(await s.one(), ["version"]));
    await s.ok("stop", "tells");
    s.see("stopped", fieldsOf(await s.one(), ["version"]));
  }),
  scenario("prettylist is jlist as Node's inspection prints it", async (s) => {
    await s.start({ script: "tells.cjs", name: "n" });
    const text = await s.ok("prettylist");
    const file = s.write(
      "read.cjs",
      `const list = ${text.slice(text.indexOf("["))};
      console.log(JSON.stringify([list.length, Object.keys(list[0]).sort(), list[0].name, list[0].pm2_env.status]))`,
    );
    s.see("what a script reads", (await s.node([file])).stdout);
  }),
  scenario("jlist and prettylist of an empty list", async (s) => {
    s.see("jlist", (await s.ok("jlist")).trim().split("\n").at(-1));
    s.see("prettylist", (await s.ok("prettylist")).trim().split("\n").at(-1));
  }),
];
