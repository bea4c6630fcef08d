import { appsMeant } from "./dependencies.ts";
import type { AppSpec } from "./spec.ts";

/** The apps of a set in the order in which they can be started: what an app depends on comes before it. */
export function inStartOrder<T extends { readonly spec: AppSpec }>(apps: readonly T[]): T[] {
  if (apps.every(({ spec }) => spec.dependsOn.length === 0)) return [...apps];
  const order: T[] = [];
  const seen = new Set<T>();
  const visit = (app: T): void => {
    if (seen.has(app)) return;
    seen.add(app);
    for (const needed of directlyNeeded(app, apps)) visit(needed);
    order.push(app);
  };
  for (const app of apps) visit(app);
  return order;
}

/** The apps of a set that an app depends on. */
export function directlyNeeded<T extends { readonly spec: AppSpec }>(
  { spec }: { readonly spec: AppSpec },
  all: readonly T[],
): T[] {
  return spec.dependsOn.flatMap((dependency) => appsMeant(dependency, spec.namespace, all));
}

/**
 * The apps of a set in the order in which they are stopped, as waves: nothing of a wave is needed by what comes after it.
 * A circle, which no declaration has, is a wave of its own.
 */
export function stopWaves<T extends { readonly spec: AppSpec }>(apps: readonly T[]): T[][] {
  if (apps.every(({ spec }) => spec.dependsOn.length === 0)) return [[...apps]];
  const needs = new Map(apps.map((app) => [app, directlyNeeded(app, apps)] as const));
  const waves: T[][] = [];
  let left = [...apps];
  while (left.length > 0) {
    const needed = new Set(left.flatMap((app) => (needs.get(app) ?? []).filter((n) => n !== app)));
    const free = left.filter((app) => !needed.has(app));
    const wave = free.length > 0 ? free : left;
    waves.push(wave);
    left = left.filter((app) => !wave.includes(app));
  }
  return waves;
}

/** A circle among the dependencies, as the names on the way round; `null` when there is none. */
export function circleIn(apps: readonly { readonly spec: AppSpec }[]): string[] | null {
  const done = new Set<unknown>();
  const visit = (
    app: { readonly spec: AppSpec },
    path: readonly { readonly spec: AppSpec }[],
  ): string[] | null => {
    const index = path.indexOf(app);
    if (index !== -1) return [...path.slice(index), app].map(({ spec }) => spec.name);
    if (done.has(app)) return null;
    for (const needed of directlyNeeded(app, apps)) {
      const found = visit(needed, [...path, app]);
      if (found !== null) return found;
    }
    done.add(app);
    return null;
  };
  for (const app of apps) {
    const found = visit(app, []);
    if (found !== null) return found;
  }
  return null;
}
