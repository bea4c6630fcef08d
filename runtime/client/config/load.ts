import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { readPlain } from "../../host/files/read.ts";
import { errnoOf, messageOf, XmError, xmError } from "../../contract/errors.ts";
import { servedScript, serversIn } from "./serve.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

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
  readonly apps: readonly RawApp[];
  /** What evaluating it changed of `process.env`, which its apps get, too; `null` for a removed variable. */
  readonly variables: Readonly<Record<string, string | null>>;
  /** The variables of each `deploy.NAME.env`. */
  readonly deployed: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A value that was read, and what reading it changed of `process.env`. */
interface Read {
  readonly value: unknown;
  readonly variables: Ecosystem["variables"];
}

/**
 * Reads a configuration file. Programs among them (`.js`, `.ts`) run in the caller's process, in a thread with a
 * time limit, never in the daemon.
 * @throws `ERR_CONFIG_UNREADABLE`
 */
export async function loadEcosystem(file: string): Promise<Ecosystem> {
  try {
    return ecosystemOf(await readValue(file), file);
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
    return deploymentsOf((await readValue(file)).value);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads a configuration given as text (`xm start -`): JSON with its relaxations, or YAML. */
export async function parseEcosystem(text: string, name: string): Promise<Ecosystem> {
  try {
    const isJson = /^\s*(?:[[{]|\/[/*])/.test(text);
    return ecosystemOf(isJson ? await parseJson(text, name) : await parseYaml(text), name);
  } catch (error) {
    throw unreadable(name, error);
  }
}

function ecosystemOf({ value, variables }: Read, file: string): Ecosystem {
  return { apps: appsOf(value, file), variables, deployed: deployedIn(value) };
}

/** The environment that `deploy` declares for each of its targets. */
function deployedIn(value: unknown): Ecosystem["deployed"] {
  return Object.fromEntries(
    Object.entries(deploymentsOf(value)).flatMap(([name, target]) => {
      const { env } = (target ?? {}) as { env?: unknown };
      const isObject = typeof env === "object" && env !== null && !Array.isArray(env);
      return isObject ? [[name, env as Record<string, unknown>] as const] : [];
    }),
  );
}

function deploymentsOf(value: unknown): Readonly<Record<string, unknown>> {
  const { deploy } = (value ?? {}) as { deploy?: unknown };
  return typeof deploy === "object" && deploy !== null ? (deploy as Record<string, unknown>) : {};
}

async function readValue(file: string): Promise<Read> {
  // Reading a pipe would block; and a path that is not a file is not the program's fault.
  const stat = statSync(file);
  if (!stat.isFile()) {
    throw new Error(
      stat.isDirectory()
        ? "it is a folder"
        : "it is not a regular file; pipe its contents into `xm start -`",
    );
  }
  switch (extname(file)) {
    case ".json":
    case ".json5":
      return parseJson(readPlain(file), file);
    case ".yaml":
    case ".yml":
      return parseYaml(readPlain(file));
    default:
      return evaluated(file);
  }
}

/**
 * Most JSON is plain, and then no slower reader need be loaded. PM2 evaluates a `.json` as an expression of
 * JavaScript, which decides; the reader that names the line reports any other expression.
 */
async function parseJson(given: string, name: string): Promise<Read> {
  const text = given.replace(/^\uFEFF/, "");
  try {
    return { value: JSON.parse(text, refuseKey) as unknown, variables: {} };
  } catch {
    const { default: json5 } = await import("json5");
    try {
      return { value: json5.parse<unknown>(text, refuseKey), variables: {} };
    } catch (error) {
      // As the key of an expression it would be no key but the prototype itself.
      if (error instanceof RefusedKey || /__proto__/.test(text)) throw error;
      return evaluated(name, text).catch(() => Promise.reject(error as Error));
    }
  }
}

async function evaluated(file: string, expression?: string): Promise<Read> {
  const { evaluate } = await import("./evaluate.ts");
  const { json, variables } = await evaluate(file, expression);
  return { value: JSON.parse(json, refuseKey) as unknown, variables };
}

/**
 * With the merge keys (`<<: *base`) of YAML 1.1. Then through JSON: an anchor within itself is reported, and a node
 * that two places share is two.
 */
async function parseYaml(text: string): Promise<Read> {
  const { parse } = await import("yaml");
  const value: unknown = parse(text, { merge: true }) ?? null;
  return { value: JSON.parse(JSON.stringify(value), refuseKey) as unknown, variables: {} };
}

class RefusedKey extends SyntaxError {}

/** A value that reaches a prototype would be a setting that nobody wrote. */
function refuseKey(key: unknown, value: unknown): unknown {
  if (key === "__proto__" || key === "constructor" || key === "prototype") {
    throw new RefusedKey(`the key "${key}" is refused`);
  }
  return value;
}

/**
 * One app, a list, `{apps}`, `{pm2}` and the `pm2` key of a package.json are all accepted, and the file servers of
 * `static` beside them or alone; `deploy` is another command's.
 */
function appsOf(value: unknown, file: string): RawApp[] {
  // `condition && { … }` leaves a hole.
  if (Array.isArray(value)) return value.filter(Boolean).flatMap((each) => appsOf(each, file));
  if (typeof value !== "object" || value === null) {
    throw new Error("it contains no object: expected an app, a list of apps, or { apps: [...] }");
  }
  const { apps, pm2, static: servers, ...others } = value as Readonly<Record<string, unknown>>;
  const served = servers === undefined ? [] : serversIn(servers, file);
  if (apps !== undefined) return [...appsOf(apps, file), ...served];
  if (pm2 !== undefined) return [...appsOf(pm2, "pm2"), ...served];
  if (basename(file) === "package.json") throw new Error('it has no "pm2" key');
  const names = Object.keys(others);
  const isNoApp = names.every((name) => sections.includes(name));
  if (isNoApp && served.length > 0) return served;
  if (isNoApp && names.length > 0) {
    throw new Error(`it declares no apps, only ${names.join(" and ")}: expected { apps: [...] }`);
  }
  return [servedScript(others), ...served];
}

/** What a file may hold beside its apps. */
const sections: readonly string[] = ["deploy", "include"];

function unreadable(file: string, error: unknown): Error {
  if (error instanceof XmError) return error;
  const isMissing = errnoOf(error) === "ENOENT" && (error as { path?: string }).path === file;
  const isCircular = /circular structure/.test(messageOf(error));
  const why = isMissing
    ? "it does not exist"
    : isCircular
      ? "it contains a circular reference"
      : messageOf(error);
  return xmError("ERR_CONFIG_UNREADABLE", { file, why }, { cause: error });
}
