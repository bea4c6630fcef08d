import { defaults } from "../../contract/fields/defaults.ts";
import type {
  AppSpec,
  JobPolicy,
  LifecyclePolicy,
  LimitSpec,
  ReadinessKind,
  PatternText,
  RestartMode,
  SensorSpec,
  WatchSpec,
} from "../../../machines/spec.ts";
import type { Probe, Probes, ProbeSpec } from "../../../machines/probes.ts";
import { splitZone } from "../../contract/cron.ts";
import { scheduleOf } from "./_schedule.ts";
import type { ReadProbe } from "./_probes.ts";
import type { ReadWatchOptions } from "./_watch-options.ts";
import type { ReadApp } from "./read-fields.ts";
import { absolute, number, text } from "./values.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** What happens when: the restart policy, readiness, and how it ends and is reloaded. */
export function policyOf(
  app: ReadApp,
  { caller, mode }: { caller: Variables; mode: AppSpec["mode"] },
): LifecyclePolicy {
  const initialMs = number(app, "exp_backoff_restart_delay", 0);
  const job = jobOf(app);
  const isNever = app["autorestart"] === false || job !== undefined;
  const restartMode = (app["restart"] ?? (isNever ? "never" : "always")) as RestartMode;
  const listenTimeoutMs = number(
    app,
    "listen_timeout",
    Number(caller["PM2_GRACEFUL_LISTEN_TIMEOUT"]) || defaults.listenTimeoutMs,
  );
  const probes = probesOf(app, listenTimeoutMs);
  const startup = probes?.startup ?? null;
  const defaultKill = Number(caller["PM2_KILL_TIMEOUT"]) || defaults.killTimeoutMs;
  return {
    restart: {
      mode: restartMode,
      minUptimeMs: Math.max(100, number(app, "min_uptime", defaults.minUptimeMs)),
      maxRestarts: number(app, "max_restarts", defaults.maxRestarts),
      restartWindowMs: number(app, "restart_window", defaults.restartWindowMs),
      restartDelayMs: number(app, "restart_delay", defaults.restartDelayMs),
      backoff:
        initialMs === 0
          ? null
          : {
              initialMs,
              factor: number(app, "exp_backoff_restart_factor", defaults.backoffFactor),
              maxMs: number(app, "exp_backoff_restart_max", defaults.backoffMaxMs),
              jitter: number(app, "exp_backoff_restart_jitter", defaults.backoffJitter),
              resetAfterMs: number(
                app,
                "exp_backoff_reset",
                Number(caller["EXP_BACKOFF_RESET_TIMER"]) || defaults.backoffResetMs,
              ),
            },
      stopExitCodes: (app["stop_exit_codes"] as number[] | undefined) ?? [],
      ...(app["success_exit_codes"] === undefined
        ? {}
        : { successExitCodes: app["success_exit_codes"] as number[] }),
      ...(job === undefined ? {} : { job }),
    },
    ...readinessOf(app, mode),
    probes,
    listenTimeoutMs: startup === null ? listenTimeoutMs : longestStartMs(startup),
    ...(app["listen_timeout"] === undefined && startup === null
      ? {}
      : { listenTimeoutIsGiven: true }),
    killTimeoutMs: number(app, "kill_timeout", 0) || defaultKill,
    drain: app["drain"] !== false,
    drainTimeoutMs: number(
      app,
      "drain_timeout",
      Number(caller["PM2_GRACEFUL_TIMEOUT"]) || defaults.drainTimeoutMs,
    ),
    reload: {
      concurrency: number(app, "reload_concurrency", defaults.reloadConcurrency),
      surge: app["reload_surge"] !== false,
    },
  };
}

/** An app's settings as a job; `undefined` for a service. */
function jobOf(app: ReadApp): JobPolicy | undefined {
  if (app["type"] !== "oneshot") return undefined;
  return {
    remainsAfterExit: app["remain_after_exit"] === true,
    runTimeoutMs: number(app, "run_timeout", 0) || null,
  };
}

/** Kubernetes' defaults; a start is asked more often, for as long as `listen_timeout` says. */
function probesOf(app: ReadApp, listenTimeoutMs: number): Probes | null {
  const probe = (name: string, periodMs: number, failures: (periodMs: number) => number) => {
    const read = app[name] as ReadProbe | undefined;
    if (read === undefined) return null;
    const every = read.periodMs ?? periodMs;
    return { ...read, periodMs: every, failureThreshold: read.failureThreshold ?? failures(every) };
  };
  const startup = probe("startup_probe", 500, (everyMs) =>
    Math.max(1, Math.ceil(listenTimeoutMs / everyMs)),
  );
  const readiness = probe("readiness_probe", 10_000, () => 3);
  const liveness = probe("liveness_probe", 10_000, () => 3);
  return startup === null && readiness === null && liveness === null
    ? null
    : { startup, readiness, liveness };
}

