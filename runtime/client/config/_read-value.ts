import { statSync } from "node:fs";
import { extname } from "node:path";
import { readPlain } from "../../host/files/read.ts";
import { interpolatedFile } from "./_interpolate.ts";

/** A value that was read, and what reading it changed of `process.env`. */
export interface Read {
  readonly value: unknown;
  readonly variables: Readonly<Record<string, string | null>>;
  readonly warnings: readonly string[];
}

/** Reads the value of a text: JSON with its relaxations, or YAML. */
export async function parseValue(text: string, name: string): Promise<Read> {
  const isJson = /^\s*(?:[[{]|\/[/*])/.test(text);
  return withVariables(isJson ? await parseJson(text, name) : await parseYaml(text));
}

/** Reads the value of a configuration file. */
export async function readValue(file: string): Promise<Read> {
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
      return withVariables(await parseJson(readPlain(file), file));
    case ".yaml":
    case ".yml":
      return withVariables(await parseYaml(readPlain(file)));
    default:
      return withoutMark(await evaluated(file));
  }
}

/**
 * Most JSON is plain, and then no slower reader need be loaded. PM2 evaluates a `.json` as an expression of
 * JavaScript, which decides; the reader that names the line reports any other expression.
 */
async function parseJson(given: string, name: string): Promise<Read> {
  const text = given.replace(/^\uFEFF/, "");
  try {
    return { value: JSON.parse(text, refuseKey) as unknown, variables: {}, warnings: [] };
  } catch {
    const { default: json5 } = await import("json5");
    try {
      return { value: json5.parse<unknown>(text, refuseKey), variables: {}, warnings: [] };
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
  return { value: JSON.parse(json, refuseKey) as unknown, variables, warnings: [] };
}

/**
 * With the merge keys (`<<: *base`) of YAML 1.1. Then through JSON: an anchor within itself is reported, and a node
 * that two places share is two.
 */
async function parseYaml(text: string): Promise<Read> {
  const { parse } = await import("yaml");
  const value: unknown = parse(text, { merge: true }) ?? null;
  return {
    value: JSON.parse(JSON.stringify(value), refuseKey) as unknown,
    variables: {},
    warnings: [],
  };
}

class RefusedKey extends SyntaxError {}

/** A value that reaches a prototype would be a setting that nobody wrote. */
function refuseKey(key: unknown, value: unknown): unknown {
  if (key === "__proto__" || key === "constructor" || key === "prototype") {
    throw new RefusedKey(`the key "${key}" is refused`);
  }
  return value;
}

/** With the variables of the call, if the file asks for them. */
function withVariables(read: Read): Read {
  const { value, warnings } = interpolatedFile(read.value, process.env);
  return { ...read, value, warnings: [...read.warnings, ...warnings] };
}

/** What a program returns is as it wants it. */
function withoutMark(read: Read): Read {
  const { interpolate } = (read.value ?? {}) as { interpolate?: unknown };
  if (interpolate === undefined) return read;
  throw new Error(
    "interpolate: only a YAML or JSON file has it; a program reads process.env itself",
  );
}
