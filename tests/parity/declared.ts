/**
 * Where scenarios that are made from rows of data do otherwise than PM2: by group and scenario, the paths of facts and
 * the subjects of their rows in docs/reference/differences.md.
 */
export const declared: Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
> = {
  api: {
    "API: start of a script's path with options": {
      "result.3": "args beside a script in the API",
    },
  },
  corpus: {
    "file: a package of type module": {
      start: "module.exports in a package of type: module",
      "apps…": "module.exports in a package of type: module",
      "ran…": "module.exports in a package of type: module",
      files: "module.exports in a package of type: module",
      restart: "module.exports in a package of type: module",
      reload: "module.exports in a package of type: module",
      stop: "module.exports in a package of type: module",
      delete: "module.exports in a package of type: module",
    },
    "file: node_args of an environment": {
      "apps….0.node_args": "settings in env_NAME",
      "apps….0.max_memory_restart": "settings in env_NAME",
      "ran….0.flags": "settings in env_NAME",
    },
    "file: log files of an environment": {
      "apps…": "settings in env_NAME",
      "ran…": "settings in env_NAME",
      files: "settings in env_NAME",
    },
    "file: arguments with a space by a backslash": {
      "apps….0.args": "a backslash before a space in args",
      "ran….0.argv": "a backslash before a space in args",
    },
    "file: a relative working folder": {
      "ran….0.env.PWD": "PWD",
    },
    "file: apps that share their name": {
      "ran….1.env.NODE_APP_INSTANCE": "NODE_APP_INSTANCE of apps of one name",
    },
    "file: everything at once": {
      "ran….0.env.kill_timeout": "a field that is declared with its default value",
    },
  },
  environment: {
    "an app sees who it is": {
      "env.PM2_USAGE": "variables of PM2's own",
    },
    "values that are no text arrive as text": { "env.Z": "env: { NAME: null }" },
    "a file applies its own environment again": { "env.B": "xm start FILE of running apps" },
  },
  "exit-codes": {
    "an unknown id is a failure as well": { "exit code of reset 7": "reset of an unknown id" },
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
    "start --port 4123": {
      "exit code": "start --port, --discrete",
      fields: "start --port, --discrete",
    },
    "start --discrete": {
      "exit code": "start --port, --discrete",
      fields: "start --port, --discrete",
    },
    "start --interpreter none": {
      "exit code": "--interpreter none for a file that is not executable",
      "fields.0.status": "--interpreter none for a file that is not executable",
    },
  },
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
    "log flags: --time, --log-date-format and --log-type change the lines": {
      j: "log records (log_type: json, time)",
    },
  },
  settings: {
    "conf and config are set and get as well": { "kept.k": "conf KEY VALUE" },
    "ecosystem writes a file, and not over one": { again: "init where a file already exists" },
  },
};
