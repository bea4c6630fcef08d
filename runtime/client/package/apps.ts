import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AppSpec } from "../../../machines/spec.ts";
import { loadEcosystem, normalizeApps, type RawApp } from "../config/index.ts";
import { isEcosystemFile } from "../config/load.ts";
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
 * @param options of a file: `env` is the NAME of `env_NAME`, `only` the names of some apps; of a script: its fields.
 * @throws `ERR_CONFIG_INVALID` with every fault, `ERR_CONFIG_UNREADABLE`, `ERR_SCRIPT_NOT_FOUND`.
 */
export async function appsFrom(what: Startable, options: RawApp, place: Place): Promise<AppSpec[]> {
  const { cwd } = place;
  if (typeof what === "string" && isConfiguration(what, place)) {
    const file = resolve(cwd, what);
    const { env, only } = options;
    const names = typeof only === "string" ? only.split(",") : only;
    const apps = (await loadEcosystem(file)).filter(
      ({ name }) => !Array.isArray(names) || names.includes(name),
    );
    const environment = typeof env === "string" ? env : undefined;
    return normalize(apps, { place, base: dirname(file), source: file, environment });
  }
  const source = "the call of start()";
  if (typeof what === "object") {
    const list = Array.isArray(what) ? what : isList(what) ? what.apps : [what];
    const apps = list.map((app) => servedScript(rawFrom(app as RawApp)));
    return normalize(apps, { place, base: cwd, source });
  }
  return normalize([{ ...rawFrom(options), script: String(what) }], { place, base: cwd, source });
}

function normalize(
  apps: readonly RawApp[],
  options: { place: Place; base: string; source: string; environment?: string | undefined },
): Promise<AppSpec[]> {
  const { place, base, source, environment } = options;
  if (apps.length === 0) {
    throw xmError("ERR_CONFIG_INVALID", { file: source, faults: ["it has no app to start"] });
  }
  const home = homePaths(place.home);
  return normalizeApps(apps, { home, base, caller: process.env, environment, source });
}

function isList(what: object): what is { apps: RawApp[] } {
  return "apps" in what && Array.isArray(what.apps);
}

/** Without what is said to the call and not of the app. */
function rawFrom({ force: _force, updateEnv: _update, ...app }: RawApp): RawApp {
  return Object.fromEntries(Object.entries(app).filter(([, value]) => value !== undefined));
}
