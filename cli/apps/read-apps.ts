import { plain } from "../../runtime/contract/plain.ts";
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AppSpec } from "../../machines/spec.ts";
import { chosenProfiles, isInProfiles, profilesOf } from "../../runtime/client/config/profiles.ts";
import { callerAfter } from "../../runtime/client/config/environment.ts";
import { readDependencies } from "../../runtime/client/config/_dependencies.ts";
import { loadEcosystem, normalizeApps, parseEcosystem } from "../../runtime/client/config/index.ts";
import type { Ecosystem } from "../../runtime/client/config/load.ts";
import { namesOfApps, type ConfigContext } from "../../runtime/client/config/normalize.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import { homePaths, resolveHome } from "../../runtime/host/home/paths.ts";
import { logicalCwd } from "../../runtime/host/logical-cwd.ts";
import { globals } from "../call/globals.ts";
import { paint } from "../render/colors.ts";
import type { RawApp } from "../../runtime/contract/fields/raw-app.ts";

export interface ReadOptions {
  /** `--env NAME` */
  readonly environment?: string | undefined;
  /** `--only NAME,NAME` */
  readonly only?: string | undefined;
  /** `--profile NAME,NAME` */
  readonly profile?: string | undefined;
  /** Of `--only`: with the apps of the file that those depend on. */
  readonly takesNeeded?: boolean;
  /** Fields given as flags; they win over the file's. */
  readonly overrides?: RawApp;
  /** What an app gets in addition to its file and the flags. */
  readonly complete?: (app: RawApp) => RawApp;
  /** How many `instances: max` are. */
  readonly processors?: number;
  /** Told of apps whose program is not there; the others are read without them. */
  readonly leaveOut?: (fault: string) => void;
}

/** The apps of an ecosystem file, or of stdin for `-`. */
export async function readApps(target: string, options: ReadOptions): Promise<AppSpec[]> {
  const { apps: raw, variables, deployed, warnings } = await chosenApps(target, options);
  for (const each of warnings) warn(`${target === "-" ? "stdin" : target}: ${each}`);
  const { environment } = options;
  const isInput = target === "-";
  const file = resolve(logicalCwd(), target);
  // A name shared by several apps does not name one app.
  const { name, ...others } = options.overrides ?? {};
  const overrides = raw.length === 1 && name !== undefined ? { ...others, name } : others;
  const { complete = (app: RawApp) => app, processors } = options;
  return normalizeApps(
    raw.map((app) => complete({ ...app, ...overrides })),
    {
      ...contextOf(isInput ? "stdin" : file),
      processors,
      caller: callerAfter(process.env, variables),
      fileFolder: isInput ? undefined : dirname(file),
      environment,
      deployed: environment === undefined ? undefined : deployed[environment],
      ...(options.leaveOut === undefined ? {} : { leaveOut: options.leaveOut }),
    },
  );
}

/** The names of an ecosystem file's apps, whether or not they could be started now. */
export async function readNames(target: string, options: ReadOptions): Promise<string[]> {
  const { apps } = await chosenApps(target, { ...options, profile: options.profile ?? "*" });
  return namesOfApps(apps, { environment: options.environment });
}

