import { basename } from "node:path";
import type { ProcessDetail } from "../contract/api/schemas.ts";
import { numbersOf } from "../host/users.ts";
import { interpreterWord } from "./interpreter.ts";
import { pm2StatusWord, statusWord } from "./status.ts";

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
  const env = variablesOf(detail);
  const {
    env: _env,
    ext: _ext,
    disable_trace: _trace,
    args: _args,
    ...declared
  } = spec.passthrough;
  return {
    pid: pid ?? 0,
    name: detail.name,
    pm2_env: {
      ...env,
      ...usual,
      ...declared,
      name: spec.name,
      namespace: spec.namespace,
      pm_id: id,
      status: pm2StatusWord(detail.status),
      // Ours, and there only when probes are declared.
      ...(spec.policy.probes === null ? {} : { health: detail.health }),
      // Ours, and only of a job: PM2 has no words for how its run ended.
      ...(spec.policy.restart.job === undefined ? {} : { job_status: statusWord(detail.status) }),
      pm_uptime: lastStart(detail),
      created_at: detail.createdAt,
      restart_time: detail.restarts,
      // PM2 counts from the start once it has given up.
      unstable_restarts: detail.status === "errored" ? 0 : detail.unstableRestarts,
      unique_id: detail.uniqueId ?? detail.lifeId ?? "",
      // As PM2: not there before the first end.
      ...(detail.lastExit === null ? {} : { exit_code: detail.lastExit.code ?? 0 }),
      pm_exec_path: spec.script,
      pm_cwd: spec.cwd,
      exec_interpreter: interpreterWord(spec),
      exec_mode: `${spec.mode}_mode`,
      ...(spec.args.length === 0 ? {} : { args: argsOf(spec) }),
      node_args: spec.interpreterArgs,
      instances: spec.instances,
      instance_var: spec.instanceVariable,
      [spec.instanceVariable]: detail.instance,
      pm_out_log_path: detail.logs.out ?? "/dev/null",
      pm_err_log_path: detail.logs.error ?? "/dev/null",
      ...(detail.logs.combined === null ? {} : { pm_log_path: detail.logs.combined }),
      log_date_format: spec.logs.dateFormat ?? undefined,
      pm_pid_path: detail.pidFile,
      ...(spec.mergeLogs ? { merge_logs: true } : {}),
      ...policyOf(detail),
      username: detail.user,
      ...numbersOf(spec),
      env,
      axm_actions: detail.actions,
      axm_monitor: detail.metrics,
      axm_options: detail.options,
      axm_dynamic: {},
      vizion_running: false,
      km_link: false,
      versioning: versioningOf(detail),
      version: detail.version ?? "N/A",
      ...nodeVersion(spec.interpreter),
    },
    pm_id: id,
    monit: { memory: detail.memoryBytes ?? 0, cpu: detail.cpuPercent ?? 0 },
  };
}

/** A repository in PM2's form, without the parts that would require git. */
function versioningOf({ checkout }: ProcessDetail): Readonly<Record<string, unknown>> | null {
  if (checkout === null) return null;
  const { root, branch, commit, remote, system = "git" } = checkout;
  return { type: system, url: remote, revision: commit, branch, repo_path: root };
}

/** When it is started, restarted and stopped. */
function policyOf(detail: ProcessDetail): Readonly<Record<string, unknown>> {
  const { spec } = detail;
  const { restart, killTimeoutMs, listenTimeoutMs, readiness } = spec.policy;
  const declared = spec.passthrough;
  return {
    autostart: spec.autostart,
    autorestart: restart.mode !== "never",
    restart: restart.mode,
    min_uptime: restart.minUptimeMs,
    max_restarts: restart.maxRestarts,
    restart_window: restart.restartWindowMs,
    restart_delay: restart.restartDelayMs,
    exp_backoff_restart_delay: restart.backoff?.initialMs ?? 0,
    ...lastWait(detail),
    stop_exit_codes:
      declared["stop_exit_codes"] ??
      (restart.stopExitCodes.length === 0 ? undefined : restart.stopExitCodes),
    kill_timeout: killTimeoutMs,
    kill_signal: spec.stopSignal,
    shutdown_with_message: spec.stopWithMessage,
    listen_timeout: listenTimeoutMs,
    wait_ready: readiness === "message",
    treekill: spec.killsTree,
    watch: spec.sensors.watch !== null && (declared["watch"] ?? true),
    cron_restart: spec.sensors.cron ?? undefined,
    max_memory_restart: spec.sensors.maxMemoryBytes ?? undefined,
  };
}

/** When it was started last, whether or not it has stopped since. */
function lastStart({ startedAt, lastExit }: ProcessDetail): number {
  if (startedAt !== null) return startedAt;
  return lastExit === null ? 0 : lastExit.at - lastExit.uptimeMs;
}

/** The last wait of an app that is waited with longer each time; as PM2, not there before its first end. */
function lastWait({ spec, backoffMs, lastExit }: ProcessDetail): { prev_restart_delay?: number } {
  const { backoff } = spec.policy.restart;
  if (backoff === null || lastExit === null) return {};
  return { prev_restart_delay: backoffMs === 0 ? backoff.initialMs : backoffMs };
}

/** The version of this program's own Node, if the app uses the same; a path often names the version of another. */
function nodeVersion(interpreter: string | null): { node_version?: string } {
  if (interpreter === null || !/^node(js)?$/.test(basename(interpreter))) return {};
  const named = /\/v?(\d+\.\d+\.\d+)\/bin\//.exec(interpreter)?.[1];
  return { node_version: named ?? process.versions.node };
}

/** The variables with the types they were declared with; the one that grows from process to process is a number. */
function variablesOf({ spec, instance }: ProcessDetail): Readonly<Record<string, unknown>> {
  const { env, incrementVariable: grown, passthrough } = spec;
  const typed = (passthrough["env"] ?? {}) as Readonly<Record<string, unknown>>;
  const written = Object.entries(typed).filter(([name, value]) => env[name] === String(value));
  const first = grown === null ? Number.NaN : Number(env[grown] ?? 0);
  return {
    ...env,
    ...Object.fromEntries(written),
    ...(grown !== null && Number.isInteger(first) ? { [grown]: first + instance } : {}),
  };
}

/** The arguments with the types they were declared with, if they are still those. */
function argsOf({ args, passthrough }: ProcessDetail["spec"]): unknown {
  const written: unknown = passthrough["args"];
  return Array.isArray(written) && written.map(String).join("\0") === args.join("\0")
    ? written
    : args;
}

/** What scripts find in PM2's output whether or not it was declared. */
const usual = {
  filter_env: [],
  vizion: true,
  pmx: true,
  automation: true,
  windowsHide: true,
  kill_retry_time: 100,
} as const;
