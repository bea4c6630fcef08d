import { confinementOf, permissionFaults } from "./app-confinement.ts";
import { defaults } from "../../contract/fields/defaults.ts";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { NotifySpec } from "../../../machines/notify-spec.ts";
import type { AppSpec, Scheduling } from "../../../machines/spec.ts";
import { messageOf, XmError, xmError } from "../../contract/errors.ts";
import type { HomePaths } from "../../host/home/paths.ts";
import { userVariables } from "../../host/users.ts";
import { variablesOfFiles, type FileVariables } from "./env-file.ts";
import { mergeEnvironment } from "./environment.ts";
import { unwrapNode } from "./node-command.ts";
import { resolveProgram, type Program } from "./interpreter.ts";
import { baseOf, envFileFolders, scriptBeside, type Places } from "./_places.ts";
import { passthroughOf } from "./passthrough.ts";
import { faultsOf } from "./app-faults.ts";
import { fileName, nameOf } from "./app-names.ts";
import { logsOf } from "./log-files.ts";
import { policyOf, probeFaults, sensorsOf } from "./policy.ts";
import { hookFaults, hooksOf } from "./_hooks.ts";
import { groupOf, significantFaults } from "./_membership.ts";
import { readFields, type ReadApp, type Reading } from "./read-fields.ts";
import { settingsEnvironment } from "./settings.ts";
import { readSettings } from "./settings-file.ts";
import { absolute, text } from "./values.ts";
import { commandInFront, isNode } from "../../host/node-program.ts";
import { origin, place, type RawApp } from "../../contract/fields/raw-app.ts";

export interface ConfigContext {
  readonly home: HomePaths;
  /** What relative paths begin at: where the caller is (PM2). */
  readonly base: string;
  /** The folder of the file: where they begin that are not to be found from `base`. */
  readonly fileFolder?: string | undefined;
  readonly caller: Readonly<Record<string, string | undefined>>;
  /** `--env NAME` */
  readonly environment?: string | undefined;
  /** The variables of `deploy.NAME.env`, below those of `env_NAME`. */
  readonly deployed?: Readonly<Record<string, unknown>> | undefined;
  /** How faults name the place: the file, or `arguments`. */
  readonly source: string;
  /** Receives faults that do not prevent the apps from being used: an unknown field, an undeclared environment. */
  readonly warn?: (line: string) => void;
  /** How many `instances: max` are; the machine's unless a container has fewer. */
  readonly processors?: number | undefined;
  /**
   * Told of an app whose program is not there, and then the others are made without it; otherwise that is a fault
   * as any other.
   */
  readonly leaveOut?: (fault: string) => void;
}

/**
 * Makes specifications of what a user wrote.
 * @throws `ERR_CONFIG_INVALID` with every fault of the file, or the one error of a single app's program.
 */
export async function normalizeApps(
  raw: readonly RawApp[],
  given: ConfigContext,
): Promise<AppSpec[]> {
  const { environment, warn = () => {} } = given;
  const faults: string[] = [];
  /** Apps whose program is not there. */
  const missing: string[] = [];
  const warnings: string[] = [];
  const specs: AppSpec[] = [];
  for (const [index, each] of raw.entries()) {
    const context = contextFor(each, given);
    const path = each?.[place] ?? `apps[${index}]`;
    const { app, written, faults: own, warnings: minor } = readFields(each, path, environment);
    warnings.push(...minor);
    own.push(...(await faultsOf(app, path, context)));
    faults.push(...own);
    if (own.length > 0) continue;
    try {
      const files = variablesOfFiles(app, path, envFileFolders(app, context));
      faults.push(...files.faults);
      warnings.push(...files.warnings);
      const spec = specFrom({ app, written, fromFiles: files.variables }, context);
      faults.push(...probeFaults(app, path), ...permissionFaults(spec, path));
      faults.push(...hookFaults(app, path));
      faults.push(...significantFaults(each, app, path));
      specs.push({ ...spec, ...groupOf(each, app) });
      const isOne = app["exec_mode"] === undefined && spec.instances === 1;
      const command = wantsCluster(app) && !isOne ? commandInFront(spec) : undefined;
      if (command !== undefined)
        warnings.push(`${path}.exec_mode: ${noWorkers(command, spec.mode)}`);
    } catch (error) {
      if (!(error instanceof XmError) || raw.length === 1) throw error;
      const fault = `${path}.script: ${messageOf(error)}`;
      if (context.leaveOut === undefined || !isOfMissing(error)) faults.push(fault);
      else missing.push(fault);
    }
  }
  if (faults.length > 0 || specs.length === 0) {
    // A field with a typo in its name is often why another one is missing.
    throw xmError("ERR_CONFIG_INVALID", {
      file: given.source,
      faults: [...faults, ...missing, ...warnings],
    });
  }
  for (const each of missing) given.leaveOut?.(each);
  const isDeclared = (app: RawApp): boolean => `env_${environment}` in app;
  if (environment !== undefined && given.deployed === undefined && !raw.some(isDeclared)) {
    warnings.push(`no app declares env_${environment}: --env ${environment} changes nothing`);
  }
  for (const each of warnings) warn(`${given.source}: ${each}`);
  return specs;
}

