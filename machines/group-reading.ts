import { addRestart } from "./lib/intensity.ts";
import { duration } from "./lib/words.ts";
import type {
  AfterStop,
  GroupFacts,
  Incident,
  Round,
  SeenGroup,
  SeenProcess,
} from "./group-events.ts";
import { groupMember, type GroupPlace, type Leaf } from "./group-spec.ts";

/* What a group makes of its members: pure functions of what it sees. */

export interface GroupContext extends Omit<GroupFacts, "name" | "step"> {
  readonly place: GroupPlace;
  readonly processes: readonly SeenProcess[];
  readonly groups: readonly SeenGroup[];
  readonly isGuided: boolean;
  readonly resume: GroupFacts | null;
}

/** An incident that is not answered yet. */
export interface Open extends Incident {
  /** Under which it is remembered: a process, or a group. */
  readonly of: string;
  readonly member: string;
}

type Kind = "crash" | "gaveUp" | "ended";

const processKey = (id: number): string => String(id);

/** The open incidents of a kind among the members, in their order. */
export function openOf(context: GroupContext, kind: Kind): Open[] {
  const { place, processes, groups, answered, since } = context;
  const isOpen = (of: string, incident: Incident | null): incident is Incident =>
    incident !== null && incident.at >= since && answered[of] !== incident.at;
  const direct = place.leaves.filter(({ key, member }) => key === member);
  const ofApps = direct.flatMap(({ key, member }) =>
    processes
      .filter((each) => each.key === key)
      .flatMap((each): Open[] => {
        const of = processKey(each.id);
        const incident = each[kind];
        const cause = { app: key, id: each.id, at: incident?.at ?? 0 };
        return isOpen(of, incident) ? [{ ...incident, of, member, cause }] : [];
      }),
  );
  const ofGroups = groups.flatMap((each): Open[] => {
    const of = groupMember(each.name);
    // A group that has given up is a member that crashed: whether it is started again is the group's to say.
    const incident = kind === "crash" ? each.gaveUp : kind === "ended" ? each.ended : null;
    return isOpen(of, incident) ? [{ ...incident, of, member: of }] : [];
  });
  return [...ofApps, ...ofGroups];
}

/** The end of a significant member that ends the group. */
export function decisiveEnd(context: GroupContext): Open | undefined {
  const { place, processes, groups } = context;
  const { autoShutdown } = place.spec;
  if (autoShutdown === "never") return undefined;
  const isSignificant = new Set(
    place.leaves.filter((leaf) => leaf.isSignificant).map(({ member }) => member),
  );
  // An app has ended when all of its processes have.
  const hasEnded = (member: string): boolean => {
    const own = processes.filter(({ key }) => key === member);
    return own.length > 0
      ? own.every((each) => each.is === "resting")
      : groups.some(({ name, ended }) => groupMember(name) === member && ended !== null);
  };
  const ends = openOf(context, "ended").filter(
    ({ member }) => isSignificant.has(member) && hasEnded(member),
  );
  if (autoShutdown === "all_significant" && ![...isSignificant].every(hasEnded)) return undefined;
  return ends[0];
}

/** Remembers incidents as answered. */
export function answeredWith(
  { answered, place, processes }: GroupContext,
  open: readonly Open[],
): Readonly<Record<string, number>> {
  const known = new Set<string>([
    ...processes.map(({ id }) => processKey(id)),
    ...place.leaves.map(({ member }) => member),
  ]);
  const kept = Object.entries(answered).filter(([of]) => known.has(of));
  return Object.fromEntries([...kept, ...open.map(({ of, at }) => [of, at] as const)]);
}

/** Counts the crashes that are open, and says what the group does about them. */
export function afterCrashes(context: GroupContext): Partial<GroupContext> {
  const { place, restartTimes, at } = context;
  const { name, strategy, restartWindowMs } = place.spec;
  const open = openOf(context, "crash");
  const texts = [...new Set(open.map(({ text }) => text))].join(" and ");
  const times = open.reduce<readonly number[]>(
    (sum) => addRestart(sum, at, restartWindowMs),
    restartTimes,
  );
  return {
    restartTimes: times,
    answered: answeredWith(context, open),
    why: `group ${name} is ${strategy} and ${texts}`,
    cause: open.at(-1)?.cause,
    round: roundWith(context, open),
  };
}

