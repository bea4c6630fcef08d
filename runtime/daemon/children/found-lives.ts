import { statSync } from "node:fs";
import { readRecords } from "../balancers/record.ts";
import { homePaths } from "../../host/home/paths.ts";
import {
  isAlive,
  isLiving,
  readEnvironVariable,
  scanProcesses,
  type ProcessStat,
} from "../../host/procfs.ts";
import { hasGivenMarks, lifeVariable, provenLife } from "./life.ts";

/** A life found in the process table by the mark in its environment. */
export interface FoundLife {
  readonly stat: ProcessStat;
  readonly lifeId: string;
  /** Of the user that owns it. */
  readonly uid: number | undefined;
}

/**
 * The lives of a home by the id of their process: every process with a mark that this home has given out and that
 * leads a session or was forked by a balancer, so that it is the main process of its life.
 */
export function findLives(home: string): Map<number, FoundLife[]> {
  const lives = new Map<number, FoundLife[]>();
  // Hundreds of reads on a busy machine, which make V8 load its optimizing compiler (4 MB).
  if (!hasGivenMarks(home)) return lives;
  // A worker is in its balancer's session, and leads none.
  const balancers = new Set(
    readRecords(homePaths(home).balancers)
      .filter(isAlive)
      .map(({ pid }) => pid),
  );
  for (const stat of scanProcesses()) {
    const isMain = stat.pid === stat.session || balancers.has(stat.ppid);
    if (!isMain || !isLiving(stat)) continue;
    const life = provenLife(home, readEnvironVariable(stat.pid, lifeVariable) ?? "");
    if (life === undefined) continue;
    const { id, lifeId } = life;
    lives.set(id, [...(lives.get(id) ?? []), { stat, lifeId, uid: ownerOf(stat.pid) }]);
  }
  return lives;
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
