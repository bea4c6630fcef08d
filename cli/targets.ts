import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Client, ProcessView } from "../runtime/client/types.ts";
import { messageOf, XmError, xmError } from "../runtime/errors.ts";
import { reportError } from "./report-error.ts";

/**
 * The processes that targets name: id, name (a numeric name wins over an id), namespace, script path, `/regex/`,
 * an ecosystem file (its apps), `-` (the same on stdin) or `all`. Regular expressions run here, where a slow one
 * hurts nobody else.
 * @throws `ERR_PROCESS_NOT_FOUND` with the nearest name, `ERR_NO_PROCESSES`, `ERR_USAGE` when nothing is named.
 */
export async function resolveTargets(
  client: Client,
  targets: readonly string[],
  options: FileOptions = {},
): Promise<ProcessView[]> {
  if (targets.length === 0) {
    throw xmError("ERR_USAGE", {
      what: "no process named",
      fix: "name an id, a name, a namespace, /regex/, a file or `all`",
    });
  }
  const list = await client.list();
  const chosen = new Map<number, ProcessView>();
  const missing: XmError[] = [];
  for (const target of targets) {
    try {
      for (const process of await match(list, target, options)) chosen.set(process.id, process);
    } catch (error) {
      // One of several that is not there keeps no other from it (PM2): `xm delete old new`.
      if (!(error instanceof XmError)) throw error;
      missing.push(error);
    }
  }
  const last = chosen.size === 0 ? missing.pop() : undefined;
  for (const error of missing) reportError(error);
  if (last !== undefined) throw last;
  return [...chosen.values()].sort((a, b) => a.id - b.id);
}

/** What is taken of a file that is a target. */
export interface FileOptions {
  /** `--only NAME,NAME` */
  readonly only?: string | undefined;
  /** `--env NAME`, for names that have it appended. */
  readonly environment?: string | undefined;
}

/** The processes one target names; empty when it names none. */
export function matchPlain(list: readonly ProcessView[], target: string): ProcessView[] {
  const named = matchNamed(list, target);
  if (named.length > 0) return named;
  const path = resolve(target);
  return list.filter(({ script }) => script === path);
}

/** The same without script paths: what `start` takes for a process and not for a file. */
export function matchNamed(list: readonly ProcessView[], target: string): ProcessView[] {
  if (target === "all") return [...list];
  const regex = /^\/(.+)\/([a-z]*)$/.exec(target);
  if (regex !== null && regex[1] !== undefined) {
    const pattern = patternOf(regex[1], regex[2]);
    const matched = list.filter(({ name }) => pattern?.test(name) === true);
    if (matched.length > 0) return matched;
  }
  const tests: readonly ((process: ProcessView) => boolean)[] = [
    ({ name }) => name === target,
    ({ id }) => /^\d+$/.test(target) && id === Number(target),
    ({ namespace }) => namespace === target,
  ];
  for (const test of tests) {
    const matched = list.filter(test);
    if (matched.length > 0) return matched;
  }
  return [];
}

/** A path between slashes may look like a pattern and be none: it may still be the path of a script. */
function patternOf(source: string, flags: string | undefined): RegExp | undefined {
  try {
    // Without its memory of the last match: each name is tested anew.
    return new RegExp(source, flags?.replaceAll(/[gy]/g, ""));
  } catch (error) {
    if (existsSync(`/${source}`)) return undefined;
    throw xmError("ERR_USAGE", {
      what: `/${source}/${flags ?? ""} is no regular expression: ${messageOf(error)}`,
      fix: "mend it, and quote it for the shell",
    });
  }
}

async function match(
  list: readonly ProcessView[],
  target: string,
  options: FileOptions,
): Promise<ProcessView[]> {
  const plain = matchPlain(list, target);
  if (plain.length > 0) return plain;
  if (target === "all") throw xmError("ERR_NO_PROCESSES", undefined);
  const names = await namesInFile(target, options);
  const named = list.filter(({ name }) => names.includes(name));
  if (named.length > 0) return named;
  const { closest } = await import("fastest-levenshtein");
  const near = closest(target, [
    ...new Set(list.flatMap(({ name, namespace }) => [name, namespace])),
  ]);
  throw xmError("ERR_PROCESS_NOT_FOUND", { target, near: near === "" ? undefined : near });
}

async function namesInFile(target: string, options: FileOptions): Promise<string[]> {
  const { isEcosystemFile } = await import("../runtime/config/load.ts");
  if (target !== "-" && !isEcosystemFile(target)) return [];
  const { readNames } = await import("./read-apps.ts");
  return readNames(target, options);
}