/** What crashes restart: a restart in progress goes back to the first of them, and on from there. */
function roundWith({ place, round }: GroupContext, open: readonly Open[]): Round | null {
  const { leaves, spec } = place;
  const crashed = new Set(open.map(({ member }) => member));
  const first = leaves.findIndex(({ member }) => crashed.has(member));
  const left = round === null ? [] : round.keys.slice(round.keys.indexOf(round.next ?? ""));
  const isMeant = ({ key, member }: Leaf, index: number): boolean => {
    if (left.includes(key) || spec.strategy === "one_for_all") return true;
    if (spec.strategy === "rest_for_one") return index >= first;
    // A process that is restarted alone needs no more than the word.
    return crashed.has(member) && key !== member;
  };
  const keys = leaves.filter(isMeant).map(({ key }) => key);
  return keys[0] === undefined ? null : { keys, next: keys[0], asked: [] };
}

/** More restarts than the group is given. */
export function isOverBudget({ restartTimes, place }: GroupContext): boolean {
  return restartTimes.length > place.spec.maxRestarts;
}

/** Why it gives up. */
export function overBudgetText({ why, place, restartTimes }: GroupContext): string {
  const { name, strategy, maxRestarts, restartWindowMs } = place.spec;
  const cause = (why ?? "").replace(`group ${name} is ${strategy} and `, "");
  return `group ${name} gave up: ${cause}, and that would be restart ${restartTimes.length} within ${duration(restartWindowMs)} (restart_window), and max_restarts is ${maxRestarts}`;
}

/** The apps that a restart is about, in the order in which they start. */
export function scopeOf({ place, round }: GroupContext): readonly Leaf[] {
  return place.leaves.filter(({ key }) => round?.keys.includes(key));
}

const runs: readonly SeenProcess["is"][] = ["up", "starting", "pending", "stopping"];

/** What has still to be stopped of some apps, the last of them first. */
export function lastToStop(
  leaves: readonly Leaf[],
  processes: readonly SeenProcess[],
  after: AfterStop,
): SeenProcess[] {
  const isLeft = ({ is }: SeenProcess): boolean =>
    runs.includes(is) || (after !== "hold" && (is === "held" || is === "waiting"));
  for (const { key } of leaves.toReversed()) {
    const left = processes.filter((each) => each.key === key && isLeft(each));
    if (left.length > 0) return left;
  }
  return [];
}

/** Processes of an app that a restart of the group starts. */
export function startableOf(
  { processes }: GroupContext,
  key: string,
  asked: readonly number[],
): SeenProcess[] {
  return processes.filter(
    (each) =>
      each.key === key && (each.is === "held" || (each.mayStart && !asked.includes(each.id))),
  );
}

/** It has come to where the next app may start: it serves, waits for what it depends on, or rests. */
export function hasStarted({ processes }: GroupContext, key: string): boolean {
  return processes
    .filter((each) => each.key === key)
    .every(({ is }) => is === "up" || is === "pending" || is === "resting");
}

/** Processes that wait for the word of the group, and that no restart of it is about. */
export function heldAlone(context: GroupContext): SeenProcess[] {
  const { place, processes, answered, since, isGuided } = context;
  if (isGuided) return [];
  const direct = new Set(place.leaves.flatMap(({ key, member }) => (key === member ? [key] : [])));
  return processes.filter(({ key, id, is, crash, heldBy }) => {
    if (is !== "held") return false;
    if (crash === null) return heldBy === place.spec.name;
    return direct.has(key) && (crash.at < since || answered[processKey(id)] === crash.at);
  });
}

/** Each app has told what it has. */
export function isKnown({ place, processes }: GroupContext): boolean {
  const known = new Set(processes.map(({ key }) => key));
  return place.leaves.every(({ key }) => known.has(key));
}

/** A command, or the group around it, has started one of its members again. */
export function isUpAgain({ processes }: GroupContext): boolean {
  return processes.some(({ is }) => is === "up" || is === "starting" || is === "pending");
}
