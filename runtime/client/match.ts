import { resolve } from "node:path";
import type { ProcessView } from "./types.ts";

/** The processes one target names: `all`, `/regex/`, a name, an id, a namespace or a script; empty when it names none. */
export function matchPlain<T extends Pick<ProcessView, "id" | "name" | "namespace" | "script">>(
  list: readonly T[],
  target: string,
  cwd = process.cwd(),
): T[] {
  if (target === "all") return [...list];
  const regex = /^\/(.+)\/([a-z]*)$/.exec(target);
  if (regex !== null && regex[1] !== undefined) {
    const pattern = new RegExp(regex[1], regex[2]);
    const matched = list.filter(({ name }) => pattern.test(name));
    if (matched.length > 0) return matched;
  }
  const path = resolve(cwd, target);
  const tests: readonly ((process: T) => boolean)[] = [
    ({ name }) => name === target,
    ({ id }) => /^\d+$/.test(target) && id === Number(target),
    ({ namespace }) => namespace === target,
    ({ script }) => script === path,
  ];
  for (const test of tests) {
    const matched = list.filter(test);
    if (matched.length > 0) return matched;
  }
  return [];
}
