import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { writeFileAtomic } from "../../runtime/host/atomic.ts";
import { readIfThere } from "../../runtime/host/files/read.ts";
import { parseJson } from "../../runtime/host/parse-json.ts";

/*
 * A module is a folder of npm's: HOME/modules/NAME, whose package.json depends on the module and nothing else. It is
 * installed beside that place first, and takes it by a rename: a version is there as a whole or not at all.
 */

/** What a module's own package.json may say. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** The folder of the module itself. */
  readonly root: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Installed {
  readonly name: string;
  /** What it was installed from. */
  readonly source: string;
  readonly folder: string;
}

/** npm's rule for names; such a name is a path below the folder of modules. */
const moduleName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;

export const isModuleName = (name: string): boolean => moduleName.test(name);

const largestBytes = 1024 * 1024;

/** Every module of a home. */
export function installedModules(folder: string): Installed[] {
  const names = foldersIn(folder).flatMap((name) =>
    name.startsWith("@") ? foldersIn(join(folder, name)).map((each) => `${name}/${each}`) : [name],
  );
  return names.flatMap((name) => findInstalled(folder, name) ?? []);
}

export function findInstalled(folder: string, name: string): Installed | undefined {
  if (!isModuleName(name)) return undefined;
  const own = join(folder, name);
  const source = (readJson(join(own, "package.json")) as { xm?: { source?: unknown } } | undefined)
    ?.xm?.source;
  return typeof source === "string" ? { name, source, folder: own } : undefined;
}

/** A new, empty place to install into. */
export function stage(folder: string, source: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const place = mkdtempSync(join(folder, ".new-"));
  const text = JSON.stringify({ private: true, xm: { source } }, null, 2);
  writeFileAtomic(join(place, "package.json"), `${text}\n`);
  return place;
}

/** The module that npm has put there. @throws `ERR_MODULE_INVALID` */
export function manifestIn(place: string, source: string): Manifest {
  const invalid = (why: string): Error =>
    xmError("ERR_MODULE_INVALID", {
      source,
      why,
      fix: "a module is an npm package with `main`, `bin` or `apps` in its package.json; `xm module:generate NAME` writes one",
    });
  const { dependencies = {} } = (readJson(join(place, "package.json")) ?? {}) as {
    dependencies?: object;
  };
  const [name, ...others] = Object.keys(dependencies);
  if (name === undefined || others.length > 0) throw invalid("it is not one package");
  if (!isModuleName(name)) throw invalid(`${JSON.stringify(name)} is not a name of npm's`);
  const root = join(place, "node_modules", name);
  try {
    const fields = readJson(join(root, "package.json"));
    if (typeof fields !== "object" || fields === null) throw new Error("it has no package.json");
    const { version } = fields as { version?: unknown };
    return {
      name,
      version: typeof version === "string" ? version : "0.0.0",
      root,
      fields: fields as Manifest["fields"],
    };
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

/** Puts a staged module in its place. */
export interface Swap {
  /** It is there now, and what it replaced is beside it. */
  readonly folder: string;
  readonly hadOne: boolean;
  /** Removes what it replaced. */
  readonly keep: () => void;
  /** Puts back what it replaced. */
  readonly undo: () => void;
}

export function putInPlace(folder: string, name: string, place: string): Swap {
  const own = join(folder, name);
  const before = `${place}.before`;
  mkdirSync(dirname(own), { recursive: true, mode: 0o700 });
  const hadOne = existsSync(own);
  if (hadOne) renameSync(own, before);
  renameSync(place, own);
  return {
    folder: own,
    hadOne,
    keep: () => rmSync(before, { recursive: true, force: true }),
    undo: () => {
      rmSync(own, { recursive: true, force: true });
      if (hadOne) renameSync(before, own);
    },
  };
}

/** Whatever is there is removed, the folder of its scope too when nothing is left in it. */
export function removeModule(folder: string, name: string): void {
  rmSync(join(folder, name), { recursive: true, force: true });
  const scope = dirname(join(folder, name));
  if (scope !== folder && foldersIn(scope).length === 0) rmSync(scope, { recursive: true });
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory() && !each.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

function readJson(file: string): unknown {
  const text = readIfThere(file, largestBytes);
  return text === undefined ? undefined : parseJson(text);
}
