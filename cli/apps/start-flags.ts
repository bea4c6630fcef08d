import type { ArgsDef } from "citty";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";

interface StartFlag {
  readonly flag: string;
  readonly alias?: string | string[];
  readonly field: string;
  readonly type: "string" | "boolean";
  readonly description: string;
  readonly valueHint?: string;
}

const flag = (
  name: string,
  field: string,
  valueHint: string,
  description: string,
  alias?: string | string[],
): StartFlag => ({
  flag: name,
  field,
  type: valueHint === "" ? "boolean" : "string",
  description,
  ...(valueHint === "" ? {} : { valueHint }),
  ...(alias === undefined ? {} : { alias }),
});

/** PM2's flags of `start`, and the field of an ecosystem file each one sets. */
export const startFlags: readonly StartFlag[] = [
  flag("name", "name", "NAME", "What it is called", "n"),
  flag("namespace", "namespace", "NAME", "Its group"),
  flag("instances", "instances", "N|max", "How many processes", "i"),
  flag("cwd", "cwd", "FOLDER", "Working directory"),
  flag(
    "interpreter",
    "interpreter",
    "PROGRAM",
    "What runs the script; `none` runs the script itself",
  ),
  flag("interpreter-args", "node_args", "ARGS", "Arguments to the interpreter", ["node-args"]),
  flag("output", "out_file", "FILE", "File for its output", "o"),
  flag("error", "error_file", "FILE", "File for its errors", "e"),
  flag(
    "log",
    "log_file",
    "FILE",
    "A file for both, beside their own; without FILE it is HOME/logs/NAME.log",
    "l",
  ),
  flag("merge-logs", "merge_logs", "", "Several processes write to the same files"),
  flag("disable-logs", "disable_logs", "", "Throw its output away"),
  flag(
    "log-date-format",
    "log_date_format",
    "FORMAT",
    "The time in front of each line, such as `YYYY-MM-DD HH:mm`",
  ),
  flag("log-type", "log_type", "TYPE", "`json`: each line becomes a record"),
  flag("time", "time", "", "The time in front of each line"),
  flag("pid", "pid_file", "FILE", "File that holds the pid", "p"),
  flag("autorestart", "autorestart", "", "Restart it when it ends (--no-autorestart: never)"),
  flag("autostart", "autostart", "", "Start it at once (--no-autostart: declare it only)"),
  flag("restart", "restart", "MODE", "always, on-failure, on-abnormal or never"),
  flag(
    "stop-exit-codes",
    "stop_exit_codes",
    "CODES",
    "Exit codes after which it stays stopped, with commas",
  ),
  flag("min-uptime", "min_uptime", "TIME", "A shorter life is an unstable one"),
  flag("max-restarts", "max_restarts", "N", "So many unstable exits in a row are the end"),
  flag(
    "restart-window",
    "restart_window",
    "TIME",
    "More than max-restarts restarts within it are the end",
  ),
  flag("restart-delay", "restart_delay", "TIME", "Wait before each restart"),
  flag(
    "exp-backoff-restart-delay",
    "exp_backoff_restart_delay",
    "TIME",
    "First of the waits that grow",
  ),
  flag("max-memory-restart", "max_memory_restart", "SIZE", "Restart it when it is larger"),
  flag("cron-restart", "cron_restart", "PATTERN", "Restart it by a cron pattern", ["c", "cron"]),
  flag(
    "watch",
    "watch",
    "PATHS",
    "Restart it when a file of its folder changes, or of these paths, with commas",
  ),
  flag("ignore-watch", "ignore_watch", "NAMES", "Names and patterns that do not count"),
  flag("watch-delay", "watch_delay", "TIME", "Wait for more changes; a bare number is in seconds"),
  flag("wait-ready", "wait_ready", "", "Online when it sends `ready`"),
  flag("listen-timeout", "listen_timeout", "TIME", "How long to wait for readiness"),
  flag("kill-timeout", "kill_timeout", "TIME", "Grace period before SIGKILL", "k"),
  flag("kill-signal", "kill_signal", "SIGNAL", "Signal that asks it to end"),
  flag("shutdown-with-message", "shutdown_with_message", "", "Ask it to end by a message"),
  flag("treekill", "treekill", "", "Signals reach its whole tree (--no-treekill: only itself)"),
  flag("uid", "uid", "USER", "User to run as", ["u", "user"]),
  flag("gid", "gid", "GROUP", "Group to run as"),
  flag("umask", "umask", "MASK", "Rights that its files do not get, in octal, such as 022"),
  flag(
    "filter-env",
    "filter_env",
    "NAMES",
    "Leave out the caller's variables whose names contain these",
  ),
  flag("drain", "drain", "", "Finish what is in flight before it ends (--no-drain: end at once)"),
  flag("drain-timeout", "drain_timeout", "TIME", "How long that may take in a reload"),
  flag("reload-concurrency", "reload_concurrency", "N", "How many a reload replaces at a time"),
  flag("scheduling", "scheduling", "WAY", "Cluster: shared, round-robin, sticky or reuse-port"),
  flag("ready", "ready", "WHAT", "What makes it online: spawned, listening or message"),
  flag(
    "increment-var",
    "increment_var",
    "NAME",
    "Variable that grows by one from process to process",
  ),
  flag(
    "heartbeat-timeout",
    "heartbeat_timeout",
    "TIME",
    "Restart it when its event loop hangs for so long",
  ),
  flag("source-map-support", "source_map_support", "", "Stack traces show the lines of the source"),
  flag("disable-source-map-support", "disable_source_map_support", "", "They never do"),
  flag("execute-command", "execute_command", "", "Run it in fork mode", "x"),
  flag("port", "port", "PORT", "Sets the variable PORT"),
  flag("ext", "ext", "EXTENSIONS", "Kept for scripts; no effect"),
  flag("trace", "trace", "", "Kept for scripts; no effect"),
  flag("disable-trace", "disable_trace", "", "Kept for scripts; no effect"),
  flag("v8", "v8", "", "Kept for scripts; no effect"),
  flag("event-loop-inspector", "event_loop_inspector", "", "Kept for scripts; no effect"),
  flag("deep-monitoring", "deep_monitoring", "", "Kept for scripts; no effect"),
  flag("vizion", "vizion", "", "Kept for scripts; no effect"),
  flag("pmx", "pmx", "", "Kept for scripts; no effect"),
  flag("automation", "automation", "", "Kept for scripts; no effect"),
];

