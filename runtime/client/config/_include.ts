import { dirname, relative, resolve } from "node:path";
import { plain } from "../../contract/plain.ts";
import { origin, place, shared, type Origin, type RawApp } from "../../contract/fields/raw-app.ts";
import { groupsIn } from "./_apps-of.ts";
import { extendedApps, nameIn } from "./_extends.ts";
import { readValue, type Read } from "./_read-value.ts";
import { unreadable } from "./_unreadable.ts";
import { expandHome } from "./values.ts";

type AppsOf = (value: unknown, file: string) => readonly RawApp[];

/** A file with those that it includes. */
interface Whole extends Omit<Read, "value"> {
  readonly apps: readonly RawApp[];
}

/**
 * The apps of a file after those of the files that its `include` names, in their order; a file that is named twice is
 * read once. Paths in a file begin at its folder. Then each app that `extends` another one has its settings too.
 * @param at the file and the folder its paths begin at.
 */
export async function withIncluded(read: Read, at: Origin, appsOf: AppsOf): Promise<Whole> {
  const whole = await collected(read, { at, trail: [at.file], seen: new Set([at.file]), appsOf });
  checkNames(whole.apps, at);
  const apps = await extendedApps(whole.apps, at, async (file) => {
    const found = { file, folder: dirname(file) };
    const other = await readOther(file);
    const all = await collected(other, { at: found, trail: [file], seen: new Set([file]), appsOf });
    return all.apps.map((app) => ({ [origin]: found, ...app }));
  });
  return { ...whole, apps: apps.map(withNotify) };
}

const listOf = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : [value].flat();

function withShared(app: RawApp, forAll: readonly unknown[]): RawApp {
  if (forAll.length === 0 || typeof app !== "object" || app === null) return app;
  return { ...app, [shared]: [...(app[shared] ?? []), ...forAll] };
}

/** What a file declares for all its apps is beside what an app has itself, or from the app that it extends. */
function withNotify(app: RawApp): RawApp {
  if (typeof app !== "object" || app === null) return app;
  const { [shared]: forAll, ...own } = app;
  return forAll === undefined ? app : { ...own, notify: [...listOf(own["notify"]), ...forAll] };
}

interface Step {
  readonly at: Origin;
  /** The files that lead to this one, from the one of the call. */
  readonly trail: readonly string[];
  readonly seen: Set<string>;
  readonly appsOf: AppsOf;
}

async function collected(read: Read, step: Step): Promise<Whole> {
  const { at, trail, seen, appsOf } = step;
  const { include, ...others } = sectionsOf(read.value);
  const paths = pathsOf(include).map((path) => resolve(at.folder, expandHome(path)));
  const parts: Whole[] = [];
  for (const path of paths) {
    if (trail.includes(path)) throw new Error(`include: ${shown([...trail, path], at)} is a cycle`);
    if (seen.has(path)) continue;
    seen.add(path);
    const found = { file: path, folder: dirname(path) };
    const part = await readOther(path);
    try {
      if (groupsIn(part.value) !== undefined)
        throw new Error(`groups: expected in the file that includes this one, ${at.file}`);
      const whole = await collected(part, { ...step, at: found, trail: [...trail, path] });
      parts.push({ ...whole, apps: whole.apps.map((app, index) => located(app, index, found)) });
    } catch (error) {
      throw unreadable(path, error);
    }
  }
  const isOnlyIncluding =
    paths.length > 0 && Object.keys(others).every((name) => besideApps.includes(name));
  const hasApps = isOnlyIncluding || others["apps"] !== undefined || others["pm2"] !== undefined;
  const forAll = hasApps ? listOf(others["notify"]) : [];
  const own = isOnlyIncluding ? [] : appsOf(include === undefined ? read.value : others, at.file);
  return {
    apps: [...parts.flatMap(({ apps }) => apps), ...own].map((app) => withShared(app, forAll)),
    variables: Object.assign(
      {},
      ...parts.map(({ variables }) => variables),
      read.variables,
    ) as Read["variables"],
    warnings: [...parts.flatMap(({ warnings }) => warnings), ...read.warnings],
  };
}

async function readOther(path: string): Promise<Read> {
  try {
    return await readValue(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What a file may hold beside its apps, or beside those that it includes. */
const besideApps: readonly string[] = ["deploy", "notify", "groups"];

/** A list of apps includes nothing. */
function sectionsOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

function pathsOf(include: unknown): string[] {
  if (include === undefined || include === null) return [];
  const list: readonly unknown[] = [include].flat();
  const isPath = (each: unknown): each is string =>
    typeof each === "string" && each !== "" && !each.includes("\0");
  if (list.every(isPath)) return [...list];
  throw new Error(`include: expected a path or a list of paths, got ${JSON.stringify(include)}`);
}

/** An app of a file that is included elsewhere keeps the file that it stands in. */
function located(app: RawApp, index: number, at: Origin): RawApp {
  if (typeof app !== "object" || app === null || app[origin] !== undefined) return app;
  return { ...app, [origin]: at, [place]: `${plain(at.file)}: ${app[place] ?? `apps[${index}]`}` };
}

/** PM2 starts two apps of one name in one file; of two files that is a mistake. */
function checkNames(apps: readonly RawApp[], root: Origin): void {
  const files = new Map<string, string>();
  for (const app of apps) {
    const name = nameIn(app);
    if (name === undefined) continue;
    const file = app[origin]?.file ?? root.file;
    const other = files.get(name);
    if (other !== undefined && other !== file) {
      const where = shown([other, file], root, " and in ");
      throw new Error(
        `include: an app "${plain(name)}" is in ${where}; rename one, or let it extend the other`,
      );
    }
    files.set(name, file);
  }
}

function shown(files: readonly string[], { folder }: Origin, between = " → "): string {
  return files.map((file) => plain(relative(folder, file) || file)).join(between);
}
