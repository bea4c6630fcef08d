import type { AppSpec, LogFile } from "../../../machines/spec.ts";
import type { RotationSpec } from "../../../machines/log-rotation.ts";
import { readers } from "./_readers.ts";
import { readEnvFiles } from "./_env-entries.ts";
import { variablesOfFiles } from "./env-file.ts";
import { mergeEnvironment } from "./environment.ts";
import { takesNumber } from "./log-files.ts";
import { normalizeApps, type ConfigContext } from "./normalize.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

type Draft = { -readonly [K in keyof AppSpec]: AppSpec[K] };
type Part = (draft: Draft, from: AppSpec) => void;

/**
 * Changes some fields of a declared app and leaves the rest unchanged:
 * `xm restart api --max-restarts 5`.
 * @param fields under PM2's names, as in an ecosystem file; `instances` is not among them, which is for `scale`.
 * @throws `ERR_CONFIG_INVALID`, `ERR_INTERPRETER_NOT_FOUND`.
 */
export async function patchSpec(
  spec: AppSpec,
  fields: RawApp,
  context: ConfigContext,
): Promise<AppSpec> {
  const { instances: _, ...wanted } = fields;
  const base = {
    script: spec.script,
    interpreter: spec.interpreter ?? "none",
    cwd: spec.cwd,
    name: spec.name,
    exec_mode: spec.mode,
    ...jobFields(spec, wanted),
    // Settings of watching are read for apps that watch.
    ...(spec.sensors.watch === null ? {} : { watch: true }),
    // And a time zone beside its pattern.
    ...(spec.sensors.cron === null
      ? {}
      : { cron_restart: spec.sensors.cron, cron_timezone: spec.sensors.cronTimezone ?? undefined }),
    ...wanted,
  };
  const [from] = await normalizeApps([base], context);
  if (from === undefined) return spec;
  const draft: Draft = { ...spec };
  draft.env = withVariables(spec, wanted, context);
  for (const name of Object.keys(wanted)) parts[name]?.(draft, from);
  return draft;
}

/** Settings of a job are read for a job, together with its declaration. */
function jobFields({ policy }: AppSpec, wanted: RawApp): RawApp {
  const { job } = policy.restart;
  if (job === undefined || wanted["type"] === "simple") return {};
  const { remainsAfterExit, runTimeoutMs } = job;
  return {
    type: "oneshot",
    remain_after_exit: remainsAfterExit,
    ...(runTimeoutMs === null ? {} : { run_timeout: runTimeoutMs }),
  };
}

/** The variables that are given lie over those of the app, those of a file below the others. */
function withVariables(
  { env, cwd }: AppSpec,
  fields: RawApp,
  { environment, base }: ConfigContext,
): AppSpec["env"] {
  const chosen = environment === undefined ? undefined : fields[`env_${environment}`];
  const layers = [fields["env"], chosen].map(
    (each) => readers.env(each) as Record<string, unknown> | undefined,
  );
  const files = { env_file: readEnvFiles(fields["env_file"] ?? []) };
  const { variables } = variablesOfFiles(files, "", [base, cwd]);
  return mergeEnvironment({ caller: env, layers: [variables, ...layers] });
}

/** Sets one part of the restart policy. */
const restart =
  (...names: readonly (keyof AppSpec["policy"]["restart"])[]): Part =>
  (draft, from) => {
    const { restart: policy } = from.policy;
    const changed = Object.fromEntries(names.map((name) => [name, policy[name]]));
    draft.policy = { ...draft.policy, restart: { ...draft.policy.restart, ...changed } };
  };

const policy =
  (...names: readonly (keyof AppSpec["policy"])[]): Part =>
  (draft, from) => {
    const changed = Object.fromEntries(names.map((name) => [name, from.policy[name]]));
    draft.policy = { ...draft.policy, ...changed };
  };

const sensors =
  (...names: readonly (keyof AppSpec["sensors"])[]): Part =>
  (draft, from) => {
    const changed = Object.fromEntries(names.map((name) => [name, from.sensors[name]]));
    draft.sensors = { ...draft.sensors, ...changed };
  };

const logs =
  (...names: readonly string[]): Part =>
  (draft, from) => {
    const changed = Object.entries(from.logs).filter(([name]) => names.includes(name));
    draft.logs = { ...draft.logs, ...Object.fromEntries(changed) };
  };

const rotation =
  (...names: readonly (keyof RotationSpec)[]): Part =>
  (draft, from) => {
    const changed = names.map((name) => [name, from.logs.rotation?.[name]]);
    const rule = { ...draft.logs.rotation, ...Object.fromEntries(changed) } as RotationSpec;
    draft.logs = { ...draft.logs, rotation: rule };
  };

/** Each process has its own unless they share them, or it is a name that takes no number. */
const logFile =
  (name: LogFile): Part =>
  (draft, from) => {
    const path = from.logs[name];
    const others = draft.logs.numbered.filter((each) => each !== name);
    const isNumbered = !draft.mergeLogs && path !== null && takesNumber(path);
    draft.logs = { ...draft.logs, [name]: path, numbered: isNumbered ? [...others, name] : others };
  };

const whole =
  (...names: readonly (keyof AppSpec)[]): Part =>
  (draft, from) => {
    Object.assign(draft, Object.fromEntries(names.map((name) => [name, from[name]])));
  };