/** The flags as citty wants them. */
export const startArgs = Object.fromEntries(
  startFlags.map(({ flag: name, type, description, alias, valueHint }) => [
    name,
    {
      type,
      description,
      ...(alias === undefined ? {} : { alias }),
      ...(valueHint === undefined ? {} : { valueHint }),
    },
  ]),
) as ArgsDef;

/** Fields whose flag is a list even when it names one thing, as PM2 shows it. */
const lists: readonly string[] = ["watch", "filter_env"];

const isSwitch = (word: string): boolean => ["true", "false", ""].includes(word);

/** The fields that flags set; flags that were not given set nothing. */
export function rawAppFrom(args: Readonly<Record<string, unknown>>): RawApp {
  const raw: Record<string, unknown> = {};
  for (const { flag: name, field } of startFlags) {
    const value = args[name];
    if (value === undefined) continue;
    // PM2's: `--node-args=null` takes back what was declared.
    if (value === "null" && field !== "name") {
      raw[field] = null;
      continue;
    }
    // PM2's: the flag alone is in seconds, the field in ms.
    const isInSeconds =
      field === "watch_delay" && typeof value === "string" && /^\d+(\.\d+)?$/.test(value);
    const isList = lists.includes(field) && typeof value === "string" && !isSwitch(value);
    raw[field] = isInSeconds ? `${value}s` : isList ? value.split(",") : value;
  }
  return raw;
}
