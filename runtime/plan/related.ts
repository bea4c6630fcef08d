import { directlyNeeded } from "../../machines/dependency-order.ts";
import type { AppSpec } from "../../machines/spec.ts";

/**
 * The apps of a file that may fare otherwise when one does: those that depend on it, directly or by others, those of their groups, and
 * what all of these need themselves. In the order of the file.
 */
export function relatedTo(one: AppSpec, specs: readonly AppSpec[]): AppSpec[] {
  const apps = specs.map((spec) => ({ spec, needs: [] as AppSpec[] }));
  for (const app of apps) app.needs = directlyNeeded(app, apps).map(({ spec }) => spec);
  const affected = closure([one], (spec) =>
    apps
      .filter((other) => other.needs.includes(spec) || isInGroupOf(other.spec, spec))
      .map((other) => other.spec),
  );
  const all = closure(
    [...affected],
    (spec) => apps.find((other) => other.spec === spec)?.needs ?? [],
  );
  return specs.filter((spec) => all.has(spec));
}

function isInGroupOf(one: AppSpec, other: AppSpec): boolean {
  const outermost = one.group?.groups[0]?.name;
  return outermost !== undefined && outermost === other.group?.groups[0]?.name;
}

function closure(begin: readonly AppSpec[], next: (spec: AppSpec) => AppSpec[]): Set<AppSpec> {
  const found = new Set(begin);
  // A set is walked on over what is added meanwhile.
  for (const spec of found) for (const each of next(spec)) found.add(each);
  return found;
}
