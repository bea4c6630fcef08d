/**
 * Where scenarios that are made from rows of data do otherwise than PM2: by group and scenario, the paths of facts and
 * the subjects of their rows in docs/reference/differences.md. What stands under "Not yet as PM2" there is to be mended.
 */
export const declared: Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
> = {
  api: {
    "API: start of a script's path with options": {
      "result.3": "args beside a script in the API",
    },
  },
  dump: { "the files of a home": { "a socket after kill": "sockets after kill" } },
  environment: {
    "an app sees who it is": {
      "env.PM2_USAGE": "variables of PM2's own",
    },
    "values that are no text arrive as text": { "env.Z": "env: { NAME: null }" },
    "a file applies its own environment again": { "env.B": "xm start FILE of what runs" },
  },
  "exit-codes": {
    "an unknown name is a failure of every command that acts on one": {
      "exit code of flush nobody": "reset and flush where there is nothing",
    },
    "all with nothing there": {
      "exit code of reset all": "reset and flush where there is nothing",
      "exit code of flush all": "reset and flush where there is nothing",
    },
  },
  fields: {
    "jlist: every key of a plain app is there, with a value of the same type": {
      "pm2_env….PM2_USAGE": "variables of PM2's own",
      "env….PM2_USAGE": "variables of PM2's own",
    },
  },
  flags: {
    "start --stop-exit-codes 0 3": {
      "exit code": "--stop-exit-codes 0 3",
      "fields.0": "--stop-exit-codes 0 3",
    },
  },
  forms: { "file: static": { apps: "static in a file" } },
  lifecycle: {
    "a new file in the watched folder restarts the app": {
      "watch after stop.watch": "stop of a watched app",
    },
  },
  logs: {
    "log files: log_type json": { contents: "log records (log_type: json, time)" },
    "log files: log_type json with log_date_format": {
      contents: "log records (log_type: json, time)",
    },
    "logs --raw follows: without a prefix": { lines: "logs --raw while following" },
    "reloadLogs makes removed files again": {
      "what is said then is in it": "reloadLogs after a file was removed",
    },
    "log flags: --time, --log-date-format and --log-type change the lines": {
      j: "log records (log_type: json, time)",
    },
  },
  messages: {
    "trigger asks for an action, by name and by id": { "messages.1.id": "parameters of trigger" },
  },
  settings: {
    "conf and config are set and get as well": { "kept.k": "conf KEY VALUE" },
    "ecosystem writes a file, and not over one": { again: "init where there is a file already" },
  },
};
