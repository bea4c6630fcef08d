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

/** `field` when the field is not called like the flag, with underscores. */
const flag = (
  name: string,
  valueHint: string,
  description: string,
  { alias, field = name.replaceAll("-", "_") }: Partial<Pick<StartFlag, "alias" | "field">> = {},
): StartFlag => ({
  flag: name,
  field,
  type: valueHint === "" ? "boolean" : "string",
  description,
  ...(valueHint === "" ? {} : { valueHint }),
  ...(alias === undefined ? {} : { alias }),
});

/** A flag of PM2's that changes nothing here. */
const kept = (name: string, valueHint = ""): StartFlag =>
  flag(name, valueHint, "Accepted for compatibility; no effect");

/** PM2's flags of `start`, and the field of an ecosystem file each one sets. */
export const startFlags: readonly StartFlag[] = [
  flag("name", "NAME", "App name", { alias: "n" }),
  flag("namespace", "NAME", "Namespace"),
  flag("instances", "N|max", "Number of processes", { alias: "i" }),
  flag("cwd", "FOLDER", "Working directory"),
  flag("interpreter", "PROGRAM", "What runs the script; `none` runs the script itself"),
  flag("interpreter-args", "ARGS", "Arguments to the interpreter", {
    alias: ["node-args"],
    field: "node_args",
  }),
  flag("output", "FILE", "File for stdout", { alias: "o", field: "out_file" }),
  flag("error", "FILE", "File for stderr", { alias: "e", field: "error_file" }),
  flag("log", "FILE", "Also write both streams to FILE (default: HOME/logs/NAME.log)", {
    alias: "l",
    field: "log_file",
  }),
  flag("merge-logs", "", "All processes of the app share the log files"),
  flag("disable-logs", "", "Discard its output"),
  flag(
    "log-date-format",
    "FORMAT",
    "Prefix each line with a timestamp, such as `YYYY-MM-DD HH:mm`",
  ),
  flag("log-type", "TYPE", "`json`: each line becomes a record"),
  flag("time", "", "Prefix each line with a timestamp"),
  flag("log-max-size", "SIZE", "Rotate a log file larger than this; 0: never by size"),
  flag("log-retain", "N|all", "Rotated files to keep of each log file"),
  flag("log-compress", "", "Compress rotated files (--no-log-compress: leave them)"),
  flag("log-rotate", "PATTERN", "Rotate by a cron pattern, or hourly, daily, weekly"),
  flag("log-max-age", "TIME", "Remove rotated files older than this, such as 14d"),
  flag("log-max-total", "SIZE", "Maximum total size of the rotated files of one log file"),
  flag("log-date-suffix", "FORMAT", "Time format in the names of rotated files"),
  flag("pid", "FILE", "File that holds the pid", { alias: "p", field: "pid_file" }),
  flag("autorestart", "", "Restart it when it exits (--no-autorestart: never)"),
  flag("autostart", "", "Start it immediately (--no-autostart: only declare it)"),
  flag("depends-on", "NAMES", "Comma-separated apps that come first"),
  flag("type", "TYPE", "oneshot for a job, which does its work and ends"),
  flag("remain-after-exit", "", "A completed job is run again by a restart only, not by a start"),
  flag("run-timeout", "TIME", "End a run of a job that takes longer; it has failed"),
  flag("restart", "MODE", "always, on-failure, on-abnormal or never"),
  flag("stop-exit-codes", "CODES", "Comma-separated exit codes that do not trigger a restart"),
  flag("min-uptime", "TIME", "Exiting sooner than this counts as unstable"),
  flag("max-restarts", "N", "Give up after N unstable exits in a row"),
  flag("restart-window", "TIME", "Give up after more than max-restarts restarts in this time"),
  flag("restart-delay", "TIME", "Wait before each restart"),
  flag("exp-backoff-restart-delay", "TIME", "Initial delay of the exponential backoff"),
  flag("max-memory-restart", "SIZE", "Restart it when its memory exceeds this"),
  flag("success-exit-codes", "CODES", "Exit codes that count as success, like 0"),
  flag("max-memory-scope", "WHOSE", "Whose memory counts: main or tree"),
  flag("max-memory-for", "TIME", "How long it must exceed the limit"),
  flag("max-cpu", "PERCENT", "Restart it when it uses more than this of one core"),
  flag("max-cpu-for", "TIME", "How long it must exceed the limit"),
  flag("max-age", "TIME", "Restart it after it has run this long"),
  flag("max-age-jitter", "TIME", "Random extra time, up to this much"),
  flag("cron-restart", "PATTERN", "Restart it by a cron pattern", { alias: ["c", "cron"] }),
  flag(
    "watch",
    "PATHS",
    "Restart it when a file in its folder, or under these comma-separated paths, changes",
  ),
  flag("ignore-watch", "NAMES", "Names and patterns to ignore"),
  flag("watch-delay", "TIME", "Wait for more changes; a bare number is in seconds"),
  flag("wait-ready", "", "Wait for it to send `ready`"),
  flag("listen-timeout", "TIME", "How long to wait for readiness"),
  flag("kill-timeout", "TIME", "Grace period before SIGKILL", { alias: "k" }),
  flag("kill-signal", "SIGNAL", "Signal that asks it to exit"),
  flag("shutdown-with-message", "", "Ask it to exit with a message instead of a signal"),
  flag("treekill", "", "Signal its whole process tree (--no-treekill: only itself)"),
  flag("uid", "USER", "User to run as", { alias: ["u", "user"] }),
  flag("gid", "GROUP", "Group to run as"),
  flag("umask", "MASK", "File mode creation mask in octal, such as 022"),
  flag("filter-env", "NAMES", "Drop the caller's variables whose names contain these"),
  flag("drain", "", "Finish requests in flight before exiting (--no-drain: exit immediately)"),
  flag("drain-timeout", "TIME", "Maximum drain time in a reload"),
  flag("reload-concurrency", "N", "Processes a reload replaces at a time"),
  flag("scheduling", "WAY", "Cluster: shared, round-robin, sticky or reuse-port"),
  flag("ready", "WHAT", "What makes it online: spawned, listening or message"),
  flag("increment-var", "NAME", "Variable that grows by one from process to process"),
  flag("heartbeat-timeout", "TIME", "Restart it when its event loop is blocked for this long"),
  flag("source-map-support", "", "Show source lines in stack traces"),
  flag("disable-source-map-support", "", "Disable source-map support"),
  flag("execute-command", "", "Run it in fork mode", { alias: "x" }),
  flag("port", "PORT", "Sets the variable PORT"),
  kept("ext", "EXTENSIONS"),
  kept("trace"),
  kept("disable-trace"),
  kept("v8"),
  kept("event-loop-inspector"),
  kept("deep-monitoring"),
  flag("vizion", "", "Show its git checkout in `describe` (--no-vizion: do not)"),
  kept("pmx"),
  kept("automation"),
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
