import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../contract/errors.ts";
import {
  isLiving,
  readEnvironVariable,
  scanProcesses,
  type ProcessStat,
} from "../../host/procfs.ts";
import { killAll, membersOf } from "../../host/groups/group.ts";
import type { Groups } from "../../host/groups/groups.ts";
import { groupName } from "./spawn.ts";
import { knownMarkers, lifeVariable, type Life } from "./life.ts";
import { signalProcess, type KernelIdentity } from "./tree.ts";

/** A life that ended while no daemon watched. */
export interface EndedLife extends Life, KernelIdentity {}

/** What SIGKILL does not end within this is in the kernel's hands; ms. */
const endsWithinMs = 2_000;

/**
 * Kills what is left of the trees of ended lives, and waits until it is gone: the next life of a process begins
 * where nothing of the last one is in its way.
 */
export async function endLeftOver(
  lives: readonly EndedLife[],
  groups: Pick<Groups, "find" | "remove">,
  log: (line: string) => void,
): Promise<void> {
  if (lives.length === 0) return;
  const own = lives.flatMap(({ id, lifeId }) => groups.find(groupName(id, lifeId)) ?? []);
  const deadline = performance.now() + endsWithinMs;
  const killed = new Set<number>();
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 50)) {
    for (const group of own) killAll(group);
    const scan = scanProcesses();
    const inGroups = new Set(own.flatMap(membersOf));
    const left = new Set([
      ...findLeftOver(lives, scan),
      ...scan.filter((stat) => inGroups.has(stat.pid) && isLiving(stat)),
    ]);
    if (left.size === 0) break;
    if (performance.now() > deadline) {
      log(`processes left from earlier lives do not end: ${pidsOf([...left])}`);
      break;
    }
    for (const stat of left) if (kill(stat, log)) killed.add(stat.pid);
    await pause(waitMs);
  }
  for (const group of own) groups.remove(group);
  if (killed.size > 0) log(`killed ${killed.size} process(es) left from earlier lives`);
}

/**
 * The number of an ended main process may be another's by now, so its group and its session are its own only if
 * somebody in them carries the mark of its life.
 */
export function findLeftOver(
  lives: readonly EndedLife[],
  scan: readonly ProcessStat[],
): ProcessStat[] {
  const living = scan.filter((stat) => isLiving(stat) && stat.pid !== process.pid);
  const byMarker = new Map<string, ProcessStat[]>();
  for (const stat of living) {
    const marker = readEnvironVariable(stat.pid, lifeVariable);
    if (marker !== undefined) byMarker.set(marker, [...(byMarker.get(marker) ?? []), stat]);
  }
  const left = new Set<ProcessStat>();
  for (const life of lives) {
    const bearers = knownMarkers(life)
      .flatMap((marker) => byMarker.get(marker) ?? [])
      .filter(({ startTicks }) => startTicks >= life.startTicks);
    for (const stat of bearers) left.add(stat);
    const hasGroup = bearers.some(({ pgrp }) => pgrp === life.pid);
    const hasSession = bearers.some(({ session }) => session === life.pid);
    if (!hasGroup && !hasSession) continue;
    for (const stat of living) {
      if ((hasGroup && stat.pgrp === life.pid) || (hasSession && stat.session === life.pid))
        left.add(stat);
    }
  }
  return [...left];
}

function kill(stat: ProcessStat, log: (line: string) => void): boolean {
  try {
    return signalProcess(stat, "SIGKILL");
  } catch (error) {
    log(messageOf(error));
    return false;
  }
}

function pidsOf(stats: readonly ProcessStat[]): string {
  return stats.map(({ pid }) => `pid ${pid}`).join(", ");
}
