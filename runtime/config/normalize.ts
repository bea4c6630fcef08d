import { existsSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import type { AppSpec, LifecyclePolicy, RestartMode, SensorSpec } from "../../machines/spec.ts";
import { messageOf, XmError, xmError } from "../errors.ts";
import type { HomePaths } from "../home/paths.ts";
import { mergeEnvironment } from "./environment.ts";
import { fieldsByName } from "./fields.ts";
import { resolveProgram, type Program } from "./interpreter.ts";
import { readFields, type RawApp, type ReadApp } from "./read-fields.ts";

export interface ConfigContext {
  readonly home: HomePaths;
  /** What relative paths begin at: the folder of the file, or where the caller is. */
  readonly base: string;
  readonly caller: Readonly<Record<string, string | undefined>>;
  /** `--env NAME` */
  readonly environment?: string | undefined;
  /** How faults name the place: the file, or `arguments`. */
  readonly source: string;
}

/**
 * Makes specifications of what a user wrote.
 * @throws `ERR_CONFIG_INVALID` with every fault of the file, or the one error of a single app's program.
 */
export async function normalizeApps(
  raw: readonly RawApp[],
  context: ConfigContext,
): Promise<AppSpec[]> {
  const faults: string[] = [];
  const specs: AppSpec[] = [];
  for (const [index, each] of raw.entries()) {
    const path = `apps[${index}]`;
    const { app, faults: own } = readFields(each, path);
    if (app["script"] === undefined)
      own.push(`${path}.script: expected a file or a command, got nothing`);
    if (app["autorestart"] === true && app["restart"] === "never") {
      own.push(`${path}.autorestart: true contradicts restart: "never"`);
    }
    own.push(...(await cronFaults(app["cron_restart"], path)));
    faults.push(...own);
    if (own.length > 0) continue;
    try {
      const spec = specFrom(app, context);
      specs.push(spec);
      for (const watched of spec.sensors.watch?.paths ?? []) {
        if (!existsSync(watched)) faults.push(`${path}.watch: ${watched} does not exist`);
      }
    } catch (error) {
      if (!(error instanceof XmError) || raw.length === 1) throw error;
      faults.push(`${path}.script: ${messageOf(error)}`);
    }
  }
  if (faults.length > 0) throw xmError("ERR_CONFIG_INVALID", { file: context.source, faults });
  return specs;
}

function specFrom(app: ReadApp, context: ConfigContext): AppSpec {
  const { caller, environment } = context;
  const cwd = absolute(text(app, "cwd") ?? context.base, context.base);
  const program = programOf(app, cwd, context);
  const name = nameOf(app, context);
  const mode = text(app, "exec_mode")?.startsWith("cluster") === true ? "cluster" : "fork";
  const port = app["port"] === undefined ? {} : { PORT: app["port"] };
  return {
    name,
    namespace: text(app, "namespace") ?? "default",
    script: program.script,
    args: program.args,
    cwd,
    interpreter: program.interpreter,
    interpreterArgs: program.interpreterArgs,
    env: mergeEnvironment({
      caller,
      filter: app["filter_env"],
      layers: [
        { PWD: cwd, ...program.env },
        port,
        app["env"] as Record<string, unknown>,
        environment === undefined
          ? undefined
          : (app[`env_${environment}`] as Record<string, unknown>),
      ],
    }),
    instances: instancesOf(app["instances"] as number | undefined),
    mode,
    mergeLogs: app["merge_logs"] === true,
    logs: logsOf(app, { name, cwd, home: context.home }),
    pidFile: absolute(
      text(app, "pid_file") ?? join(context.home.pids, `${fileName(name)}.pid`),
      cwd,
    ),
    instanceVariable: text(app, "instance_var") ?? "NODE_APP_INSTANCE",
    stopSignal: text(app, "kill_signal") ?? caller["PM2_KILL_SIGNAL"] ?? "SIGINT",
    stopWithMessage:
      app["shutdown_with_message"] === true || caller["PM2_KILL_USE_MESSAGE"] === "true",
    killsTree: app["treekill"] !== false,
    uid: (app["uid"] as string | number | undefined) ?? null,
    gid: (app["gid"] as string | number | undefined) ?? null,
    autostart: app["autostart"] !== false,
    policy: policyOf(app, caller),
    sensors: sensorsOf(app, cwd),
    passthrough: passthroughOf(app),
  };
}

function programOf(app: ReadApp, cwd: string, { base, caller }: ConfigContext): Program {
  const script = home(String(app["script"]));
  return resolveProgram({
    // A file is named from where the configuration is; one that is only in `cwd` is found there.
    script,
    args: (app["args"] as string[] | undefined) ?? [],
    cwd: app["cwd"] === undefined ? base : cwd,
    interpreter: text(app, "interpreter"),
    interpreterArgs: (app["node_args"] as string[] | undefined) ?? [],
    path: caller["PATH"],
  });
}

function nameOf(app: ReadApp, { environment }: ConfigContext): string {
  const script = String(app["script"]);
  const first = script.split(/\s/)[0] ?? script;
  const own = text(app, "name") ?? basename(first, extname(first));
  const suffix =
    app["append_env_to_name"] === true && environment !== undefined ? `-${environment}` : "";
  return `${text(app, "name_prefix") ?? ""}${own}${suffix}`;
}

function instancesOf(wanted: number | undefined): number {
  if (wanted === undefined) return 1;
  return wanted > 0 ? wanted : Math.max(1, availableParallelism() + wanted);
}

function logsOf(
  app: ReadApp,
  place: { name: string; cwd: string; home: HomePaths },
): AppSpec["logs"] {
  const { name, cwd, home: paths } = place;
  if (app["disable_logs"] === true) return { out: null, error: null };
  const file = (value: string | undefined, otherwise: string): string | null => {
    const path = value ?? otherwise;
    return path === "NULL" || path === "/dev/null" ? null : absolute(path, cwd);
  };
  const both = typeof app["log_file"] === "string" ? app["log_file"] : undefined;
  return {
    out: file(text(app, "out_file") ?? both, join(paths.logs, `${fileName(name)}-out.log`)),
    error: file(text(app, "error_file") ?? both, join(paths.logs, `${fileName(name)}-error.log`)),
  };
}

function policyOf(app: ReadApp, caller: ConfigContext["caller"]): LifecyclePolicy {
  const initialMs = number(app, "exp_backoff_restart_delay", 0);
  const mode = (app["restart"] ??
    (app["autorestart"] === false ? "never" : "always")) as RestartMode;
  const defaultKill = Number(caller["PM2_KILL_TIMEOUT"]) || 1_600;
  return {
    restart: {
      mode,
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
    readiness: app["wait_ready"] === true || app["ready"] === "message" ? "message" : "spawned",
    listenTimeoutMs: number(
      app,
      "listen_timeout",
      Number(caller["PM2_GRACEFUL_LISTEN_TIMEOUT"]) || 3_000,
    ),
    killTimeoutMs: number(app, "kill_timeout", 0) || defaultKill,
  };
}

function sensorsOf(app: ReadApp, cwd: string): SensorSpec {
  const { watch } = app;
  const paths =
    watch === true
      ? [cwd]
      : Array.isArray(watch)
        ? watch.map((path) => absolute(String(path), cwd))
        : null;
  return {
    maxMemoryBytes: (app["max_memory_restart"] as number | undefined) ?? null,
    cron: text(app, "cron_restart") ?? null,
    watch: paths && {
      paths,
      ignore: (app["ignore_watch"] as string[] | undefined) ?? ["node_modules", ".*"],
      delayMs: number(app, "watch_delay", 0),
    },
  };
}

/** Fields that change nothing here but that scripts read back. */
function passthroughOf(app: ReadApp): Record<string, unknown> {
  const kept = Object.entries(app).filter(
    ([name]) => fieldsByName.get(name)?.group === "Kept for scripts",
  );
  return Object.fromEntries(kept);
}

async function cronFaults(pattern: unknown, path: string): Promise<string[]> {
  if (typeof pattern !== "string") return [];
  const { Cron } = await import("croner");
  try {
    new Cron(pattern, { paused: true }).stop();
    return [];
  } catch (error) {
    return [
      `${path}.cron_restart: expected a cron pattern such as "0 3 * * *", got "${pattern}" (${messageOf(error)})`,
    ];
  }
}

function text(app: ReadApp, name: string): string | undefined {
  const value = app[name];
  return typeof value === "string" ? value : undefined;
}

function number(app: ReadApp, name: string, otherwise: number): number {
  const value = app[name];
  return typeof value === "number" ? value : otherwise;
}

function absolute(path: string, base: string): string {
  return resolve(base, home(path));
}

function home(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** A name as part of a file name. */
function fileName(name: string): string {
  return name.replaceAll(/[\s/\\]+/g, "-");
}
