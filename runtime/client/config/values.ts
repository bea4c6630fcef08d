import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgsStringToArgv } from "string-argv";
import type { ReadApp } from "./read-fields.ts";

/** A field that is a text. */
export function text(app: ReadApp, name: string): string | undefined {
  const value = app[name];
  return typeof value === "string" ? value : undefined;
}

/** A field that is a number, or what it is otherwise. */
export function number(app: ReadApp, name: string, otherwise: number): number {
  const value = app[name];
  return typeof value === "number" ? value : otherwise;
}

/** A path from where relative ones begin. */
export function absolute(path: string, base: string): string {
  return resolve(base, expandHome(path));
}

/** `~` is the home of the user. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Stands for a space that a backslash keeps within its word. */
const keptSpace = "\uE000";

/** Words as a shell splits them: quotes, and a backslash before a space, keep a word together. */
export function splitWords(line: string): string[] {
  return parseArgsStringToArgv(line.replaceAll(/\\[ \t]/g, keptSpace)).map((word) =>
    word.replaceAll(keptSpace, " "),
  );
}
