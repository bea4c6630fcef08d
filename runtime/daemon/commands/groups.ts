import { joined } from "../../../machines/group-spec.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Registry } from "../registry/registry.ts";

/** An app that names no group joins that of its namespace, if there is one. */
export function joiningGroups(registry: Registry, specs: AppSpec[]): AppSpec[] {
  const known = registry.apps().map((app) => app.getSnapshot().context);
  const all = [...specs.map((spec) => ({ key: spec.name, spec })), ...known];
  if (all.every(({ spec }) => spec.group === undefined)) return specs;
  return specs.map((spec) => {
    const group = spec.group ?? joined(spec.namespace, all);
    return group === undefined ? spec : { ...spec, group };
  });
}
