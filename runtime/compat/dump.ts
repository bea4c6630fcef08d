import * as v from "valibot";
import { appSpecSchema, type ProcessDetail } from "../api/schemas.ts";
import type { AppSpec } from "../../machines/spec.ts";
import { toPm2Process } from "./jlist.ts";

/** One entry of `dump.pm2`: PM2's own fields, for PM2 to read, and ours, from which nothing is lost. */
export function toDumpEntry(detail: ProcessDetail): Record<string, unknown> {
  return { ...toPm2Process(detail).pm2_env, exmachina: detail.spec };
}

/**
 * The apps of a saved list. Entries of one app count as its processes; entries without our field (saved by PM2)
 * are left out and named.
 */
export function specsFromDump(list: readonly unknown[]): { apps: AppSpec[]; notes: string[] } {
  const apps = new Map<string, AppSpec>();
  const counts = new Map<string, number>();
  const notes: string[] = [];
  for (const [index, entry] of list.entries()) {
    const spec = v.safeParse(v.object({ exmachina: appSpecSchema }), entry);
    if (!spec.success) {
      notes.push(`entry ${index} of the saved list was not saved by xm and is left out`);
      continue;
    }
    const { name, namespace } = spec.output.exmachina;
    const key = `${namespace}/${name}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    apps.set(key, { ...spec.output.exmachina, instances: counts.get(key) ?? 1 });
  }
  return { apps: [...apps.values()], notes };
}
