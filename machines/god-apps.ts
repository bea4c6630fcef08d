import type { AppSpec } from "./spec.ts";

/** Those that no app has the key of yet; of two with one key the first. */
export function newApps<T extends { readonly key: string }>(
  apps: ReadonlyMap<string, unknown>,
  declared: readonly T[],
): T[] {
  const keys = new Set(apps.keys());
  return declared.filter(({ key }) => !keys.has(key) && keys.add(key));
}

/** How an app's actor is spawned. */
export function appSpawn({ key, spec }: { readonly key: string; readonly spec: AppSpec }): {
  id: string;
  input: { key: string; spec: AppSpec };
} {
  return { id: `app:${key}`, input: { key, spec } };
}
