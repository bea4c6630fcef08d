import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, extname, join } from "node:path";
import type { AppSpec, Scheduling } from "../../machines/spec.ts";
import { messageOf, XmError, xmError } from "../errors.ts";
import type { HomePaths } from "../home/paths.ts";
import { hasReusePort } from "../links/reuse-port.ts";
import { mergeEnvironment } from "./environment.ts";
import { fieldsByName } from "./fields.ts";
import { isNode, resolveProgram, type Program } from "./interpreter.ts";
import { policyOf, sensorsOf } from "./policy.ts";
import { readFields, type RawApp, type ReadApp } from "./read-fields.ts";
import { absolute, expandHome, text } from "./values.ts";

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
    if (
      app["scheduling"] === "reuse-port" &&
      isThisNode(app) &&
      !hasReusePort(process.versions.node)
    ) {
      own.push(
        `${path}.scheduling: "reuse-port" needs Node 22.12, 23.1 or newer, and this is ${process.version}; "shared" is the next best`,
      );
    }
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
  const mode = modeOf(app, program);
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
    scheduling: (text(app, "scheduling") ?? "shared") as Scheduling,
    mergeLogs: app["merge_logs"] === true,
    logs: logsOf(app, { name, cwd, home: context.home }),
    pidFile: absolute(
      text(app, "pid_file") ?? join(context.home.pids, `${fileName(name)}.pid`),
      cwd,
    ),
    instanceVariable: text(app, "instance_var") ?? "NODE_APP_INSTANCE",
    incrementVariable: text(app, "increment_var") ?? null,
    sourceMaps: sourceMapsOf(app),
    stopSignal: text(app, "kill_signal") ?? caller["PM2_KILL_SIGNAL"] ?? "SIGINT",
    stopWithMessage:
      app["shutdown_with_message"] === true || caller["PM2_KILL_USE_MESSAGE"] === "true",
    killsTree: app["treekill"] !== false,
    uid: (app["uid"] as string | number | undefined) ?? null,
    gid: (app["gid"] as string | number | undefined) ?? null,
    autostart: app["autostart"] !== false,
    policy: policyOf(app, { caller, mode }),
    sensors: sensorsOf(app, cwd),
    passthrough: passthroughOf(app),
  };
}

/** PM2: an app that says how many processes it wants is a cluster; what is not Node cannot be one. */
function modeOf(app: ReadApp, { interpreter }: Program): AppSpec["mode"] {
  const wanted = text(app, "exec_mode") ?? (app["instances"] === undefined ? "fork" : "cluster");
  return wanted.startsWith("cluster") && isNode(interpreter) ? "cluster" : "fork";
}

function isThisNode(app: ReadApp): boolean {
  const wanted = text(app, "interpreter");
  return wanted === undefined || wanted === "node";
}

/** PM2 looks for a map beside the script unless it is told. */
function sourceMapsOf(app: ReadApp): boolean | null {
  if (app["disable_source_map_support"] === true) return false;
  const wanted = app["source_map_support"];
  return typeof wanted === "boolean" ? wanted : null;
}

function programOf(app: ReadApp, cwd: string, { base, caller }: ConfigContext): Program {
  const script = expandHome(String(app["script"]));
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
  const file = (value: string | undefined, otherwise: string): string | null => {
    const path = value ?? otherwise;
    return path === "NULL" || path === "/dev/null" ? null : absolute(path, cwd);
  };
  const logs = (suffix: string): string => join(paths.logs, `${fileName(name)}${suffix}.log`);
  const isOff = app["disable_logs"] === true;
  const own = {
    out: file(text(app, "out_file"), logs("-out")),
    error: file(text(app, "error_file"), logs("-error")),
  };
  const both = app["log_file"];
  const isNamed = typeof both === "string" && both !== "";
  const hasBoth = both === true || both === "";
  const combined = isNamed ? file(both, "") : hasBoth ? logs("") : null;
  return {
    out: isOff ? null : own.out,
    error: isOff ? null : own.error,
    combined: isOff ? null : combined,
    type: app["log_type"] === "json" ? "json" : "plain",
    dateFormat: text(app, "log_date_format") || (app["time"] === true ? timeFormat : null),
  };
}

/** PM2's `time: true`. */
const timeFormat = "YYYY-MM-DDTHH:mm:ss";

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

/** A name as part of a file name. */
function fileName(name: string): string {
  return name.replaceAll(/[\s/\\]+/g, "-");
}
