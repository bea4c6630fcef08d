import { fieldsOf } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";

/** Flags of `start`, and the fields of `pm2_env` in which a script finds what they set. */
type Row = readonly [flags: readonly string[], shown: readonly string[]];

const logPaths = ["pm_out_log_path", "pm_err_log_path"];

const rows: readonly Row[] = [
  [["--name", "n"], ["name"]],
  [["-n", "n"], ["name"]],
  [["--name=n"], ["name"]],
  [["--namespace", "red"], ["namespace"]],
  [
    ["-i", "2", "--", "listen"],
    ["instances", "exec_mode", ...logPaths],
  ],
  [
    ["-i", "2", "--merge-logs", "--", "listen"],
    ["merge_logs", ...logPaths],
  ],
  [
    ["--cwd", "sub"],
    ["pm_cwd", "pm_exec_path"],
  ],
  [["--interpreter", "node"], ["exec_interpreter"]],
  [["--node-args", "--no-deprecation --trace-warnings"], ["node_args"]],
  [["--node-args=--no-deprecation"], ["node_args"]],
  [["--interpreter-args", "--no-deprecation"], ["node_args"]],
  [["-o", "out.log"], logPaths],
  [["--output", "out.log", "--error", "error.log"], logPaths],
  [["-e", "error.log"], logPaths],
  [
    ["-l", "app.log"],
    [...logPaths, "pm_log_path"],
  ],
  [
    ["--log", "app.log"],
    [...logPaths, "pm_log_path"],
  ],
  [["--disable-logs"], logPaths],
  [["--log-date-format", "YYYY"], ["log_date_format"]],
  [["--log-type", "json"], ["log_type"]],
  [["--time"], ["time", "log_date_format"]],
  [["-p", "app.pid"], ["pm_pid_path"]],
  [["--pid", "app.pid"], ["pm_pid_path"]],
  [["--no-autorestart"], ["autorestart"]],
  [["--no-autostart"], ["autostart", "status"]],
  [["--stop-exit-codes", "0", "3"], ["stop_exit_codes"]],
  [["--max-restarts", "4"], ["max_restarts"]],
  [["--restart-delay", "300"], ["restart_delay"]],
  [["--exp-backoff-restart-delay", "100"], ["exp_backoff_restart_delay"]],
  [["--max-memory-restart", "300M"], ["max_memory_restart"]],
  [["--cron-restart", "0 0 1 1 *"], ["cron_restart"]],
  [["-c", "0 0 1 1 *"], ["cron_restart"]],
  [["--cron", "0 0 1 1 *"], ["cron_restart"]],
  [["--kill-timeout", "700"], ["kill_timeout"]],
  [["-k", "700"], ["kill_timeout"]],
  [["--listen-timeout", "900"], ["listen_timeout"]],
  [["--wait-ready", "--", "ready"], ["wait_ready"]],
  [["--shutdown-with-message"], ["shutdown_with_message"]],
  [["--no-treekill"], ["treekill"]],
  [["--no-vizion"], ["vizion"]],
  [["--no-automation"], ["automation"]],
  [["--no-pmx"], ["pmx"]],
  [["--source-map-support"], ["source_map_support"]],
  [["--disable-source-map-support"], ["disable_source_map_support"]],
  [["--watch-delay", "500"], ["watch_delay"]],
  [
    ["--filter-env", "LAN"],
    ["filter_env", "LANG"],
  ],
  [
    ["--uid", "root", "--gid", "root"],
    ["uid", "gid"],
  ],
  [
    ["-u", "root"],
    ["uid", "username"],
  ],
  [["--", "a", "--b", "c d"], ["args"]],
  [["-s"], ["status"]],
  [["--silent"], ["status"]],
  [["--no-color"], ["status"]],
  [["--update-env"], ["status"]],
  [["--watch", "sub"], ["watch"]],
  [
    ["--watch", "sub", "--ignore-watch", "a b"],
    ["watch", "ignore_watch"],
  ],
  [
    ["--ext", "js,ts"],
    ["ext", "status"],
  ],
  [
    ["-i", "1", "--", "listen"],
    ["instances", "exec_mode", ...logPaths],
  ],
  [
    ["-i", "2", "-o", "out.log", "--", "listen"],
    ["instances", "exec_mode", ...logPaths],
  ],
  [["-x"], ["exec_mode", "status"]],
  [["--execute-command"], ["exec_mode", "status"]],
  [["--disable-trace"], ["disable_trace"]],
  [
    ["--user", "root"],
    ["uid", "username"],
  ],
  [
    ["--uid", "0", "--gid", "0"],
    ["uid", "gid"],
  ],
  [["--stop-exit-codes", "3"], ["stop_exit_codes"]],
  [["--parallel", "1"], ["status"]],
  [["--sort", "name"], ["status"]],
  [["--env", "x"], ["status"]],
  [["--port", "4123"], ["port"]],
  [["--discrete"], ["status"]],
  [
    ["--interpreter", "none"],
    ["status", "exec_interpreter"],
  ],
];

