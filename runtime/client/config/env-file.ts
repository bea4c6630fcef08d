import { existsSync } from "node:fs";
import { parseEnv } from "node:util";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { plain } from "../../contract/plain.ts";
import { readPlain } from "../../host/files/read.ts";
import type { EnvFile } from "./_env-entries.ts";
import { absolute } from "./values.ts";
import type { ReadApp } from "./read-fields.ts";

/** The variables of the files of an app, and what is wrong with those files. */
export interface FileVariables {
  readonly variables: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
  /** The same of files that the app starts without. */
  readonly warnings: readonly string[];
}

/**
 * Reads the files of an app's `env_file`; of two that set a variable the later one wins. A relative path begins at
 * the first of the folders in which the file exists.
 * @param at how the app is named in a fault, such as `apps[2]`.
 */
export function variablesOfFiles(
  app: ReadApp,
  at: string,
  folders: readonly string[],
): FileVariables {
  const given = app["env_file"];
  // Variables of an environment named "file" are no files.
  const files: readonly EnvFile[] = Array.isArray(given) ? given : [];
  const faults: string[] = [];
  const warnings: string[] = [];
  let variables: Record<string, string> = {};
  for (const { path, need } of files) {
    const candidates = folders.map((folder) => absolute(path, folder));
    const file = candidates.find((each) => existsSync(each)) ?? candidates[0] ?? path;
    const told = need === "expected" ? warnings : faults;
    try {
      const read = parseDotenv(readPlain(file, largestBytes));
      variables = { ...variables, ...read.variables };
      const left = need === "expected" ? "; it is left out" : "";
      for (const fault of read.faults) told.push(`${at}.env_file: ${plain(file)}: ${fault}${left}`);
    } catch (error) {
      const isMissing = errnoOf(error) === "ENOENT";
      if (isMissing && need === "optional") continue;
      const fix =
        need === "expected"
          ? "the app starts without it; { path, required: true } makes that an error"
          : "create it, or declare { path, required: false }";
      const why = isMissing ? `it does not exist; ${fix}` : messageOf(error);
      told.push(`${at}.env_file: cannot read ${plain(file)}: ${why}`);
    }
  }
  return { variables, faults, warnings };
}

const largestBytes = 1024 * 1024;

/** What begins a variable: `NAME=` or `export NAME=`. */
const beginning = /^\s*(?:export\s+)?([^\s=#'"`]+)[^\S\n]*=[^\S\n]*/;

/**
 * The variables of a text in dotenv's syntax. Node reads the values, one variable at a time: of a line that is none, its reader
 * (Node 20) takes the next lines for a part of the name, or leaves out the rest of the file.
 * @returns the variables of the lines that have one, and what is wrong with the others.
 */
export function parseDotenv(given: string): {
  variables: Record<string, string>;
  faults: string[];
} {
  const lines = given.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n").split("\n"); // prettier-ignore
  const variables: Record<string, string> = {};
  const faults: string[] = [];
  for (let index = 0; index < lines.length;) {
    const line = lines[index] ?? "";
    const number = index + 1;
    index += 1;
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [head, name] = beginning.exec(line) ?? [];
    if (head === undefined || name === undefined) {
      faults.push(`line ${number}: expected NAME=value`);
      continue;
    }
    let value = line.slice(head.length);
    const isClosed = closing(value);
    while (!isClosed(value) && index < lines.length) {
      value += `\n${lines[index]}`;
      index += 1;
    }
    if (!isClosed(value)) faults.push(`line ${number}: its quote is not closed`);
    else if (value.includes("\0"))
      faults.push(`line ${number}: a value cannot contain a zero byte`);
    else {
      const read = parseEnv(`V=${value}`)["V"] ?? "";
      Object.defineProperty(variables, name, { value: read, enumerable: true, configurable: true, writable: true }); // prettier-ignore
    }
  }
  return { variables, faults };
}

/** Tells when a value is complete: one that begins with a quote goes on to the next, over lines. */
function closing(beginning: string): (value: string) => boolean {
  const quote = /^["'`]/.exec(beginning)?.[0];
  return (value) => quote === undefined || value.slice(1).includes(quote);
}
