import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Listed } from "../stage.ts";

/** A program that told of itself. */
export interface Ran {
  readonly pid: number;
  readonly seen: Readonly<Record<string, unknown>>;
}

/** What of `pm2_env` says what was declared. */
const declared = [
  "namespace",
  "exec_mode",
  "instances",
  "exec_interpreter",
  "pm_exec_path",
  "args",
  "node_args",
  "pm_cwd",
  "status",
  "pm_out_log_path",
  "pm_err_log_path",
  "pm_log_path",
  "pm_pid_path",
  "watch",
  "ignore_watch",
  "cron_restart",
  "max_memory_restart",
  "autorestart",
  "max_restarts",
  "min_uptime",
  "restart_delay",
  "exp_backoff_restart_delay",
  "kill_timeout",
  "listen_timeout",
  "wait_ready",
  "merge_logs",
  "log_date_format",
  "instance_var",
  "stop_exit_codes",
] as const;

/** A process as the list shows it: whatever says how it was declared. */
export function foundOf(listed: Listed): Record<string, unknown> {
  const { name, pm2_env: env } = listed;
  const fields = declared.map((field) => [field, env[field]] as const);
  const status = isFailing(listed) ? "errored" : env.status;
  return { name, ...Object.fromEntries(fields), status };
}

/** It fails each time it is started; whether it is given up is a matter of how fast it fails. */
export function isFailing({ pm2_env: env }: Listed): boolean {
  return Number(env["restart_time"]) >= failsAfter;
}

const failsAfter = 3;

/** Variables that a manager adds, or that differ from run to run. */
const managers =
  /^(?:unique_id|pm_uptime|created_at|PM2_USAGE|PM2_JSON_PROCESSING|PM2_INTERACTOR_PROCESSING|XM_.*|NODE_CHANNEL_.*|NODE_UNIQUE_ID|OLDPWD|_|SHLVL|pm_id|_pm2_version|SILENT|env|axm_.*|node_args)$/;

/** What the programs have told so far. */
export function toldIn(folder: string): Ran[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file): Ran[] => {
    const [pid = "", ending] = file.split(".");
    const read = (end: string): string => readFileSync(join(folder, `${pid}.${end}`), "utf8");
    if (pid === "" || (ending !== "json" && ending !== "told")) return [];
    const told = ending === "json" ? JSON.parse(read("json")) : ofShell(read);
    const { env, ...seen } = told as { env: Record<string, string> };
    const own = Object.entries(env).filter(
      ([name]) => !managers.test(name) && name !== env["name"],
    );
    const { name, ...variables } = Object.fromEntries(own);
    return [{ pid: Number(pid), seen: { app: name, ...seen, env: sorted(variables) } }];
  });
}

function ofShell(read: (ending: string) => string): object {
  const [, ...argv] = read("argv").split("\n").slice(0, -1);
  const env = read("env")
    .split("\u0001")
    .filter((line) => line.includes("="))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return { runs: "other", argv, cwd: read("told").trim(), env: Object.fromEntries(env) };
}

const sorted = (value: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
