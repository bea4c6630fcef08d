import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, xmError } from "../errors.ts";
import type { ProcessView } from "./types.ts";

/** What a target is held against. */
type Named = Pick<ProcessView, "id" | "name" | "namespace" | "script">;

/** The processes one target names; empty when it names none. */
export function matchPlain<T extends Named>(
  list: readonly T[],
  target: string,
  cwd = process.cwd(),
): T[] {
  const named = matchNamed(list, target);
  if (named.length > 0) return named;
  const path = resolve(cwd, target);
  return list.filter(({ script }) => script === path);
}

/** The same without script paths: what `start` takes for a process and not for a file. */
export function matchNamed<T extends Named>(list: readonly T[], target: string): T[] {
  if (target === "all") return [...list];
  const regex = /^\/(.+)\/([a-z]*)$/.exec(target);
  if (regex !== null && regex[1] !== undefined) {
    const pattern = patternOf(regex[1], regex[2]);
    const matched = list.filter(({ name }) => pattern?.test(name) === true);
    if (matched.length > 0) return matched;
  }
  const tests: readonly ((process: T) => boolean)[] = [
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
