import { basename, dirname, resolve } from "node:path";
import { appsOf, deployedIn, deploymentsOf, groupsIn, type Deployed } from "./_apps-of.ts";
import { withIncluded } from "./_include.ts";
import { parseValue, readValue, type Read } from "./_read-value.ts";
import { unreadable } from "./_unreadable.ts";
import { logicalCwd } from "../../host/logical-cwd.ts";
import type { Origin, RawApp } from "../../contract/fields/raw-app.ts";

export { groupsIn } from "./_apps-of.ts";

/** Whether a path is a configuration and not a program: `*.json`, `*.yaml`, `*.config.js`, `ecosystem.*` … */
export function isEcosystemFile(path: string): boolean {
  const name = basename(path);
  return (
    /\.(json5?|ya?ml)$/.test(name) ||
    /\.config\.([cm]?js|[cm]?ts)$/.test(name) ||
    /^(ecosystem|process|pm2)\.([cm]?js|[cm]?ts)$/.test(name)
  );
}

/** What a configuration holds. */
export interface Ecosystem {
  /** With those of the files that it includes; what one of them extends is in it. */
  readonly apps: readonly RawApp[];
  /** What evaluating it changed of `process.env`, which its apps get, too; `null` for a removed variable. */
  readonly variables: Readonly<Record<string, string | null>>;
  /** The variables of each `deploy.NAME.env`. */
  readonly deployed: Deployed;
  /** What does not keep it from being used. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration file. Programs among them (`.js`, `.ts`) run in the caller's process, in a thread with a
 * time limit, never in the daemon.
 * @throws `ERR_CONFIG_UNREADABLE`
 */
export async function loadEcosystem(file: string): Promise<Ecosystem> {
  try {
    return await ecosystemOf(await readValue(file), { file, folder: dirname(file) });
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * The `deploy` block of a configuration file, by environment; a file may hold nothing else.
 * @throws `ERR_CONFIG_UNREADABLE`
 */
export async function loadDeployments(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return deploymentsOf((await readValue(resolve(logicalCwd(), file))).value);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * Reads a configuration given as text (`xm start -`): JSON with its relaxations, or YAML.
 * @param folder what the paths of other files begin at.
 */
export async function parseEcosystem(
  text: string,
  name: string,
  folder = process.cwd(),
): Promise<Ecosystem> {
  try {
    return await ecosystemOf(await parseValue(text, name), { file: name, folder });
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Most files have no groups, and then their reader need not be loaded. */
async function grouped(
  apps: readonly RawApp[],
  groups: unknown,
  file: string,
): Promise<readonly RawApp[]> {
  if (groups === undefined || groups === null) return apps;
  const { withGroups } = await import("./_groups.ts");
  return withGroups(apps, groups, file);
}

/**
 * The apps of a program's call, which may extend one another or an app of a file.
 * @throws `ERR_CONFIG_UNREADABLE`
 */
export async function ecosystemFrom(
  given: readonly RawApp[],
  groups: unknown,
  at: Origin,
): Promise<Ecosystem> {
  try {
    const read = { value: {}, variables: {}, warnings: [] };
    const whole = await withIncluded(read, at, () => given);
    return { ...whole, apps: await grouped(whole.apps, groups, at.file), deployed: {} };
  } catch (error) {
    throw unreadable(at.file, error);
  }
}

async function ecosystemOf(read: Read, at: Origin): Promise<Ecosystem> {
  const { apps: all, variables, warnings } = await withIncluded(read, at, appsOf);
  const apps = await grouped(all, groupsIn(read.value), at.file);
  return { apps, variables, deployed: deployedIn(read.value), warnings };
}