const all =
  (...those: readonly Part[]): Part =>
  (draft, from) => {
    for (const each of those) each(draft, from);
  };

const kept =
  (name: string): Part =>
  (draft, from) => {
    draft.passthrough = { ...draft.passthrough, [name]: from.passthrough[name] };
  };

/** The place of each field that a flag can set in a specification. A unit test finds the one that is missing. */
export const parts: Readonly<Record<string, Part>> = {
  name: whole("name"),
  namespace: whole("namespace"),
  args: whole("args"),
  cwd: all(whole("cwd"), kept("cwd")),
  interpreter: (draft, from) => {
    draft.interpreter = from.interpreter;
    kept("exec_interpreter")(draft, from);
  },
  node_args: whole("interpreterArgs"),
  out_file: logFile("out"),
  error_file: logFile("error"),
  log_file: logFile("combined"),
  disable_logs: all(logs("isOff"), kept("disable_logs")),
  time: all(logs("dateFormat"), kept("time")),
  log_date_format: logs("dateFormat"),
  log_type: all(logs("type"), kept("log_type")),
  log_max_size: rotation("maxBytes"),
  log_retain: rotation("retain"),
  log_compress: rotation("compress"),
  log_rotate: rotation("schedule", "timezone"),
  log_max_age: rotation("maxAgeMs"),
  log_max_total: rotation("maxTotalBytes"),
  log_date_suffix: rotation("dateSuffix"),
  merge_logs: all(whole("mergeLogs"), logs("numbered")),
  pid_file: whole("pidFile"),
  type: restart("job", "mode"),
  schedule: sensors("schedule"),
  remain_after_exit: restart("job"),
  run_timeout: restart("job"),
  autorestart: restart("mode"),
  restart: restart("mode"),
  autostart: whole("autostart"),
  depends_on: whole("dependsOn"),
  success_exit_codes: restart("successExitCodes"),
  stop_exit_codes: all(restart("stopExitCodes"), kept("stop_exit_codes")),
  min_uptime: restart("minUptimeMs"),
  max_restarts: restart("maxRestarts"),
  restart_window: restart("restartWindowMs"),
  restart_delay: restart("restartDelayMs"),
  exp_backoff_restart_delay: restart("backoff"),
  max_memory_restart: sensors("maxMemoryBytes"),
  max_memory_scope: sensors("limits"),
  max_memory_for: sensors("limits"),
  max_cpu: sensors("limits"),
  max_cpu_for: sensors("limits"),
  max_age: sensors("limits"),
  max_age_jitter: sensors("limits"),
  cron_restart: sensors("cron", "cronTimezone"),
  cron_timezone: sensors("cronTimezone"),
  watch: all(sensors("watch"), kept("watch")),
  ignore_watch: (draft, from) => {
    const { watch } = draft.sensors;
    const ignore = from.sensors.watch?.ignore;
    if (watch !== null && ignore) draft.sensors = { ...draft.sensors, watch: { ...watch, ignore } };
  },
  watch_delay: (draft, from) => {
    const { watch } = draft.sensors;
    const delayMs = from.sensors.watch?.delayMs;
    if (watch !== null && delayMs !== undefined)
      draft.sensors = { ...draft.sensors, watch: { ...watch, delayMs } };
  },
  watch_options: (draft, from) => {
    const { watch } = draft.sensors;
    const options = from.sensors.watch?.options;
    if (watch !== null && options !== undefined)
      draft.sensors = { ...draft.sensors, watch: { ...watch, options } };
  },
  heartbeat_timeout: sensors("heartbeatMs"),
  wait_ready: policy("readiness", "probe"),
  ready: policy("readiness", "probe"),
  startup_probe: policy("readiness", "probe", "probes", "listenTimeoutMs", "listenTimeoutIsGiven"),
  readiness_probe: policy("probes"),
  liveness_probe: policy("probes"),
  listen_timeout: policy("listenTimeoutMs", "listenTimeoutIsGiven"),
  kill_timeout: policy("killTimeoutMs"),
  kill_signal: whole("stopSignal"),
  shutdown_with_message: whole("stopWithMessage"),
  treekill: whole("killsTree"),
  uid: whole("uid"),
  gid: whole("gid"),
  umask: whole("umask"),
  drain: policy("drain"),
  drain_timeout: policy("drainTimeoutMs"),
  reload_concurrency: policy("reload"),
  scheduling: whole("scheduling"),
  increment_var: whole("incrementVariable"),
  source_map_support: all(whole("sourceMaps"), kept("source_map_support")),
  disable_source_map_support: all(whole("sourceMaps"), kept("disable_source_map_support")),
  // The variables themselves are laid over the others in `withVariables`.
  env_file: kept("env_file"),
  notify: whole("notify"),
  hooks: whole("hooks"),
  execute_command: whole("mode"),
  port: (draft, from) => {
    const { PORT = "" } = from.env;
    draft.env = { ...draft.env, PORT };
    kept("port")(draft, from);
  },
  vizion: kept("vizion"),
  pmx: kept("pmx"),
  automation: kept("automation"),
  ext: kept("ext"),
  trace: kept("trace"),
  disable_trace: kept("disable_trace"),
  v8: kept("v8"),
  event_loop_inspector: kept("event_loop_inspector"),
  deep_monitoring: kept("deep_monitoring"),
};
