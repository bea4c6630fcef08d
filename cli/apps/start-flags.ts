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
  flag("name", "name", "NAME", "App name", "n"),
  flag("namespace", "namespace", "NAME", "Namespace"),
  flag("instances", "instances", "N|max", "Number of processes", "i"),
  flag("cwd", "cwd", "FOLDER", "Working directory"),
  flag(
    "interpreter",
    "interpreter",
    "PROGRAM",
    "What runs the script; `none` runs the script itself",
  ),
  flag("interpreter-args", "node_args", "ARGS", "Arguments to the interpreter", ["node-args"]),
  flag("output", "out_file", "FILE", "File for stdout", "o"),
  flag("error", "error_file", "FILE", "File for stderr", "e"),
  flag(
    "log",
    "log_file",
    "FILE",
    "Also write both streams to FILE (default: HOME/logs/NAME.log)",
    "l",
  ),
  flag("merge-logs", "merge_logs", "", "All processes of the app share the log files"),
  flag("disable-logs", "disable_logs", "", "Discard its output"),
  flag(
    "log-date-format",
    "log_date_format",
    "FORMAT",
    "Prefix each line with a timestamp, such as `YYYY-MM-DD HH:mm`",
  ),
  flag("log-type", "log_type", "TYPE", "`json`: each line becomes a record"),
  flag("time", "time", "", "Prefix each line with a timestamp"),
  flag(
    "log-max-size",
    "log_max_size",
    "SIZE",
    "Rotate a log file larger than this; 0: never by size",
  ),
  flag("log-retain", "log_retain", "N|all", "Rotated files to keep of each log file"),
  flag(
    "log-compress",
    "log_compress",
    "",
    "Compress rotated files (--no-log-compress: leave them)",
  ),
  flag("log-rotate", "log_rotate", "PATTERN", "Rotate by a cron pattern, or hourly, daily, weekly"),
  flag("log-max-age", "log_max_age", "TIME", "Remove rotated files older than this, such as 14d"),
  flag(
    "log-max-total",
    "log_max_total",
    "SIZE",
    "Maximum total size of the rotated files of one log file",
  ),
  flag("log-date-suffix", "log_date_suffix", "FORMAT", "Time format in the names of rotated files"),
  flag("pid", "pid_file", "FILE", "File that holds the pid", "p"),
  flag("autorestart", "autorestart", "", "Restart it when it exits (--no-autorestart: never)"),
  flag("autostart", "autostart", "", "Start it immediately (--no-autostart: only declare it)"),
  flag("depends-on", "depends_on", "NAMES", "Comma-separated apps that come first"),
  flag("type", "type", "TYPE", "oneshot for a job, which does its work and ends"),
  flag(
    "remain-after-exit",
    "remain_after_exit",
    "",
    "A completed job is run again by a restart only, not by a start",
  ),
  flag("run-timeout", "run_timeout", "TIME", "End a run of a job that takes longer; it has failed"),
  flag("restart", "restart", "MODE", "always, on-failure, on-abnormal or never"),
  flag(
    "stop-exit-codes",
    "stop_exit_codes",
    "CODES",
    "Comma-separated exit codes that do not trigger a restart",
  ),
  flag("min-uptime", "min_uptime", "TIME", "Exiting sooner than this counts as unstable"),
  flag("max-restarts", "max_restarts", "N", "Give up after N unstable exits in a row"),
  flag(
    "restart-window",
    "restart_window",
    "TIME",
    "Give up after more than max-restarts restarts in this time",
  ),
  flag("restart-delay", "restart_delay", "TIME", "Wait before each restart"),
  flag(
    "exp-backoff-restart-delay",
    "exp_backoff_restart_delay",
    "TIME",
    "Initial delay of the exponential backoff",
  ),
  flag(
    "max-memory-restart",
    "max_memory_restart",
    "SIZE",
    "Restart it when its memory exceeds this",
  ),
  flag(
    "success-exit-codes",
    "success_exit_codes",
    "CODES",
    "Exit codes that count as success, like 0",
  ),
  flag("max-memory-scope", "max_memory_scope", "WHOSE", "Whose memory counts: main or tree"),
  flag("max-memory-for", "max_memory_for", "TIME", "How long it must exceed the limit"),
  flag("max-cpu", "max_cpu", "PERCENT", "Restart it when it uses more than this of one core"),
  flag("max-cpu-for", "max_cpu_for", "TIME", "How long it must exceed the limit"),
  flag("max-age", "max_age", "TIME", "Restart it after it has run this long"),
  flag("max-age-jitter", "max_age_jitter", "TIME", "Random extra time, up to this much"),
  flag("cron-restart", "cron_restart", "PATTERN", "Restart it by a cron pattern", ["c", "cron"]),
  flag(
    "watch",
    "watch",
    "PATHS",
    "Restart it when a file in its folder, or under these comma-separated paths, changes",
  ),
  flag("ignore-watch", "ignore_watch", "NAMES", "Names and patterns to ignore"),
  flag("watch-delay", "watch_delay", "TIME", "Wait for more changes; a bare number is in seconds"),
  flag("wait-ready", "wait_ready", "", "Wait for it to send `ready`"),
  flag("listen-timeout", "listen_timeout", "TIME", "How long to wait for readiness"),
  flag("kill-timeout", "kill_timeout", "TIME", "Grace period before SIGKILL", "k"),
  flag("kill-signal", "kill_signal", "SIGNAL", "Signal that asks it to exit"),
  flag(
    "shutdown-with-message",
    "shutdown_with_message",
    "",
    "Ask it to exit with a message instead of a signal",
  ),
  flag("treekill", "treekill", "", "Signal its whole process tree (--no-treekill: only itself)"),
  flag("uid", "uid", "USER", "User to run as", ["u", "user"]),
  flag("gid", "gid", "GROUP", "Group to run as"),
  flag("umask", "umask", "MASK", "File mode creation mask in octal, such as 022"),
  flag(
    "filter-env",
    "filter_env",
    "NAMES",
    "Drop the caller's variables whose names contain these",
  ),
  flag(
    "drain",
    "drain",
    "",
    "Finish requests in flight before exiting (--no-drain: exit immediately)",
  ),
  flag("drain-timeout", "drain_timeout", "TIME", "Maximum drain time in a reload"),
  flag("reload-concurrency", "reload_concurrency", "N", "Processes a reload replaces at a time"),
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
    "Restart it when its event loop is blocked for this long",
  ),
  flag("source-map-support", "source_map_support", "", "Show source lines in stack traces"),
  flag(
    "disable-source-map-support",
    "disable_source_map_support",
    "",
    "Disable source-map support",
  ),
  flag("execute-command", "execute_command", "", "Run it in fork mode", "x"),
  flag("port", "port", "PORT", "Sets the variable PORT"),
  flag("ext", "ext", "EXTENSIONS", "Accepted for compatibility; no effect"),
  flag("trace", "trace", "", "Accepted for compatibility; no effect"),
  flag("disable-trace", "disable_trace", "", "Accepted for compatibility; no effect"),
  flag("v8", "v8", "", "Accepted for compatibility; no effect"),
  flag("event-loop-inspector", "event_loop_inspector", "", "Accepted for compatibility; no effect"),
  flag("deep-monitoring", "deep_monitoring", "", "Accepted for compatibility; no effect"),
  flag("vizion", "vizion", "", "Show its git checkout in `describe` (--no-vizion: do not)"),
  flag("pmx", "pmx", "", "Accepted for compatibility; no effect"),
  flag("automation", "automation", "", "Accepted for compatibility; no effect"),
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
