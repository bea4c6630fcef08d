import { isDeepStrictEqual } from "node:util";
import type { AppSpec } from "../../machines/spec.ts";

/** The names of the settings in which two declarations of an app differ; variables as `env.NAME`. */
export function changedSettings(before: AppSpec, after: AppSpec): string[] {
  const changed: string[] = [];
  for (const key of Object.keys(after) as (keyof AppSpec)[]) {
    if (key === "env" || isDeepStrictEqual(before[key], after[key])) continue;
    changed.push(key);
  }
  for (const name of new Set([...Object.keys(before.env), ...Object.keys(after.env)])) {
    if (before.env[name] !== after.env[name]) changed.push(`env.${name}`);
  }
  return changed;
}
