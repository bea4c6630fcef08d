import { basename } from "node:path";
import type { ProcessDetail } from "../api/schemas.ts";
import { interpreterWord } from "./interpreter.ts";
import { statusWord } from "./status.ts";

/** A process in the shape of PM2's `jlist`. */
export interface Pm2Process {
  readonly pid: number;
  readonly name: string;
  readonly pm2_env: Readonly<Record<string, unknown>>;
  readonly pm_id: number;
  readonly monit: { readonly memory: number; readonly cpu: number };
}

/** Translates a process into PM2's words: its configuration, its state and its environment in one object. */
export function toPm2Process(detail: ProcessDetail): Pm2Process {
  const { spec, id, pid } = detail;
  const { restart, killTimeoutMs, listenTimeoutMs, readiness } = spec.policy;
  return {
    pid: pid ?? 0,
    name: detail.name,
    pm2_env: {
      ...spec.env,
      ...passthroughDefaults,
      ...spec.passthrough,
      ...(spec.sourceMaps === null ? {} : { source_map_support: spec.sourceMaps }),
      name: spec.name,
      namespace: spec.namespace,
      pm_id: id,
      status: statusWord(detail.status),
      pm_uptime: lastStart(detail),
      created_at: detail.createdAt,
      restart_time: detail.restarts,
      unstable_restarts: detail.unstableRestarts,
      unique_id: detail.lifeId ?? "",
      // As PM2: not there before the first end.
      ...(detail.lastExit === null ? {} : { exit_code: detail.lastExit.code ?? 0 }),
      pm_exec_path: spec.script,
      pm_cwd: spec.cwd,
      exec_interpreter: interpreterWord(spec),
      exec_mode: `${spec.mode}_mode`,
      ...(spec.args.length === 0 ? {} : { args: spec.args }),
      node_args: spec.interpreterArgs,
      instances: spec.instances,
      instance_var: spec.instanceVariable,
      [spec.instanceVariable]: detail.instance,
      pm_out_log_path: detail.logs.out ?? "/dev/null",
      pm_err_log_path: detail.logs.error ?? "/dev/null",
      ...(detail.logs.combined === null ? {} : { pm_log_path: detail.logs.combined }),
      ...(spec.logs.type === "json" ? { log_type: "json" } : {}),
      log_date_format: spec.logs.dateFormat ?? undefined,
      pm_pid_path: detail.pidFile,
      // PM2 says so of a single fork-mode process: it has nothing to share its files with.
      merge_logs: spec.mergeLogs || (spec.mode === "fork" && spec.instances === 1),
      autostart: spec.autostart,
      autorestart: restart.mode !== "never",
      restart: restart.mode,
      min_uptime: restart.minUptimeMs,
      max_restarts: restart.maxRestarts,
      restart_window: restart.restartWindowMs,
      restart_delay: restart.restartDelayMs,
      exp_backoff_restart_delay: restart.backoff?.initialMs ?? 0,
      stop_exit_codes: restart.stopExitCodes,
      kill_timeout: killTimeoutMs,
      kill_signal: spec.stopSignal,
      shutdown_with_message: spec.stopWithMessage,
      listen_timeout: listenTimeoutMs,
      wait_ready: readiness === "message",
      treekill: spec.killsTree,
      watch: spec.sensors.watch !== null,
      cron_restart: spec.sensors.cron ?? undefined,
      max_memory_restart: spec.sensors.maxMemoryBytes ?? undefined,
      username: detail.user,
      uid: spec.uid ?? undefined,
      gid: spec.gid ?? undefined,
      env: spec.env,
      axm_actions: detail.actions,
      axm_monitor: detail.metrics,
      axm_options: detail.options,
      axm_dynamic: {},
      vizion_running: false,
      km_link: false,
      versioning: null,
      version: detail.version ?? "N/A",
      ...nodeVersion(spec.interpreter),
    },
    pm_id: id,
    monit: { memory: detail.memoryBytes ?? 0, cpu: detail.cpuPercent ?? 0 },
  };
}

/** When it was started last, be it stopped since or not. */
function lastStart({ startedAt, lastExit }: ProcessDetail): number {
  if (startedAt !== null) return startedAt;
  return lastExit === null ? 0 : lastExit.at - lastExit.uptimeMs;
}

/** Of the Node that this program runs on, when the app runs on the same; a path often names the version of another. */
function nodeVersion(interpreter: string | null): { node_version?: string } {
  if (interpreter === null || !/^node(js)?$/.test(basename(interpreter))) return {};
  const named = /\/v?(\d+\.\d+\.\d+)\/bin\//.exec(interpreter)?.[1];
  return { node_version: named ?? process.versions.node };
}

/** What scripts find in PM2's output whether or not it was declared. */
const passthroughDefaults = {
  filter_env: [],
  vizion: true,
  pmx: true,
  automation: true,
  windowsHide: true,
  kill_retry_time: 100,
  source_map_support: true,
} as const;