/** How long it may take until a startup probe has run out. */
function longestStartMs({
  initialDelayMs,
  periodMs,
  timeoutMs,
  failureThreshold,
}: ProbeSpec): number {
  return Math.min(2 ** 31 - 1, initialDelayMs + failureThreshold * (periodMs + timeoutMs));
}

/** What is wrong with the probes of an app beyond their form. */
export function probeFaults(app: ReadApp, path: string): string[] {
  const faults: string[] = [];
  for (const name of ["startup_probe", "readiness_probe", "liveness_probe"]) {
    const probe = app[name] as ReadProbe | undefined;
    if (probe === undefined) continue;
    const { kind } = probe.check;
    if (name !== "startup_probe" && (kind === "log" || kind === "message"))
      faults.push(`${path}.${name}: ${kind} is valid only in startup_probe`);
    if (name !== "liveness_probe" && (kind === "heartbeat" || kind === "loop"))
      faults.push(
        `${path}.${name}: ${kind === "loop" ? "event_loop" : kind} is valid only in liveness_probe`,
      );
    if (name === "readiness_probe" && probe.graceMs !== undefined)
      faults.push(`${path}.${name}: grace_period is valid only for probes that stop the process`);
    if (name === "liveness_probe" && probe.successThreshold !== 1)
      faults.push(`${path}.${name}: success_threshold must be 1 for a liveness probe`);
  }
  if (
    app["startup_probe"] !== undefined &&
    (app["ready"] !== undefined || app["wait_ready"] === true)
  )
    faults.push(`${path}.startup_probe: cannot be combined with ready or wait_ready`);
  return faults;
}

/** What trips a restart. */
export function sensorsOf(app: ReadApp, cwd: string): SensorSpec {
  const pattern = text(app, "cron_restart");
  const cron = pattern === undefined ? null : splitZone(pattern);
  return {
    maxMemoryBytes: number(app, "max_memory_restart", 0) || null,
    cron: cron?.pattern ?? null,
    cronTimezone: cron && (cron.timezone ?? text(app, "cron_timezone") ?? null),
    ...scheduleOf(app),
    watch: watchOf(app, cwd),
    ...limitsOf(app),
    heartbeatMs: number(app, "heartbeat_timeout", 0) || null,
  };
}

function limitsOf(app: ReadApp): Pick<SensorSpec, "limits"> {
  const limits: LimitSpec = {
    memoryScope: text(app, "max_memory_scope") === "tree" ? "tree" : "main",
    memoryForMs: number(app, "max_memory_for", 0),
    maxCpuPercent: number(app, "max_cpu", 0) || null,
    cpuForMs: number(app, "max_cpu_for", 30_000),
    maxAgeMs: number(app, "max_age", 0) || null,
    ageJitterMs: number(app, "max_age_jitter", 0),
  };
  const isNone =
    limits.memoryScope === "main" &&
    limits.memoryForMs === 0 &&
    limits.maxCpuPercent === null &&
    limits.maxAgeMs === null;
  return isNone ? {} : { limits };
}

/** What PM2 leaves out by itself: dot files and folders, and `node_modules`, wherever they are. */
const ignoredByItself: readonly string[] = ["node_modules", ".*"];

function watchOf(app: ReadApp, cwd: string): WatchSpec | null {
  const { watch } = app;
  if (watch !== true && !Array.isArray(watch)) return null;
  const named = watch === true ? [] : watch.map(String);
  // PM2: a list of nothing is the app's folder, and so is an empty name.
  const paths = named.length === 0 ? [cwd] : named.map((path) => watchedPath(path, cwd));
  const { ignored, ...options } = (app["watch_options"] ?? {}) as ReadWatchOptions;
  return {
    paths,
    ignore: ignored ?? (app["ignore_watch"] as PatternText[] | undefined) ?? ignoredByItself,
    delayMs: Math.max(number(app, "watch_delay", 0), options.settleMs ?? 0),
    options: {
      pollMs: options.pollMs ?? null,
      depth: options.depth ?? null,
      followSymlinks: options.followSymlinks ?? true,
    },
  };
}

/** `!src/deep` leaves out, and stays in front of its path. */
function watchedPath(path: string, cwd: string): string {
  return path.startsWith("!") ? `!${absolute(path.slice(1), cwd)}` : absolute(path, cwd);
}

/** A cluster app serves when it listens; any other program once it runs, unless it says more. */
function readinessOf(
  app: ReadApp,
  mode: AppSpec["mode"],
): Pick<LifecyclePolicy, "readiness" | "probe"> {
  const { ready } = app;
  const startup = app["startup_probe"] as ReadProbe | undefined;
  if (startup !== undefined) {
    return { readiness: startup.check.kind === "message" ? "message" : "probe", probe: null };
  }
  if (typeof ready === "object" && ready !== null) {
    return { readiness: "probe", probe: ready as Probe };
  }
  if (app["wait_ready"] === true) return { readiness: "message", probe: null };
  const otherwise = mode === "cluster" ? "listening" : "spawned";
  return { readiness: (ready ?? otherwise) as ReadinessKind, probe: null };
}