/** An app of a file that is included has its paths from there. */
function contextFor(app: RawApp, context: ConfigContext): ConfigContext {
  const folder = app?.[origin]?.folder;
  return folder === undefined ? context : { ...context, base: folder, fileFolder: folder };
}

/** A program that may come yet, such as one that is still being built; a fault of the file stays one. */
function isOfMissing({ code }: XmError): boolean {
  return ["ERR_SCRIPT_NOT_FOUND", "ERR_INTERPRETER_NOT_FOUND", "ERR_NODE_NOT_INSTALLED"].includes(
    code,
  );
}

/** The names that the apps of a file have, whether or not they could be started now. */
export function namesOfApps(
  raw: readonly RawApp[],
  context: Pick<ConfigContext, "environment">,
): string[] {
  return raw.map((each) => nameOf(readFields(each, "", context.environment).app, context));
}

interface AppReading extends Pick<Reading, "app" | "written"> {
  /** The variables of its `env_file`. */
  readonly fromFiles: FileVariables["variables"];
}

function specFrom(reading: AppReading, context: ConfigContext): AppSpec {
  const { app, fromFiles } = reading;
  const { caller, environment } = context;
  const base = baseOf(app, context);
  const cwd = absolute(text(app, "cwd") ?? base, base);
  const isCluster = text(app, "exec_mode")?.startsWith("cluster") === true;
  const program = programOf(isCluster ? unwrapNode(app) : app, { base, cwd }, context, fromFiles);
  const name = nameOf(app, context);
  const mode = modeOf(app, program);
  const port = app["port"] === undefined ? {} : { PORT: app["port"] };
  const mergeLogs = mergesLogs(app, mode);
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
        { PWD: cwd, ...userVariables(userOf(app)), ...program.env },
        fromFiles,
        app["env"] as Record<string, unknown>,
        // PM2: the field wins over `env`.
        port,
        context.deployed,
        environment === undefined
          ? undefined
          : (app[`env_${environment}`] as Record<string, unknown>),
        // PM2: what was set for the app wins over the file.
        settingsEnvironment(readSettings(context.home.settings), name),
      ],
    }),
    instances: instancesOf(app["instances"] as number | undefined, context.processors),
    mode,
    scheduling: (text(app, "scheduling") ?? "shared") as Scheduling,
    mergeLogs,
    logs: logsOf(app, { name, cwd, home: context.home, mergeLogs }),
    pidFile: absolute(
      text(app, "pid_file") ?? join(context.home.pids, `${fileName(name, context.home)}.pid`),
      cwd,
    ),
    instanceVariable: text(app, "instance_var") ?? "NODE_APP_INSTANCE",
    incrementVariable: text(app, "increment_var") ?? null,
    sourceMaps: sourceMapsOf(app),
    stopSignal: text(app, "kill_signal") ?? (caller["PM2_KILL_SIGNAL"] || usualSignal(app)),
    stopWithMessage:
      app["shutdown_with_message"] === true || caller["PM2_KILL_USE_MESSAGE"] === "true",
    killsTree: app["treekill"] !== false,
    uid: userOf(app),
    gid: (app["gid"] as string | number | undefined) ?? null,
    umask: umaskOf(app),
    ...confinementOf(app, cwd),
    // What has a schedule waits for its time.
    autostart: app["autostart"] !== false && app["schedule"] === undefined,
    dependsOn: (app["depends_on"] as AppSpec["dependsOn"] | undefined) ?? [],
    ...(app["notify"] === undefined ? {} : { notify: app["notify"] as readonly NotifySpec[] }),
    ...hooksOf(app),
    policy: policyOf(app, { caller, mode }),
    sensors: sensorsOf(app, cwd),
    passthrough: passthroughOf(reading, environment),
  };
}

