import { readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
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

/**
 * Reads the apps of a configuration file. Programs among them (`.js`, `.ts`) run in the caller's process, in a
 * thread with a time limit, never in the daemon.
 * @throws `ERR_CONFIG_UNREADABLE`
 */
export async function loadEcosystem(file: string): Promise<RawApp[]> {
  try {
    return appsOf(await readValue(file), file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads the apps of a configuration given as text (`xm start -`): JSON with its relaxations, or YAML. */
export async function parseEcosystem(text: string, name: string): Promise<RawApp[]> {
  try {
    const value = /^\s*[[{]/.test(text) ? await parseJson5(text) : await parseYaml(text);
    return appsOf(value, name);
  } catch (error) {
    throw unreadable(name, error);
  }
}

async function readValue(file: string): Promise<unknown> {
  // A pipe would be waited for; what is no file is no program's fault, either.
  const stat = statSync(file);
  if (!stat.isFile()) {
    throw new Error(
      stat.isDirectory() ? "it is a folder" : "it is no file; give what it holds to `xm start -`",
    );
  }
  switch (extname(file)) {
    case ".json":
    case ".json5":
      return parseJson5(readFileSync(file, "utf8"));
    case ".yaml":
    case ".yml":
      return parseYaml(readFileSync(file, "utf8"));
    default: {
      const { evaluate } = await import("./evaluate.ts");
      return JSON.parse(await evaluate(file), refuseKey) as unknown;
    }
  }
}

/** Most JSON is plain, and then the slower parser need not be loaded. Its message names the line, so it has the last word. */
async function parseJson5(text: string): Promise<unknown> {
  try {
    return JSON.parse(text, refuseKey) as unknown;
  } catch {
    const { default: json5 } = await import("json5");
    return json5.parse<unknown>(text, refuseKey);
  }
}

/** Through JSON once more: an anchor within itself is told, and a node that two places share is two. */
async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return JSON.parse(JSON.stringify(parse(text) ?? null), refuseKey) as unknown;
}

/** A value that reached a prototype would be a setting nobody wrote. */
function refuseKey(key: unknown, value: unknown): unknown {
  if (key === "__proto__" || key === "constructor" || key === "prototype") {
    throw new SyntaxError(`the key "${key}" is refused`);
  }
  return value;
}

/**
 * One app, a list, `{apps}`, `{pm2}` and the `pm2` key of a package.json are all accepted, and the file servers of
 * `static` beside them or alone; `deploy` is another command's.
 */
function appsOf(value: unknown, file: string): RawApp[] {
  if (Array.isArray(value)) return value.flatMap((each) => appsOf(each, file));
  if (typeof value !== "object" || value === null) {
    throw new Error("it holds no object: expected an app, a list of apps, or { apps: [...] }");
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
      ? "a value in it is part of itself"
      : messageOf(error);
  return xmError("ERR_CONFIG_UNREADABLE", { file, why }, { cause: error });
}
