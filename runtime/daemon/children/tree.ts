import { errnoOf, xmError } from "../../contract/errors.ts";
import {
  isLiving,
  readEnvironVariable,
  readProcess,
  scanProcesses,
  type ProcessStat,
} from "../../host/procfs.ts";
import { lifeVariable } from "./life.ts";

/** A child as the kernel knows it. */
export interface KernelIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

/** The children that lead a session of this daemon's: what belongs to one of them belongs to no other. */
const leaders = new Set<number>();

export function addLeader(pid: number): void {
  leaders.add(pid);
}

export function removeLeader(pid: number): void {
  leaders.delete(pid);
}

/**
 * The living tree of a child: itself, its process group, its session, and every other process with the mark of its
 * life in the environment (a daemonised grandchild has left all the others behind, its parent included). A
 * program that took the mark out of the environment and left the session has left on purpose, as a daemon of
 * ours does that an app has started: it is not taken.
 */
export function findTree(
  child: KernelIdentity,
  markers: readonly string[],
  scan: readonly ProcessStat[],
  variable = lifeVariable,
): ProcessStat[] {
  return scan.filter((stat) => {
    if (!isLiving(stat) || stat.startTicks < child.startTicks || stat.pid === process.pid)
      return false;
    if (stat.pid === child.pid) return stat.startTicks === child.startTicks;
    if (stat.pgrp === child.pid || stat.session === child.pid) return true;
    // Reading an environment is the dear part: another child's session need not be asked.
    if (leaders.has(stat.session)) return false;
    return bears(stat, markers, variable);
  });
}

function bears({ pid }: ProcessStat, markers: readonly string[], variable: string): boolean {
  return markers.includes(readEnvironVariable(pid, variable) ?? "");
}

/**
 * A scan of all processes that callers of one turn of the event loop share: fifty stops at once read `/proc`
 * once. A caller whose child has ended gets one in which it has: who is not in it then was not forked by it later.
 */
export function sharedScan(ended?: KernelIdentity): readonly ProcessStat[] {
  if (shared === undefined || (ended !== undefined && shared.some((stat) => lives(stat, ended)))) {
    shared = scanProcesses();
    setImmediate(() => {
      shared = undefined;
    });
  }
  return shared;
}

let shared: readonly ProcessStat[] | undefined;

function lives(stat: ProcessStat, identity: KernelIdentity): boolean {
  return stat.pid === identity.pid && stat.startTicks === identity.startTicks && isLiving(stat);
}

/** Signals each process of a tree once: the group in one call, processes outside it one by one. */
export function signalTree(
  child: KernelIdentity,
  tree: readonly ProcessStat[],
  signal: string,
): void {
  const group = tree.filter(({ pgrp }) => pgrp === child.pid);
  // A group keeps its number from being given to a new process for as long as it has a member.
  if (group.length > 0) send(-child.pid, signal);
  for (const stat of tree) {
    if (stat.pgrp !== child.pid) signalProcess(stat, signal);
  }
}

/**
 * Signals one process, and never another that took over its pid: the start time is read again just before.
 * @returns whether it was there.
 * @throws `ERR_SIGNAL_DENIED`
 */
export function signalProcess(identity: KernelIdentity, signal: string): boolean {
  const now = readProcess(identity.pid);
  return now?.startTicks === identity.startTicks && send(identity.pid, signal);
}

function send(target: number, signal: string): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    if (errnoOf(error) !== "EPERM") throw error;
    throw xmError("ERR_SIGNAL_DENIED", { pid: Math.abs(target) }, { cause: error });
  }
}
