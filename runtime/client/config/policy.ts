import type {
  AppSpec,
  LifecyclePolicy,
  Probe,
  ReadinessKind,
  PatternText,
  RestartMode,
  SensorSpec,
  WatchSpec,
} from "../../../machines/spec.ts";
import { splitZone } from "../../contract/cron.ts";
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
  const restartMode = (app["restart"] ??
    (app["autorestart"] === false ? "never" : "always")) as RestartMode;
  const defaultKill = Number(caller["PM2_KILL_TIMEOUT"]) || 1_600;
  return {
    restart: {
      mode: restartMode,
      minUptimeMs: Math.max(100, number(app, "min_uptime", 1_000)),
      maxRestarts: number(app, "max_restarts", 16),
      restartWindowMs: number(app, "restart_window", 0),
      restartDelayMs: number(app, "restart_delay", 0),
      backoff:
        initialMs === 0
          ? null
          : {
              initialMs,
              factor: number(app, "exp_backoff_restart_factor", 1.5),
              maxMs: number(app, "exp_backoff_restart_max", 15_000),
              jitter: number(app, "exp_backoff_restart_jitter", 0),
              resetAfterMs: number(
                app,
                "exp_backoff_reset",
                Number(caller["EXP_BACKOFF_RESET_TIMER"]) || 30_000,
              ),
            },
      stopExitCodes: (app["stop_exit_codes"] as number[] | undefined) ?? [],
    },
    ...readinessOf(app, mode),
    listenTimeoutMs: number(
      app,
      "listen_timeout",
      Number(caller["PM2_GRACEFUL_LISTEN_TIMEOUT"]) || 3_000,
    ),
    ...(app["listen_timeout"] === undefined ? {} : { listenTimeoutIsGiven: true }),
    killTimeoutMs: number(app, "kill_timeout", 0) || defaultKill,
    drain: app["drain"] !== false,
    drainTimeoutMs: number(app, "drain_timeout", Number(caller["PM2_GRACEFUL_TIMEOUT"]) || 10_000),
    reload: {
      concurrency: number(app, "reload_concurrency", 1),
      surge: app["reload_surge"] !== false,
    },
  };
}

/** What trips a restart. */
export function sensorsOf(app: ReadApp, cwd: string): SensorSpec {
  const pattern = text(app, "cron_restart");
  const cron = pattern === undefined ? null : splitZone(pattern);
  return {
    maxMemoryBytes: number(app, "max_memory_restart", 0) || null,
    cron: cron?.pattern ?? null,
    cronTimezone: cron && (cron.timezone ?? text(app, "cron_timezone") ?? null),
    watch: watchOf(app, cwd),
    heartbeatMs: number(app, "heartbeat_timeout", 0) || null,
  };
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
  if (typeof ready === "object" && ready !== null) {
    return { readiness: "probe", probe: ready as Probe };
  }
  if (app["wait_ready"] === true) return { readiness: "message", probe: null };
  const otherwise = mode === "cluster" ? "listening" : "spawned";
  return { readiness: (ready ?? otherwise) as ReadinessKind, probe: null };
}
