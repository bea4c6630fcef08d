import type { Cause } from "./cause.ts";
import { appsMeant, type Standing } from "./dependencies.ts";
import { isAtRest, type ProcessFacts } from "./facts.ts";
import type { BondInput } from "./process-events.ts";
import type { DependencySpec } from "./spec.ts";

/** What a process has to do because of an app that it depends on. */
export interface BrokenBond {
  readonly what: "stop" | "restart";
  readonly by: string;
  /** Not there when that app is gone. */
  readonly cause?: Cause;
}

/** Whether a declaration has an app follow what becomes of another one. */
export function isBond({
  onLoss = "keep",
  followsRestarts = false,
  condition,
}: DependencySpec): boolean {
  // A job that has ended is not lost.
  const isJob = condition === "completed" || condition === "succeeded";
  return !isJob && (onLoss !== "keep" || followsRestarts);
}

/**
 * What has become of the apps that a process depends on since its life began, from their facts alone: so the next daemon
 * comes to the same. A loss goes before a restart; the first of the declaration decides.
 */
export function brokenBond(
  { spec, since }: BondInput,
  all: readonly (Standing & { readonly isReloading: boolean })[],
): BrokenBond | null {
  const bonds = spec.dependsOn.filter(isBond);
  for (const bond of bonds) {
    const { app, onLoss = "keep" } = bond;
    if (onLoss === "keep") continue;
    const meant = appsMeant(bond, spec.namespace, all);
    if (!isLost(meant, since)) continue;
    const ends = meant.flatMap((each) => each.processes).map(endOf);
    return { what: onLoss, by: `the end of ${app}`, ...latest(ends) };
  }
  for (const bond of bonds) {
    if (bond.followsRestarts !== true) continue;
    const meant = appsMeant(bond, spec.namespace, all);
    // Of many processes that are restarted one after the other the last one counts.
    if (meant.some(({ isReloading }) => isReloading)) continue;
    const renewed = meant
      .flatMap((each) => each.processes)
      .filter((facts) => wasRestarted(facts, since));
    if (renewed.length > 0)
      return { what: "restart", by: `the restart of ${bond.app}`, ...latest(renewed.map(endOf)) };
  }
  return null;
}

/** The end of its latest life; the start of a replacement, which has none. */
function endOf({ app, id, lastExit, child }: ProcessFacts): Cause {
  return { app, id, at: lastExit?.at ?? child?.at ?? 0 };
}

/** Of many the last one. */
function latest(causes: readonly Cause[]): { readonly cause?: Cause } {
  const cause = causes.toSorted((a, b) => a.at - b.at).at(-1);
  return cause === undefined ? {} : { cause };
}

/** It is gone, nothing of it runs any more, or it has ended by itself, even if it has been started again. */
function isLost(meant: readonly Standing[], since: number): boolean {
  const processes = meant.flatMap((each) => each.processes);
  if (meant.length === 0) return true;
  // Not added yet.
  if (processes.length === 0) return false;
  const [only] = processes;
  if (processes.length === 1 && only !== undefined) return hasEnded(only, since);
  return processes.every((facts) => facts.child === null && hasEnded(facts, since));
}

function hasEnded({ lastExit, goal, status, child }: ProcessFacts, since: number): boolean {
  // An end at the very moment of its start was already known then.
  if (lastExit === null || lastExit.at <= since) return false;
  // A job whose work is done is not lost.
  if (status === "completed") return false;
  const rests = child === null && isAtRest(status);
  return rests || (lastExit.askedBy === null && goal !== "restart");
}

/** A command, a sensor or a reload has given it a new life. */
function wasRestarted({ child, lastExit, generation }: ProcessFacts, since: number): boolean {
  if (child === null || child.at <= since) return false;
  // A replacement has no end behind it.
  if (lastExit === null) return generation > 0;
  return lastExit.at >= since && lastExit.askedBy !== null;
}
