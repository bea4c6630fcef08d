import { groupsOf, type GroupPlace } from "../../../machines/group-spec.ts";
import { duration } from "../../../machines/lib/words.ts";
import { behaviourOf, behavioursOf } from "../behaviour.ts";
import { play } from "../play.ts";
import type { Moment } from "../world.ts";
import { evidenceOf, type Finding, type Linted } from "./finding.ts";

/**
 * Groups whose limit of restarts is never reached, whichever of their members crashes as soon as it is started, alone or with the
 * others. The first crashes are the densest, since waits only grow, and what crashes later crashes less often: a few more of them than
 * the limit has are enough.
 */
export async function groupsThatNeverEscalate(about: Linted): Promise<Finding[]> {
  const found: Finding[] = [];
  const groups = groupsOf(about.specs.map((spec) => ({ key: spec.name, spec })));
  for (const [name, place] of groups) {
    const finding = await findingFor(about, name, place);
    if (finding !== null) found.push(finding);
  }
  return found;
}

async function findingFor(about: Linted, name: string, place: GroupPlace): Promise<Finding | null> {
  const members = [...new Set(place.leaves.map(({ app }) => app))];
  const tries = [...members.map((each) => [each]), ...(members.length > 1 ? [members] : [])];
  let evidence: readonly Moment[] = [];
  let restarts = 0;
  for (const crashing of tries) {
    const moments = await crashed(about, { name, place, crashing });
    if (endOf(name, members, moments) === "its limit") return null;
    const own = moments.filter(({ exit }) => exit !== undefined).length;
    if (own > restarts) evidence = moments;
    restarts = Math.max(restarts, own);
  }
  const { maxRestarts, restartWindowMs } = place.spec;
  const isIdle = restarts <= tries.length;
  const why = isIdle
    ? "no member is restarted after a crash"
    : "its members take too long to be restarted, or are given up before, and it ends only with one of them";
  const told = evidence.filter(
    ({ exit, kind, event }) => exit !== undefined || (kind === "group" && event !== "declared"),
  );
  return {
    rule: "group-never-escalates",
    level: isIdle ? "error" : "warning",
    about: name,
    field: `groups.${name}`,
    message: `the limit of the group ${name} (${maxRestarts} restarts within ${duration(restartWindowMs)}) is never reached, whichever of ${members.join(", ")} crashes, however often: ${why}`,
    evidence: evidenceOf(told),
    fix: isIdle
      ? "set restart: always or on-failure for a member, or take the group away"
      : "raise restart_window of the group, or lower its max_restarts below that of its members",
  };
}

/** What a group has ended for: more restarts than its limit, or a member that its own policy has given up. */
function endOf(
  name: string,
  members: readonly string[],
  moments: readonly Moment[],
): "its limit" | "a member" | null {
  const end = moments.findIndex(
    ({ kind, name: group, states }) =>
      kind === "group" && group === name && states.startsWith("end"),
  );
  if (end < 0) return null;
  const isGivenUp = moments
    .slice(0, end)
    .some((each) => each.facts?.status === "errored" && members.includes(each.name));
  return isGivenUp ? "a member" : "its limit";
}

/** Two crashes of one millisecond would be one. */
const crashAfterMs = 10;

async function crashed(
  { specs, times }: Linted,
  group: { name: string; place: GroupPlace; crashing: readonly string[] },
): Promise<readonly Moment[]> {
  const { name, place, crashing } = group;
  const behaviours = behavioursOf(specs, { times });
  for (const spec of specs) {
    if (!crashing.includes(spec.name)) continue;
    // A crash for every restart policy.
    const end = { afterMs: crashAfterMs, code: null, signal: "SIGSEGV" };
    behaviours.set(spec.name, { ...behaviourOf(spec, times.get(spec.name) ?? {}), end });
  }
  const most = (place.spec.maxRestarts + 3) * crashing.length;
  const isEnough = (moments: readonly Moment[]): boolean =>
    endOf(name, [], moments) !== null ||
    moments.filter(({ exit, name: app }) => exit !== undefined && crashing.includes(app)).length >
      most;
  const { moments } = await play("start", { specs, behaviours, isEnough });
  return moments;
}
