import { homedir } from "node:os";
import { join, resolve } from "node:path";
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
