import * as v from "valibot";
import { appSpecSchema, type ProcessDetail } from "../contract/api/schemas.ts";
import type { AppSpec } from "../../machines/spec.ts";
import { toPm2Process } from "./jlist.ts";

/** One entry of `dump.pm2`: PM2's own fields, for PM2 to read, and ours, from which nothing is lost. */
export function toDumpEntry(detail: ProcessDetail): Record<string, unknown> {
  return { ...toPm2Process(detail).pm2_env, exmachina: detail.spec };
}

/**
 * The apps of a saved list. Entries of one app count as its processes; an app whose processes were all stopped
 * comes back stopped.
 * @returns also the entries without our field, as PM2 saves them: `specsFromPm2` makes apps of those.
 */
export function specsFromDump(list: readonly unknown[]): { apps: AppSpec[]; foreign: object[] } {
  const apps = new Map<string, AppSpec>();
  const foreign: object[] = [];
  for (const entry of list) {
    const saved = v.safeParse(entrySchema, entry);
    if (!saved.success) {
      if (typeof entry === "object" && entry !== null) foreign.push(entry);
      continue;
    }
    const { exmachina: spec, status } = saved.output;
    const key = `${spec.namespace}/${spec.name}`;
    const before = apps.get(key);
    apps.set(key, {
      ...spec,
      instances: (before?.instances ?? 0) + 1,
      // What waits for its time is not run when it is brought back.
      autostart:
        before?.autostart === true || (status !== "stopped" && spec.sensors.schedule === undefined),
    });
  }
  return { apps: [...apps.values()], foreign };
}

const entrySchema = v.object({ exmachina: appSpecSchema, status: v.optional(v.string()) });
