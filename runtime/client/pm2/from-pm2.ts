import type { AppSpec, LogFile } from "../../../machines/spec.ts";
import { callerVariables } from "../config/environment.ts";
import { fieldsByName } from "../../contract/fields/fields.ts";
import { normalizeApps } from "../config/normalize.ts";
import { messageOf } from "../../contract/errors.ts";
import type { HomePaths } from "../../host/home/paths.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

/** What PM2 keeps of a process: its configuration, its state and its environment in one object. */
type Pm2Env = Readonly<Record<string, unknown>>;

/**
 * Makes specifications of PM2's entries (`dump.pm2`, or `pm2_env` of its `jlist`). The entries of one app become its
 * processes; one whose processes were all stopped stays stopped. Environment, log files and policy are kept.
 * @returns a note for each app that cannot be made, with the reason.
 */
export async function specsFromPm2(
  entries: readonly unknown[],
  home: HomePaths,
): Promise<{ apps: AppSpec[]; notes: string[] }> {
  const apps: AppSpec[] = [];
  const notes: string[] = [];
  const groups = new Map<string, Pm2Env[]>();
  for (const [index, entry] of entries.entries()) {
    if (!isPm2Env(entry)) {
      notes.push(`entry ${index} has no name and no script: it is skipped`);
      continue;
    }
    const key = JSON.stringify([entry["namespace"] ?? "default", entry["name"]]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  for (const group of groups.values()) {
    const name = String(group[0]?.["name"]);
    try {
      apps.push(await specOf(group, home));
    } catch (error) {
      notes.push(`${name} is skipped: ${messageOf(error)}`);
    }
  }
  return { apps, notes };
}

async function specOf(group: readonly Pm2Env[], home: HomePaths): Promise<AppSpec> {
  const [first = {}] = group;
  const environment = environmentOf(first);
  const [spec] = await normalizeApps([rawAppOf(group, environment)], {
    home,
    base: typeof first["pm_cwd"] === "string" ? first["pm_cwd"] : "/",
    caller: environment,
    source: `PM2's entry of ${String(first["name"])}`,
  });
  if (spec === undefined) throw new Error("it has no app");
  const numbered = (Object.keys(logPaths) as LogFile[]).filter((file) =>
    isNumbered(group.map((each) => each[logPaths[file]])),
  );
  return { ...spec, logs: { ...spec.logs, numbered } };
}

/** Where PM2 keeps which of the files. */
const logPaths: Readonly<Record<LogFile, string>> = {
  out: "pm_out_log_path",
  error: "pm_err_log_path",
  combined: "pm_log_path",
};

/** PM2's names for what it has resolved, and the fields they come from. */
const resolvedFields = {
  pm_exec_path: "script",
  pm_cwd: "cwd",
  exec_interpreter: "interpreter",
  exec_mode: "exec_mode",
} as const;

/** Read elsewhere, or done already when PM2 wrote its entry. */
const skippedFields: readonly string[] = [
  "env",
  "filter_env",
  "instances",
  "autostart",
  "out_file",
  "error_file",
  "log_file",
  "pid_file",
  "name_prefix",
  "append_env_to_name",
  "increment_var",
];

function rawAppOf(group: readonly Pm2Env[], environment: Readonly<Record<string, string>>): RawApp {
  const [first = {}] = group;
  const raw: Record<string, unknown> = {};
  for (const name of fieldsByName.keys()) {
    const value = first[name];
    if (value === undefined || value === null || skippedFields.includes(name)) continue;
    // PM2 lays the environment over its own fields: a variable is not a setting.
    if (name !== "name" && typeof value === "string" && environment[name] === value) continue;
    raw[name] = value;
  }
  for (const [pm2Name, field] of Object.entries(resolvedFields)) raw[field] = first[pm2Name];
  const log = (file: LogFile): unknown => commonLog(group.map((each) => each[logPaths[file]]));
  return {
    ...raw,
    instances: group.length,
    autostart: group.some(({ status }) => status !== "stopped"),
    out_file: log("out"),
    error_file: log("error"),
    log_file: log("combined"),
  };
}

/** `/logs/api-out-3.log` and `/logs/api-out-4.log` → `/logs/api-out.log`: the id is put in again for each process. */
function commonLog(paths: readonly unknown[]): unknown {
  return isNumbered(paths) ? baseOf(paths[0]) : paths[0];
}

/** Whether each has a file of its own, which differ by their ids alone. */
function isNumbered(paths: readonly unknown[]): boolean {
  const [first] = paths;
  if (typeof first !== "string" || paths.every((path) => path === first)) return false;
  return paths.every((path) => baseOf(path) === baseOf(first));
}

function baseOf(path: unknown): string {
  return String(path).replace(/-\d+(\.\w+)?$/, "$1");
}

/** The app's own variables: without those by which PM2 tells a process who it is. */
function environmentOf(entry: Pm2Env): Record<string, string> {
  const { env } = entry;
  const given = (typeof env === "object" && env !== null ? env : {}) as Record<string, unknown>;
  const texts = Object.entries(given).flatMap(([name, value]): [string, string][] => {
    const isPm2s = ["PM2_USAGE", "PM2_HOME", "PM2_JSON_PROCESSING", "unique_id"].includes(name);
    // The app's settings (`module_conf.json`), which are passed again at each start.
    const isSettings = name === entry["name"] && typeof value === "string" && value.startsWith("{");
    if (isPm2s || isSettings || value === null || value === undefined) return [];
    return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
  });
  return callerVariables(Object.fromEntries(texts));
}

function isPm2Env(entry: unknown): entry is Pm2Env {
  if (typeof entry !== "object" || entry === null) return false;
  const { name, pm_exec_path: script } = entry as Record<string, unknown>;
  return typeof name === "string" && typeof script === "string";
}