/** PM2: an app that says how many processes it wants is a cluster; what is not Node cannot be one. */
function modeOf(app: ReadApp, { interpreter }: Program): AppSpec["mode"] {
  if (app["execute_command"] === true || app["type"] === "oneshot") return "fork";
  return wantsCluster(app) && isNode(interpreter) ? "cluster" : "fork";
}

/**
 * PM2: a process without `instances` shares its files with no other, however far it is scaled; and as many as there
 * are processors share them, unless a mode is named.
 */
function mergesLogs(app: ReadApp, mode: AppSpec["mode"]): boolean {
  if (app["merge_logs"] !== undefined) return app["merge_logs"] === true;
  const instances = app["instances"];
  return (
    (mode === "fork" && instances === undefined) ||
    (app["exec_mode"] === undefined && instances === 0)
  );
}

function wantsCluster(app: ReadApp): boolean {
  const wanted = text(app, "exec_mode") ?? (app["instances"] === undefined ? "fork" : "cluster");
  return wanted.startsWith("cluster");
}

function noWorkers(command: string, mode: AppSpec["mode"]): string {
  const what =
    mode === "fork"
      ? "it runs in fork mode, each process needs a port of its own, and a reload interrupts service"
      : "only the command becomes a worker, each process needs a port of its own, and a reload needs a second port";
  return `${command} starts the app as a process of its own, which cannot be a worker of a cluster: ${what}; name the file of the app itself for a cluster`;
}

function userOf(app: ReadApp): string | number | null {
  return (app["uid"] as string | number | undefined) ?? null;
}

/** PM2's for a service; a job is a program of the command line, which is ended as systemd and Kubernetes do it. */
const usualSignal = (app: ReadApp): string =>
  app["type"] === "oneshot" ? defaults.jobKillSignal : defaults.killSignal;

/** In octal; the caller's, as for what a shell starts. */
function umaskOf(app: ReadApp): number {
  const own = text(app, "umask");
  return own === undefined ? process.umask() : Number.parseInt(own.replace(/^0o/, ""), 8);
}

/** By default, PM2 looks for a source map beside the script. */
function sourceMapsOf(app: ReadApp): boolean | null {
  if (app["disable_source_map_support"] === true) return false;
  const wanted = app["source_map_support"];
  return typeof wanted === "boolean" ? wanted : null;
}

function programOf(
  app: ReadApp,
  { base, cwd }: Places,
  { caller, fileFolder }: ConfigContext,
  fromFiles: FileVariables["variables"],
): Program {
  return resolveProgram({
    script: scriptBeside(app, { base, cwd }, fileFolder !== undefined),
    args: (app["args"] as string[] | undefined) ?? [],
    cwd,
    interpreter: text(app, "interpreter"),
    interpreterArgs: (app["node_args"] as string[] | undefined) ?? [],
    nodeOptions: nodeOptionsOf(app, { ...caller, ...fromFiles }),
    variables: caller,
  });
}

function nodeOptionsOf(app: ReadApp, caller: ConfigContext["caller"]): string | undefined {
  const own = (app["env"] as Readonly<Record<string, unknown>> | undefined)?.["NODE_OPTIONS"];
  return typeof own === "string" ? own : caller["NODE_OPTIONS"];
}

function instancesOf(wanted: number | undefined, processors = availableParallelism()): number {
  if (wanted === undefined) return 1;
  return wanted > 0 ? wanted : Math.max(1, processors + wanted);
}
