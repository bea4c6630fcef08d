import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { errnoOf, messageOf, xmError } from "../errors.ts";
import { runsTypeScript } from "./interpreter.ts";
import type { RawApp } from "./read-fields.ts";

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
 * Reads the apps of a configuration file. Programs among them (`.js`, `.ts`) run here, in the caller's process,
 * never in the daemon.
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
  switch (extname(file)) {
    case ".json":
    case ".json5":
      return parseJson5(readFileSync(file, "utf8"));
    case ".yaml":
    case ".yml":
      return parseYaml(readFileSync(file, "utf8"));
    default:
      return runModule(file);
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

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(text, refuseKey) as unknown;
}

/** A value that reached a prototype would be a setting nobody wrote. */
function refuseKey(key: unknown, value: unknown): unknown {
  if (key === "__proto__" || key === "constructor" || key === "prototype") {
    throw new SyntaxError(`the key "${key}" is refused`);
  }
  return value;
}

async function runModule(file: string): Promise<unknown> {
  const isTypeScript = /\.[cm]?ts$/.test(file);
  if (isTypeScript && !runsTypeScript()) return runWithTsx(file);
  const require = createRequire(file);
  try {
    return defaultOf(require(file));
  } catch (error) {
    if (!isModuleSyntax(error)) throw error;
    const url = pathToFileURL(file).href;
    return defaultOf((await import(url)) as unknown);
  }
}

/** The app's own `tsx`, found from its configuration file. */
async function runWithTsx(file: string): Promise<unknown> {
  let entry: string;
  try {
    entry = createRequire(file).resolve("tsx/esm/api");
  } catch (error) {
    throw new Error(
      `Node ${process.version} does not run TypeScript by itself: install \`tsx\` beside it, or use Node 22.18 or newer`,
      { cause: error },
    );
  }
  const { tsImport } = (await import(pathToFileURL(entry).href)) as {
    tsImport: (url: string, parent: string) => Promise<unknown>;
  };
  const url = pathToFileURL(file).href;
  return defaultOf(defaultOf(await tsImport(url, url)));
}

function isModuleSyntax(error: unknown): boolean {
  return (
    errnoOf(error) === "ERR_REQUIRE_ESM" ||
    errnoOf(error) === "ERR_REQUIRE_ASYNC_MODULE" ||
    (error instanceof SyntaxError &&
      /import statement|Unexpected token 'export'|import\.meta/.test(error.message))
  );
}

function defaultOf(module: unknown): unknown {
  return typeof module === "object" && module !== null && "default" in module
    ? module.default
    : module;
}

/** One app, a list, `{apps}`, `{pm2}` and the `pm2` key of a package.json are all accepted. */
function appsOf(value: unknown, file: string): RawApp[] {
  if (Array.isArray(value)) return value.flatMap((each) => appsOf(each, file));
  if (typeof value !== "object" || value === null) {
    throw new Error("it holds no object: expected an app, a list of apps, or { apps: [...] }");
  }
  const { apps, pm2 } = value as { apps?: unknown; pm2?: unknown };
  if (apps !== undefined) return appsOf(apps, file);
  if (pm2 !== undefined) return appsOf(pm2, "pm2");
  if (basename(file) === "package.json") throw new Error('it has no "pm2" key');
  return [value as RawApp];
}

function unreadable(file: string, error: unknown): Error {
  const why = errnoOf(error) === "ENOENT" ? "it does not exist" : messageOf(error);
  return xmError("ERR_CONFIG_UNREADABLE", { file, why }, { cause: error });
}
