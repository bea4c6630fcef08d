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
  cluster: {
    "a single cluster instance": { "fields.pm_out_log_path": "log files of one cluster process" },
  },
  environment: {
    "an app sees who it is": {
      "env.exec_interpreter": "exec_interpreter in jlist",
      "env.PM2_USAGE": "variables of PM2's own",
    },
    "values that are no text arrive as text": { "env.Z": "env: { NAME: null }" },
    "a file applies its own environment again": { "env.B": "xm start FILE of what runs" },
  },
  "exit-codes": {
    "an unknown id is a failure as well": { "exit code of reset 7": "reset of an unknown id" },
  },
  fields: {
    "field: name_prefix": { "fields.0.name": "name_prefix" },
    "field: disable_logs": { "fields.0": "disable_logs" },
    "field: stop_exit_codes as a number": {
      "fields.0.stop_exit_codes": "fields of jlist as they were written",
    },
    "field: source_map_support: false": {
      "fields.0.source_map_support": "fields of jlist as they were written",
    },
    "field: disable_source_map_support": {
      "fields.0.disable_source_map_support": "fields of jlist as they were written",
    },
    "field: time": { "fields.0.time": "fields of jlist as they were written" },
    "field: watch: a list": { "fields.0.watch": "fields of jlist as they were written" },
    "field: exec_mode: cluster": { "fields.0": "log files of one cluster process" },
    "jlist: every key of a plain app is there, with a value of the same type": {
      "pm2_env….PM2_USAGE": "variables of PM2's own",
      "env….PM2_USAGE": "variables of PM2's own",
      "values.exec_interpreter": "exec_interpreter in jlist",
    },
    "jlist: the version is the package's, which may lie above the script": {
      "fields.version": "version in jlist",
    },
  },
  flags: {
    "start --disable-logs": { "fields.0": "disable_logs" },
    "start --time": { "fields.0.time": "fields of jlist as they were written" },
    "start --stop-exit-codes 0 3": {
      "exit code": "--stop-exit-codes 0 3",
      "fields.0": "--stop-exit-codes 0 3",
    },
    "start --disable-source-map-support": {
      "fields.0.disable_source_map_support": "fields of jlist as they were written",
    },
    "start --uid root --gid root": { "fields.0": "fields of jlist as they were written" },
    "start -u root": { "fields.0.uid": "fields of jlist as they were written" },
  },
  lifecycle: {
    "exit: max_restarts: 3 errs at the third": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "exit: max_restarts: 1 errs at the first": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "exit: the default is sixteen": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "exit: exits of 0 count too": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "exit: cluster mode counts alike": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "exit: a code that is not of stop_exit_codes": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "max_restarts counts each life that ends before min_uptime": {
      "fields.unstable_restarts": "unstable_restarts of an errored app",
    },
    "a new file in the watched folder restarts the app": {
      "watch after stop.watch": "stop of a watched app",
    },
  },
  logs: {
    "log files: disable_logs": { contents: "disable_logs", "in logs": "disable_logs" },
    "log files: log_type json": { contents: "log records (log_type: json, time)" },
    "log files: log_type json with log_date_format": {
      contents: "log records (log_type: json, time)",
    },
    "log files: several instances with a file of their own": {
      "beside the app": "out_file of several processes",
    },
    "log files: cluster mode": { "in logs": "log files of one cluster process" },
    "reloadLogs makes removed files again": {
      "what is said then is in it": "reloadLogs after a file was removed",
    },
    "log flags: --time, --log-date-format and --log-type change the lines": {
      j: "log records (log_type: json, time)",
    },
  },
  settings: {
    "conf and config are set and get as well": { "kept.k": "conf KEY VALUE" },
    "ecosystem writes a file, and not over one": { again: "init where there is a file already" },
  },
};