const flagScenarios = rows.map(([words, shown]) =>
  scenario(`start ${words.join(" ")}`, async (s) => {
    s.write("sub/.keep", "");
    s.see("exit code", (await s.run("start", "tells.cjs", ...words)).code);
    s.see(
      "fields",
      (await s.list()).map((each) => fieldsOf(each, shown)),
    );
  }),
);

export const flags: readonly Scenario[] = [
  ...flagScenarios,
  scenario("start --watch, and restart --watch turns it off again", async (s) => {
    s.write("watched/quiet.cjs", "setInterval(() => {}, 1e9)");
    await s.ok("start", "quiet.cjs", "--name", "w", "--cwd", "watched", "--watch");
    s.see("after start", fieldsOf(await s.one(), ["watch"]));
    await s.ok("restart", "w", "--watch");
    s.see("after restart --watch", fieldsOf(await s.one(), ["watch", "restart_time"]));
  }),
  scenario("start --silent and -s print nothing", async (s) => {
    s.see("start", await s.ok("start", "tells.cjs", "--silent"));
    s.see("restart", await s.ok("restart", "tells", "-s"));
    s.see("stop", await s.ok("stop", "all", "--silent"));
  }),
  scenario("PM2_SILENT prints nothing either", async (s) => {
    s.see("start", (await s.call(["start", "tells.cjs"], { env: { PM2_SILENT: "true" } })).stdout);
  }),
  scenario(
    "flags over a file's fields",
    async (s) => {
      await s.start({ name: "n", script: "tells.cjs", max_restarts: 3 }, "--max-restarts", "9");
      s.see("fields", fieldsOf(await s.one(), ["max_restarts"]));
    },
    { differs: { "fields.max_restarts": "flags beside a file" } },
  ),
  scenario("-i max and -i 0 are the processors, -i -1 one less, at least one", async (s) => {
    const count = async (name: string, number: string): Promise<void> => {
      await s.ok("start", "tells.cjs", "--name", name, "-i", number, "--", "listen");
    };
    await count("max", "max");
    await count("zero", "0");
    await count("less", "-1");
    const list = await s.list();
    for (const name of ["max", "zero", "less"]) {
      s.see(name, list.filter((each) => each.name === name).length);
    }
  }),
  scenario(
    "--hp names the home",
    async (s) => {
      const env = { PM2_HOME: undefined };
      const ran = await s.call(["ping", "--hp", s.home], { env });
      s.see("exit code", ran.code);
      s.see("the home is there", s.has("h/logs"));
      // PM2 has made its home elsewhere.
      await s.call(["kill"], { env });
    },
    { differs: { "the home is there": "--hp" } },
  ),
  scenario("--only takes some apps of a file", async (s) => {
    const app = (name: string): object => ({ name, script: "tells.cjs" });
    await s.start([app("a"), app("b"), app("c")], "--only", "a,c");
    s.see(
      "names",
      (await s.list()).map(({ name }) => name),
    );
  }),
  scenario("-f starts a second copy, without it that is a failure", async (s) => {
    await s.ok("start", "tells.cjs");
    await s.code("start", "tells.cjs");
    await s.code("start", "tells.cjs", "-f");
    s.see(
      "processes",
      (await s.list()).map(({ name, pm_id: id }) => `${name} ${id}`),
    );
  }),
  scenario("--attach shows the output of what was started", async (s) => {
    const attached = s.follow("start", "tells.cjs", "--attach", "--", "out=hello");
    await s.untilLog("tells-out.log", "hello");
    s.see("status", (await s.untilStatus("online")).pm2_env.status);
    await attached.end();
  }),
];
