import { resolve } from "node:path";
import { logicalCwd } from "../../host/logical-cwd.ts";
import { matcherOf } from "./pattern.ts";
import type { ProcessView } from "../connection/types.ts";

/** What a target is held against. */
type Named = Pick<ProcessView, "id" | "name" | "namespace" | "script" | "isModule">;

/** The processes one target names; empty when it names none. */
export function matchPlain<T extends Named>(list: readonly T[], target: string, cwd?: string): T[] {
  const named = matchNamed(list, target);
  if (named.length > 0) return named;
  // Declared by the path that its user went, or by where that leads to.
  const bases = cwd === undefined ? [logicalCwd(), process.cwd()] : [cwd];
  const paths = bases.map((base) => resolve(base, target));
  return list.filter(({ script }) => paths.includes(script));
}

/** The same without script paths: what `start` takes for a process and not for a file. */
export function matchNamed<T extends Named>(list: readonly T[], target: string): T[] {
  // PM2: modules are named when they are meant.
  if (target === "all") return list.filter(({ isModule }) => isModule !== true);
  const matcher = matcherOf(target);
  if (matcher !== undefined) {
    const matches = matcher(list.map(({ name }) => name));
    const matched = list.filter((_process, index) => matches[index]);
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
