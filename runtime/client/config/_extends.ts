import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { isFile } from "../../host/node.ts";
import { plain } from "../../contract/plain.ts";
import { fieldNamed } from "./read-fields.ts";
import { origin, type Origin, type RawApp } from "../../contract/fields/raw-app.ts";
import { absolute, expandHome } from "./values.ts";

/** The apps of another file. */
type ReadFile = (file: string) => Promise<readonly RawApp[]>;

interface Pool {
  readonly apps: readonly RawApp[];
  readonly root: Origin;
  readonly read: ReadFile;
}

/**
 * Apps with the settings of those that they extend: `extends: "base"` for an app of the same file or of one that is included,
 * `{ file, app }` for one of another file. Objects such as `env` are merged, everything else of the app replaces what it
 * extends. A name and profiles are its own.
 */
export async function extendedApps(
  apps: readonly RawApp[],
  root: Origin,
  read: ReadFile,
): Promise<RawApp[]> {
  const cache = new Map<string, Promise<readonly RawApp[]>>();
  const readOnce: ReadFile = (file) => {
    const found = cache.get(file) ?? read(file);
    cache.set(file, found);
    return found;
  };
  const result: RawApp[] = [];
  for (const app of apps) result.push(await extended(app, { apps, root, read: readOnce }, []));
  return result;
}

/** @param trail the apps that lead to this one. */
async function extended(app: RawApp, pool: Pool, trail: readonly string[]): Promise<RawApp> {
  if (typeof app !== "object" || app === null || app["extends"] === undefined) return app;
  const { extends: given, ...own } = app as RawApp & { extends: unknown };
  const at = app[origin] ?? pool.root;
  const name = nameIn(app) ?? "an app without a name";
  const path = [...trail, keyOf(at, name)];
  const { file, app: wanted } = meantBy(given, name);
  const where = file === undefined ? at : { file: absolute(file, at.folder), folder: "" };
  const isCycle = path.includes(keyOf(where, wanted));
  if (isCycle)
    throw new Error(`extends: ${shown([...path, keyOf(where, wanted)], pool.root)} is a cycle`);
  const apps = file === undefined ? pool.apps : await pool.read(where.file);
  const base = baseAmong(apps, wanted, file === undefined ? at : undefined);
  if (base === undefined) {
    const names = apps.map(nameIn).filter((each) => each !== undefined && each !== name);
    const others = names.length === 0 ? "it has no other" : `it has ${names.join(", ")}`;
    const shownFile = relative(pool.root.folder, where.file) || where.file;
    throw new Error(
      plain(`extends: "${name}" extends "${wanted}", which ${shownFile} does not have; ${others}`),
    );
  }
  const from = base[origin] ?? pool.root;
  const whole = await extended(base, { ...pool, apps }, path);
  return merged(from.folder === at.folder ? whole : withOwnPaths(whole, from.folder), own);
}

/** One of the same file is nearer than one of a file that it includes, or is included by. */
function baseAmong(
  apps: readonly RawApp[],
  name: string,
  at: Origin | undefined,
): RawApp | undefined {
  const named = apps.filter((each) => nameIn(each) === name);
  return named.find((each) => (each[origin]?.file ?? at?.file) === at?.file) ?? named[0];
}

function meantBy(given: unknown, name: string): { file: string | undefined; app: string } {
  if (typeof given === "string" && given !== "") return { file: undefined, app: given };
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    const { file, app, ...others } = given as Readonly<Record<string, unknown>>;
    const isFileOrNone = file === undefined || (typeof file === "string" && file !== "");
    if (typeof app === "string" && app !== "" && isFileOrNone && Object.keys(others).length === 0)
      return { file, app };
  }
  throw new Error(
    plain(
      `extends of "${name}": expected the name of an app, or { file, app }, got ${JSON.stringify(given)}`,
    ),
  );
}

/** The name that an app declares; the one that a script's file gives it cannot be extended. */
export function nameIn(app: RawApp): string | undefined {
  const name = (app as RawApp | null)?.["name"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

const keyOf = ({ file }: Pick<Origin, "file">, name: string): string => `${file}\0${name}`;

function shown(keys: readonly string[], root: Origin): string {
  const names = keys.map((key) => {
    const [file = "", name = ""] = key.split("\0");
    return file === root.file ? name : `${name} (${relative(root.folder, file) || file})`;
  });
  return plain(names.join(" → "));
}

/** What is not taken over. */
const ofItsOwn: readonly string[] = ["name", "profiles", "extends"];

/** An alias in one means the field that the other has under its own name. */
function merged(base: RawApp, own: RawApp): RawApp {
  const canonical = (name: string): string =>
    name.startsWith("env_") ? name : (fieldNamed(name)?.name ?? name);
  const declared = new Map(Object.keys(own).map((name) => [canonical(name), own[name]]));
  const inherited = Object.entries(base).flatMap(([name, value]) => {
    if (ofItsOwn.includes(name)) return [];
    const field = canonical(name);
    if (!declared.has(field)) return [[name, value] as const];
    const both = mergedValue(value, declared.get(field));
    return both === undefined ? [] : [[name, both] as const];
  });
  // What was merged replaces the app's own part of it.
  const taken = new Set(inherited.map(([name]) => canonical(name)));
  const rest = Object.entries(own).filter(([name]) => !taken.has(canonical(name)));
  const symbols = Object.fromEntries(
    Object.getOwnPropertySymbols(own).map((each) => [each, (own as Record<symbol, unknown>)[each]]),
  );
  return { ...Object.fromEntries([...inherited, ...rest]), ...symbols };
}

/** Objects are merged key by key; `undefined` for any other pair, of which the app's own value stays. */
function mergedValue(base: unknown, own: unknown): unknown {
  if (!isObject(base) || !isObject(own)) return undefined;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(own)])];
  return Object.fromEntries(
    keys.map((key) => {
      if (!Object.hasOwn(own, key)) return [key, base[key]];
      return [key, mergedValue(base[key], own[key]) ?? own[key]];
    }),
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The paths of an app of another folder, absolute. */
function withOwnPaths(app: RawApp, folder: string): RawApp {
  const { cwd, script, env_file: files } = app;
  const at = typeof cwd === "string" ? absolute(cwd, folder) : folder;
  return {
    ...app,
    ...(typeof cwd === "string" ? { cwd: at } : {}),
    ...(typeof script === "string" && isBeside(script, at) ? { script: resolve(at, script) } : {}),
    ...(files === undefined || isVariables(files)
      ? {}
      : { env_file: [files].flat().map((each: unknown) => fileIn(each, [folder, at])) }),
  };
}

/** A program in PATH is none of the folder, whatever is called like it. */
function isBeside(script: string, folder: string): boolean {
  const path = expandHome(script.trim());
  const isPath = path.includes("/") || /\.\w+$/.test(path);
  return isPath && isFile(resolve(folder, path));
}

const isVariables = (files: unknown): boolean =>
  isObject(files) && typeof files["path"] !== "string";

function fileIn(each: unknown, folders: readonly string[]): unknown {
  const within = (path: string): string => {
    const paths = folders.map((folder) => absolute(path, folder));
    return paths.find((at) => existsSync(at)) ?? paths[0] ?? path;
  };
  if (typeof each === "string") return within(each);
  return isObject(each) && typeof each["path"] === "string"
    ? { ...each, path: within(each["path"]) }
    : each;
}
