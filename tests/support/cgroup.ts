import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { findPlace } from "../../runtime/host/groups/place.ts";
import { homeTag } from "../../runtime/host/groups/groups.ts";

const place = findPlace("xm-none");
const top = typeof place === "string" ? undefined : place.top;

/** Whether groups can be made here: as root, where version 2 is mounted, with controllers or without. */
export const hasGroups = canMake();

/** Whether version 2 has the memory controller here. */
export const hasMemoryController =
  top !== undefined && /\bmemory\b/.test(readFileSync(join(top, "cgroup.controllers"), "utf8"));

/** Folder of the groups of a home. */
export function groupsOf(home: string): string {
  return join(top ?? "", homeTag(home));
}

/** The group that a process is in. */
export function groupOf(pid: number): string {
  const file = `/proc/${pid}/cgroup`;
  return existsSync(file) ? (/^0::(.*)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? "") : "";
}

function canMake(): boolean {
  if (top === undefined || process.geteuid?.() !== 0) return false;
  try {
    const probe = join(top, `xm-probe-${process.pid}`);
    mkdirSync(probe);
    const isKilling = existsSync(join(probe, "cgroup.kill"));
    rmdirSync(probe);
    return isKilling;
  } catch {
    // Not mounted for us to write.
    return false;
  }
}
