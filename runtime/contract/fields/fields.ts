import { lifecycleFields } from "./fields-lifecycle.ts";
import { field, type Field } from "./field.ts";
import { confinementFields } from "./confinement.ts";
import { rotationFields } from "./log-fields.ts";

export type { Field, FieldGroup } from "./field.ts";

/** PM2's fields under PM2's names, and ours. */
export const fields: readonly Field[] = [
  field(
    "Program",
    "script",
    "string",
    "What is run: a file, a program in PATH, or a command line with spaces, which runs through `bash -c`.",
    { aliases: ["exec", "cmd", "command"] },
  ),
  field("Program", "name", "string", "What it is called.", {
    default: "the script's name without extension",
  }),
  field("Program", "namespace", "string", "A group of apps that commands can name at once.", {
    default: "default",
  }),
  field("Program", "args", "strings", "Arguments; a text is split as a shell would."),
  field("Program", "cwd", "string", "Working directory.", {
    default: "where you are, or where the file is when its script is only there",
  }),
  field(
    "Program",
    "interpreter",
    "string",
    "Program that runs the script; `none` runs the script itself.",
    { default: "by the script's extension", aliases: ["exec_interpreter"] },
  ),
  field("Program", "node_args", "strings", "Arguments to the interpreter.", {
    aliases: ["interpreterArgs", "interpreter_args"],
  }),
  field(
    "Program",
    "instances",
    "instances",
    "How many processes; `max` or 0 is one per processor, a negative number that many less.",
    { default: "1" },
  ),
  field(
    "Program",
    "exec_mode",
    "string",
    "`fork` or `cluster`; only Node programs can be clusters.",
    {
      default: "`cluster` for a Node program with `instances`, else `fork`",
      aliases: ["mode"],
    },
  ),
  field(
    "Program",
    "scheduling",
    "scheduling",
    "Cluster only: how connections come to the processes: `shared` (each accepts from one socket), `round-robin` (the balancer hands them out), `sticky` (those of one client address to one process) or `reuse-port` (a socket each; Node 22.12, 23.1 or newer).",
    { default: "shared" },
  ),
  field("Program", "execute_command", "boolean", "`true` is `exec_mode: fork`.", {
    default: "false",
  }),
  field("Program", "uid", "id", "User to run as, by name or number; needs root.", {
    aliases: ["user"],
  }),
  field("Program", "gid", "id", "Group to run as.", { default: "the user's group" }),
  field(
    "Program",
    "umask",
    "string",
    'Rights that its files do not get, in octal: `"022"`; of its log and pid files outside the home too.',
    { default: "the caller's" },
  ),

  field("Environment", "env", "env", "Variables over those of the caller."),
  field("Environment", "env_*", "env", "Variables over `env`, chosen by `--env NAME`."),
  field(
    "Environment",
    "filter_env",
    "filter",
    "Removes the caller's variables whose name contains one of these; `true` removes all.",
    { default: "false" },
  ),
  field(
    "Environment",
    "append_env_to_name",
    "boolean",
    "Appends `-NAME` of the chosen environment to the name.",
    { default: "false" },
  ),
  field(
    "Environment",
    "instance_var",
    "string",
    "Variable that tells a process its number within the app.",
    { default: "NODE_APP_INSTANCE" },
  ),
  field(
    "Environment",
    "increment_var",
    "string",
    "Variable of `env` that is a number and grows by one from process to process, such as PORT.",
  ),
  field("Environment", "source_map_support", "boolean", "Show source lines in stack traces.", {
    default: "when the script has a `.map` beside it",
  }),
  field("Environment", "disable_source_map_support", "boolean", "Never.", { default: "false" }),
  field("Environment", "port", "number", "Sets the variable PORT."),

  ...lifecycleFields,

  field("Logs", "out_file", "string", "File for its output; `/dev/null` or `NULL` for none.", {
    default: "HOME/logs/NAME-out.log",
    aliases: ["out", "output", "out_log"],
  }),
  field("Logs", "error_file", "string", "File for its errors.", {
    default: "HOME/logs/NAME-error.log",
    aliases: ["error", "err", "err_file", "err_log"],
  }),
  field(
    "Logs",
    "log_file",
    "boolean or string",
    "A file for both streams, beside their own; `true` is HOME/logs/NAME.log.",
    { aliases: ["log"] },
  ),
  field("Logs", "disable_logs", "boolean", "Throws its output away.", { default: "false" }),
  field(
    "Logs",
    "merge_logs",
    "boolean",
    "All processes of the app share the log files, without their id in the name.",
    { default: "false", aliases: ["combine_logs"] },
  ),
  field("Logs", "pid_file", "string", "File that holds the pid.", {
    default: "HOME/pids/NAME-ID.pid",
    aliases: ["pid"],
  }),
  field(
    "Logs",
    "time",
    "boolean",
    "Prefix each line with a timestamp: `log_date_format: YYYY-MM-DDTHH:mm:ss`.",
    {
      default: "false",
    },
  ),
  field(
    "Logs",
    "log_date_format",
    "string",
    "Prefix each line with a timestamp, in the tokens of dayjs and moment, such as `YYYY-MM-DD HH:mm:ss.SSS Z`.",
  ),
  field(
    "Logs",
    "log_type",
    "string",
    "`json` makes a record of each line: `message`, `timestamp`, `type`, `process_id`, `app_name`. `pairs` puts `timestamp=… app=… id=… type=… message=` in front of it, `labelled` `id|name | `.",
    {
      default: "plain",
    },
  ),
  ...rotationFields,
  ...confinementFields,

  field(
    "Triggers",
    "max_memory_restart",
    "size",
    "Restarts it when its main process is larger; 0 for no limit.",
  ),
  field(
    "Triggers",
    "max_memory_scope",
    "memory scope",
    "Whose memory counts: `main`, or `tree` for everything its main process has started too.",
    { default: "main" },
  ),
  field(
    "Triggers",
    "max_memory_for",
    "time",
    "How long it must exceed the limit, at every check.",
    {
      default: "0, one check",
    },
  ),
  field(
    "Triggers",
    "max_cpu",
    "number",
    "Restarts it when its main process uses more than this of one core, in percent, for `max_cpu_for`; 0 for no limit.",
  ),
  field("Triggers", "max_cpu_for", "time", "How long it must exceed the limit, at every check.", {
    default: "30s",
  }),
  field("Triggers", "max_age", "time", "Restarts it when a life has lasted this long; 0 for none."),
  field(
    "Triggers",
    "max_age_jitter",
    "time",
    "Random extra time, up to this much, so that many do not end at one time.",
    { default: "0" },
  ),
  field("Triggers", "cron_restart", "cron", "Restarts it by a cron pattern; 0 for none.", {
    aliases: ["cron"],
  }),
  field(
    "Triggers",
    "cron_timezone",
    "string",
    "Time zone of the pattern, such as `Europe/Berlin`; `TZ=Europe/Berlin` before the pattern does the same.",
    { default: "the daemon's" },
  ),
  field(
    "Triggers",
    "watch",
    "watch",
    "Restarts it when a file changes: `true` for its folder, or paths and globs.",
    { default: "false" },
  ),
  field(
    "Triggers",
    "ignore_watch",
    "patterns",
    "Names, globs, paths and RegExps that do not count.",
    {
      default: "node_modules and dot files",
    },
  ),
  field("Triggers", "watch_delay", "time", "Wait for more changes before the restart.", {
    default: "0",
  }),
  field(
    "Triggers",
    "heartbeat_timeout",
    "time",
    "Restarts a Node program whose event loop has not turned for this long.",
  ),
  field(
    "Triggers",
    "watch_options",
    "watch options",
    "Of chokidar's options: `usePolling`, `interval`, `depth`, `followSymlinks`, `ignored`, `awaitWriteFinish`.",
  ),

  field(
    "Kept for scripts",
    "post_update",
    "any",
    "Commands that `xm pull`, `forward` and `backward` run before the reload, as the folder's owner.",
  ),
  ...[
    "name_prefix",
    "vizion",
    "automation",
    "pmx",
    "windowsHide",
    "kill_retry_time",
    "trace",
    "disable_trace",
    "v8",
    "event_loop_inspector",
    "deep_monitoring",
    "ext",
    "install_url",
    "username",
    "io",
    "write",
    "version",
  ].map((name) =>
    field(
      "Kept for scripts",
      name,
      "any",
      "PM2's; changes nothing here, and is shown by `xm jlist`.",
    ),
  ),
];

/** Every name a field goes by, to the field. */
export const fieldsByName: ReadonlyMap<string, Field> = new Map(
  fields.flatMap((each) => [each.name, ...each.aliases].map((name) => [name, each] as const)),
);
