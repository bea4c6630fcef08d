import { lifecycleFields } from "./fields-lifecycle.ts";
import { field, type Field } from "./field.ts";
import { confinementFields } from "./confinement.ts";
import { environmentFields } from "./environment-fields.ts";
import { rotationFields } from "./log-fields.ts";

export type { Field, FieldGroup } from "./field.ts";

/** PM2's fields under PM2's names, and ours. */
export const fields: readonly Field[] = [
  field(
    "Program",
    "script",
    "string",
    "What to run: a file, a program in PATH, or a command line with spaces, which runs through `bash -c`.",
    { aliases: ["exec", "cmd", "command"] },
  ),
  field("Program", "name", "string", "Name of the app.", {
    default: "the script's name without extension",
  }),
  field("Program", "namespace", "string", "Group of apps that commands can address together.", {
    default: "default",
  }),
  field(
    "Program",
    "extends",
    "any",
    "Takes over the settings of another app: its name, or `{ file, app }`; see [how to share settings](../how-to/share-settings.md).",
  ),
  field(
    "Program",
    "profiles",
    "strings",
    "The app belongs to calls that choose one of these profiles: `--profile NAME`, `XM_PROFILES`.",
    { default: "every call" },
  ),
  field("Program", "args", "strings", "Arguments; a text is split as a shell would."),
  field("Program", "cwd", "string", "Working directory.", {
    default: "the current folder, or the file's folder if the script exists only there",
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
    "Number of processes; `max` or 0: one per processor; a negative number: that many fewer.",
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
    "Cluster only: how connections reach the processes: `shared` (each accepts from one socket), `round-robin` (the balancer hands them out), `sticky` (those of one client address to one process) or `reuse-port` (a socket each; Node 22.12, 23.1 or newer).",
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
    'File mode creation mask in octal: `"022"`; also for its log and pid files outside the home.',
    { default: "the caller's" },
  ),

  ...environmentFields,
  ...lifecycleFields,

  field("Logs", "out_file", "string", "File for stdout; `/dev/null` or `NULL` for none.", {
    default: "HOME/logs/NAME-out.log",
    aliases: ["out", "output", "out_log"],
  }),
  field("Logs", "error_file", "string", "File for stderr.", {
    default: "HOME/logs/NAME-error.log",
    aliases: ["error", "err", "err_file", "err_log"],
  }),
  field(
    "Logs",
    "log_file",
    "boolean or string",
    "Additional file for both streams; `true` is HOME/logs/NAME.log.",
    { aliases: ["log"] },
  ),
  field("Logs", "disable_logs", "boolean", "Discards its output.", { default: "false" }),
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
    "Notifications",
    "notify",
    "notify",
    "Which events are sent where; also at the top level of a file, for all its apps. See [how to be notified](../how-to/be-notified.md).",
  ),

  field(
    "Triggers",
    "max_memory_restart",
    "size",
    "Restarts it when its main process uses more memory than this; 0 for no limit.",
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
    "Time for which every check must find the limit exceeded.",
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
  field(
    "Triggers",
    "max_cpu_for",
    "time",
    "Time for which every check must find the limit exceeded.",
    {
      default: "30s",
    },
  ),
  field("Triggers", "max_age", "time", "Restarts it when a life has lasted this long; 0 for none."),
  field(
    "Triggers",
    "max_age_jitter",
    "time",
    "Random extra time, up to this much, so that processes do not restart all at once.",
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
  field("Triggers", "ignore_watch", "patterns", "Names, globs, paths and RegExps to ignore.", {
    default: "node_modules and dot files",
  }),
  field("Triggers", "watch_delay", "time", "Wait for more changes before the restart.", {
    default: "0",
  }),
  field(
    "Triggers",
    "heartbeat_timeout",
    "time",
    "Restarts a Node program whose event loop is blocked for this long.",
  ),
  field(
    "Triggers",
    "watch_options",
    "watch options",
    "Of chokidar's options: `usePolling`, `interval`, `depth`, `followSymlinks`, `ignored`, `awaitWriteFinish`.",
  ),

  field(
    "Accepted for compatibility",
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
      "Accepted for compatibility",
      name,
      "any",
      "PM2's; has no effect here and is shown by `xm jlist`.",
    ),
  ),
];

/** Every name a field goes by, to the field. */
export const fieldsByName: ReadonlyMap<string, Field> = new Map(
  fields.flatMap((each) => [each.name, ...each.aliases].map((name) => [name, each] as const)),
);
