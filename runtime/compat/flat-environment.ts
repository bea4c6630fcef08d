import { defaults } from "../contract/fields/defaults.ts";
import type { LaunchCounts } from "../../machines/process-events.ts";
import type { AppSpec, LogPaths } from "../../machines/spec.ts";
import { fieldsOfPolicy } from "../contract/fields/policy-fields.ts";
import { numbersOf, ownUserName } from "../host/users.ts";
import { interpreterWord } from "./interpreter.ts";

/** What of a launch PM2 puts into the environment. */
interface Launched {
  readonly spec: AppSpec;
  readonly id: number;
  readonly uniqueId: string;
  readonly logs: LogPaths & { readonly combined: string | null };
  readonly pidFile: string | null;
  readonly counts: LaunchCounts;
}

/** Who a process is: these win over the app's own variables. */
export function identityVariables({ spec, id, uniqueId, logs, pidFile }: Launched) {
  return {
    pm_id: String(id),
    name: spec.name,
    namespace: spec.namespace,
    unique_id: uniqueId,
    status: "launching",
    exec_mode: `${spec.mode}_mode`,
    pm_exec_path: spec.script,
    pm_cwd: spec.cwd,
    pm_out_log_path: logs.out ?? "/dev/null",
    pm_err_log_path: logs.error ?? "/dev/null",
    pm_pid_path: pidFile ?? "",
    ...(logs.combined === null ? {} : { pm_log_path: logs.combined }),
  };
}

/**
 * An app's configuration under PM2's names, flat and as texts, as an app finds it in its environment: what is
 * always there, and what is not as usual. Lists and objects are left out, as PM2 leaves them out.
 * @param at ms since the epoch: now.
 */
export function flatConfiguration(launch: Launched, at: number): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(configuration(launch, at))) {
    if (typeof value === "string") flat[name] = value;
    else if (typeof value === "number" || typeof value === "boolean") flat[name] = `${value}`;
  }
  return flat;
}

function configuration({ spec, counts }: Launched, at: number): Record<string, unknown> {
  const { restart, killTimeoutMs } = spec.policy;
  const { max_restarts: most, min_uptime: least, ...policy } = fieldsOfPolicy(spec);
  return {
    ...usual,
    ...spec.passthrough,
    ...policy,
    max_restarts: unless(most, defaults.maxRestarts),
    min_uptime: unless(least, defaults.minUptimeMs),
    autostart: spec.autostart,
    autorestart: restart.mode !== "never",
    watch: watchOf(spec),
    treekill: spec.killsTree,
    merge_logs: unless(spec.mergeLogs, false),
    instances: spec.instances,
    instance_var: spec.instanceVariable,
    increment_var: spec.incrementVariable,
    exec_interpreter: interpreterWord(spec),
    kill_timeout: unless(killTimeoutMs, defaults.killTimeoutMs),
    kill_signal: unless(spec.stopSignal, defaults.killSignal),
    shutdown_with_message: unless(spec.stopWithMessage, false),
    max_memory_restart: spec.sensors.maxMemoryBytes,
    cron_restart: spec.sensors.cron,
    log_date_format: spec.logs.dateFormat,
    // Node's cluster turns the list into a text, so it is there; that of an app in fork mode is left out as a list.
    args: spec.mode === "cluster" && spec.args.length > 0 ? spec.args.join(",") : undefined,
    source_map_support: spec.sourceMaps,
    username: spec.uid ?? ownUserName(),
    ...numbersOf(spec),
    pm_uptime: at,
    created_at: counts.createdAt,
    restart_time: counts.restarts,
    unstable_restarts: counts.unstableRestarts,
  };
}

/** What is in the environment of every app of PM2's. */
const usual = {
  vizion: true,
  pmx: true,
  automation: true,
  windowsHide: true,
  kill_retry_time: 100,
  km_link: false,
  vizion_running: false,
} as const;

/** PM2: one path stands there as it was written. */
function watchOf({ sensors, passthrough }: Launched["spec"]): unknown {
  const { watch: written } = passthrough;
  return typeof written === "string" && sensors.watch !== null ? written : sensors.watch !== null;
}

function unless(value: unknown, otherwise: unknown): unknown {
  return value === otherwise ? undefined : value;
}

/** Every variable that these are: what an app that starts another one does not hand on as its own. */
export const flatNames: readonly string[] = [
  ...Object.keys(usual),
  "name",
  "namespace",
  "pm_id",
  "unique_id",
  "status",
  "exec_mode",
  "pm_exec_path",
  "pm_cwd",
  "pm_out_log_path",
  "pm_err_log_path",
  "pm_pid_path",
  "autostart",
  "autorestart",
  "watch",
  "treekill",
  "merge_logs",
  "instances",
  "instance_var",
  "increment_var",
  "exec_interpreter",
  "username",
  "uid",
  "gid",
  "pm_uptime",
  "created_at",
  "restart_time",
  "unstable_restarts",
  "restart",
  "max_restarts",
  "min_uptime",
  "restart_window",
  "restart_delay",
  "exp_backoff_restart_delay",
  "exp_backoff_restart_factor",
  "exp_backoff_restart_max",
  "exp_backoff_restart_jitter",
  "exp_backoff_reset",
  "ready",
  "wait_ready",
  "listen_timeout",
  "kill_timeout",
  "kill_signal",
  "shutdown_with_message",
  "max_memory_restart",
  "cron_restart",
  "args",
  "cwd",
  "log_date_format",
  "source_map_support",
  "disable_source_map_support",
  "stop_exit_codes",
  "time",
  "log_type",
  "disable_logs",
  "force",
  "append_env_to_name",
];
