import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { callerAfter } from "../config/environment.ts";
import { loadEcosystem, normalizeApps, type RawApp } from "../config/index.ts";
import { ecosystemFrom, groupsIn, isEcosystemFile, type Ecosystem } from "../config/load.ts";
import { namesOfApps, type ConfigContext } from "../config/normalize.ts";
import { chosenProfiles, isInProfiles } from "../config/profiles.ts";
import { servedScript } from "../config/serve.ts";
import { xmError } from "../../contract/errors.ts";
import { homePaths } from "../../host/home/paths.ts";
import type { Startable } from "./types.ts";

/** Where a call is made: what relative paths begin at, and whose daemon it is for. */
export interface Place {
  readonly cwd: string;
  readonly home: string;
}

/** Whether a word is the name of an ecosystem file that is there. */
export function isConfiguration(word: string, { cwd }: Place): boolean {
  return isEcosystemFile(word) && existsSync(resolve(cwd, word));
}

/**
 * The apps of a file, of an object, of several, or of a script with options.
 * @param options of a file or an object: `env` is the NAME of `env_NAME`, `only` the names of some apps; of a script:
 * its fields.
 * @throws `ERR_CONFIG_INVALID` with every fault, `ERR_CONFIG_UNREADABLE`, `ERR_SCRIPT_NOT_FOUND`.
 */
export async function appsFrom(what: Startable, options: RawApp, place: Place): Promise<AppSpec[]> {
  const { cwd } = place;
  if (!isDeclaration(what, place)) {
    const app = { ...rawFrom(options), script: typeof what === "object" ? "" : String(what) };
    return normalize([app], { place, caller: process.env, source: callOf("start") });
  }
  const { apps, variables, deployed, warnings } = await declared(what, place);
  const names = namesIn(options["only"]);
  const profiles = chosenProfiles(options["profiles"], process.env);
  const chosen = apps.filter((app) =>
    names === undefined ? isInProfiles(app, profiles) : names.includes(String(app["name"])),
  );
  const { env } = options;
  const environment = typeof env === "string" ? env : undefined;
  for (const each of warnings) process.emitWarning(each, "XmWarning");
  const file = typeof what === "string" ? resolve(cwd, what) : undefined;
  return normalize(chosen, {
    place,
    caller: callerAfter(process.env, variables),
    source: file ?? callOf("start"),
    environment,
    deployed: environment === undefined ? undefined : deployed[environment],
    ...(file === undefined ? {} : { fileFolder: dirname(file) }),
  });
}

/** The names of the apps of a file or an object, whether or not they could be started now. */
export async function namesFrom(what: Startable, options: RawApp, place: Place): Promise<string[]> {
  const { env } = options;
  const { apps } = await declared(what, place);
  return namesOfApps(apps, { environment: typeof env === "string" ? env : undefined });
}

/** Whether a target declares apps: an object, a list of them, or a file that is there. */
export function isDeclaration(what: Startable, place: Place): boolean {
  return typeof what === "object" || isConfiguration(String(what), place);
}

async function declared(what: Startable, { cwd }: Place): Promise<Ecosystem> {
  if (typeof what !== "object") return loadEcosystem(resolve(cwd, String(what)));
  const apps = listOf(what).map((app) => servedScript(rawFrom(app)));
  return ecosystemFrom(apps, groupsIn(what), { file: callOf("start"), folder: cwd });
}

/** The apps of an object: itself, a list, `{ apps }`, which may be one. */
export function listOf(what: object): RawApp[] {
  const list = "apps" in what ? what.apps : what;
  return (Array.isArray(list) ? list : [list]).filter(Boolean) as RawApp[];
}

function namesIn(only: unknown): readonly unknown[] | undefined {
  const names: unknown = typeof only === "string" ? only.split(",") : only;
  return Array.isArray(names) ? names : undefined;
}

const callOf = (method: string): string => `the call of ${method}()`;

function normalize(
  apps: readonly RawApp[],
  options: Omit<ConfigContext, "home" | "base"> & { readonly place: Place },
): Promise<AppSpec[]> {
  const { place, ...context } = options;
  if (apps.length === 0) {
    const faults = ["it has no app to start"];
    throw xmError("ERR_CONFIG_INVALID", { file: context.source, faults });
  }
  return normalizeApps(apps, { ...contextAt(place), ...context });
}

/** What the apps of a program's call are read with. What is ignored is reported as a process warning. */
export function contextAt({ cwd, home }: Place): Pick<ConfigContext, "home" | "base" | "warn"> {
  const warn = (line: string): void => {
    process.emitWarning(line, "XmWarning");
  };
  return { home: homePaths(home), base: cwd, warn };
}

/**
 * Without the options of the call itself, and with the names that the methods of PM2's API have for
 * arguments: `scriptArgs`, and `rawArgs`, whose own follow `--`.
 */
export function rawFrom({ force: _force, updateEnv: _update, ...app }: RawApp): RawApp {
  const { scriptArgs, rawArgs, ...fields } = app;
  const words = Array.isArray(rawArgs) ? rawArgs : undefined;
  const after = words?.includes("--") === true ? words.slice(words.indexOf("--") + 1) : undefined;
  const args = fields["args"] ?? scriptArgs ?? after;
  const all = args === undefined ? fields : { ...fields, args };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