/** What a file holds, with those of its apps that `--only` names. */
async function chosenApps(
  target: string,
  { only, environment, profile, takesNeeded = false }: ReadOptions,
): Promise<Ecosystem> {
  const source = target === "-" ? "stdin" : target;
  if (target === "") {
    const what = 'expected the path of a file, got ""';
    throw xmError("ERR_USAGE", { what, fix: "for example `xm start ecosystem.config.js`" });
  }
  const ecosystem =
    target === "-"
      ? await parseEcosystem(await readInput(), source)
      : await loadEcosystem(resolve(logicalCwd(), target));
  const { apps: raw } = ecosystem;
  const wanted = only?.split(",").map((each) => each.trim());
  const names = namesOfApps(raw, { environment });
  const profiles = chosenProfiles(profile, process.env);
  // An app that is named belongs to the call, whatever its profiles are, as in Compose.
  const isWanted = (app: RawApp, index: number): boolean =>
    (wanted === undefined && isInProfiles(app, profiles)) ||
    wanted?.includes(names[index] ?? "") === true ||
    wanted?.includes(String(app["name"])) === true;
  const needed =
    takesNeeded && wanted !== undefined ? neededOf(raw.filter(isWanted), raw, names) : [];
  const chosen = raw.filter((app, index) => isWanted(app, index) || needed.includes(app));
  if (chosen.length === 0 && wanted === undefined && raw.length > 0) throw noneOf(source, raw);
  if (chosen.length === 0) {
    throw xmError("ERR_USAGE", {
      what: only === undefined ? `${source} has no apps` : `${source} has no app "${only}"`,
      fix: names.length === 0 ? "declare one in it" : `it has ${names.join(", ")}`,
    });
  }
  const unknown = chosenProfiles(profile, {}).filter(
    (each) => each !== "*" && !raw.some((app) => profilesOf(app).includes(each)),
  );
  if (unknown.length > 0) warn(`${source} has no app of the profile ${unknown.join(", ")}`);
  const missing = wanted?.filter(
    (each) => !names.includes(each) && !raw.some(({ name }) => String(name) === each),
  );
  if (missing !== undefined && missing.length > 0) {
    warn(`${source} has no app ${missing.join(", ")}; it has ${names.join(", ")}`);
  }
  return { ...ecosystem, apps: chosen };
}

function noneOf(source: string, raw: readonly RawApp[]): Error {
  const profiles = [...new Set(raw.flatMap(profilesOf))].join(", ");
  return xmError("ERR_USAGE", {
    what: `${source} has no app that belongs to the chosen profiles`,
    fix: `choose some by --profile or XM_PROFILES; its profiles are ${profiles}`,
  });
}

/** The apps of a file that others of it depend on, directly or by others. */
function neededOf(
  wanted: readonly RawApp[],
  all: readonly RawApp[],
  names: readonly string[],
): RawApp[] {
  const needed: RawApp[] = [];
  const visit = (app: RawApp): void => {
    const meant = new Set((readDependencies(app["depends_on"]) ?? []).map((each) => each.app));
    for (const [index, other] of all.entries()) {
      if (!meant.has(names[index] ?? "") || needed.includes(other)) continue;
      needed.push(other);
      visit(other);
    }
  };
  for (const app of wanted) visit(app);
  return needed;
}

/** What does not keep a call from being done. */
function warn(line: string): void {
  if (!globals.isSilent) process.stderr.write(`${paint("yellow", "xm")}: ${plain(line)}\n`);
}

/** The context in which flags and arguments are read as a configuration. */
export function contextOf(source: string): ConfigContext {
  return {
    home: homePaths(resolveHome(process.env)),
    base: logicalCwd(),
    caller: process.env,
    source,
    warn,
  };
}

/** Loaded when it is needed: web streams come with it. */
async function readInput(): Promise<string> {
  const { text } = await import("node:stream/consumers");
  return text(process.stdin);
}

/** One app from a script or a command, and flags. */
export function readScript(raw: RawApp, options: ReadOptions): Promise<AppSpec[]> {
  const { environment, processors, complete = (app: RawApp) => app } = options;
  return normalizeApps([complete(raw)], {
    ...contextOf("the command line"),
    environment,
    processors,
  });
}

/** Whether a word names an existing file. */
export function isFile(word: string): boolean {
  const path = resolve(word);
  return existsSync(path) && statSync(path).isFile();
}

/** The file that is meant when none is named. */
export function usualFile(): string | undefined {
  return [".js", ".cjs", ".mjs", ".ts", ".json", ".yaml", ".yml"]
    .map((extension) => `ecosystem.config${extension}`)
    .find(isFile);
}
