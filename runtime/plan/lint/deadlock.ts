import { isBond } from "../../../machines/dependency-bonds.ts";
import { hasTimes } from "../../../machines/spec.ts";
import { behaviourOf, behavioursOf } from "../behaviour.ts";
import { play, type Played } from "../play.ts";
import type { Moment } from "../world.ts";
import { evidenceOf, type Finding, type Linted } from "./finding.ts";

/**
 * Apps that wait and are never started although nothing fails, and those that wait forever after a single crash.
 * Breadth first: no crash, then one of each app, so that the first sequence found is the shortest.
 */
export async function deadlocks(about: Linted): Promise<Finding[]> {
  const { specs, started } = about;
  const waiting = leftWaiting(started.moments).filter(({ name }) => !waitsForTheClock(about, name));
  if (waiting.length > 0) return waiting.map((last) => neverStarted(about, last));
  for (const { name } of specs) {
    if (!isConnected(about, name)) continue;
    const { moments, crashedAt } = await afterCrash(about, name);
    const [stuck] = leftWaiting(moments);
    if (stuck === undefined) continue;
    const since = moments.filter(({ at }) => at >= crashedAt);
    return [
      {
        rule: "dependency-deadlock",
        level: "error",
        about: stuck.name,
        field: "depends_on",
        message: `after a crash of ${name}, ${stuck.name} waits forever: ${sentenceOf(stuck, moments)}`,
        evidence: evidenceOf(since),
        fix: "put the apps of a group in the order of their dependencies, or take one of the two away",
      },
    ];
  }
  return [];
}

function neverStarted({ started, specs }: Linted, last: Moment): Finding {
  const spec = specs.find(({ name }) => name === last.name);
  const names = new Set([last.name, ...(spec?.dependsOn ?? []).map(({ app }) => app)]);
  const own = started.moments.filter(({ name, event }) => names.has(name) && event !== "minUptime");
  return {
    rule: "dependency-deadlock",
    level: "error",
    about: last.name,
    field: "depends_on",
    message: `${last.name} is never started, although nothing fails: ${sentenceOf(last, started.moments)}`,
    evidence: evidenceOf(own),
    fix: "wait for a condition that comes: service_completed_successfully is one of a job (type: oneshot), service_healthy one of a service",
  };
}

/** Processes that wait for others when nothing happens any more: the last moment of each. */
function leftWaiting(moments: readonly Moment[]): Moment[] {
  const last = new Map<number, Moment>();
  for (const moment of moments) if (moment.facts !== undefined) last.set(moment.facts.id, moment);
  return [...last.values()].filter(({ facts }) => facts?.status === "pending");
}

function sentenceOf({ facts }: Moment, moments: readonly Moment[]): string {
  const own = moments.findLast(
    (each) => each.facts?.id === facts?.id && each.sentence !== undefined,
  );
  return own?.sentence ?? "nothing starts it";
}

/** No schedule fires in a plan. */
function waitsForTheClock({ specs }: Pick<Linted, "specs">, name: string): boolean {
  const spec = specs.find((each) => each.name === name);
  return (spec?.dependsOn ?? []).some(({ app }) => {
    const other = specs.find((each) => each.name === app);
    return other !== undefined && (hasTimes(other) || waitsForTheClock({ specs }, app));
  });
}

/** Whether the end of an app changes anything for others: it is in a group, or others are bound to it. */
function isConnected({ specs }: Linted, name: string): boolean {
  const spec = specs.find((each) => each.name === name);
  if (spec === undefined || spec.policy.restart.job !== undefined) return false;
  const isBound = specs.some(({ dependsOn }) =>
    dependsOn.some((each) => each.app === name && isBond(each)),
  );
  return isBound || spec.group !== undefined;
}

/** Plays a file whose apps all run, and one of which crashes once. */
async function afterCrash(
  about: Linted,
  name: string,
): Promise<Pick<Played, "moments"> & { crashedAt: number }> {
  const { specs, times, started } = about;
  const spec = specs.find((each) => each.name === name);
  if (spec === undefined) return { moments: [], crashedAt: 0 };
  const behaviours = behavioursOf(specs, { times });
  const began =
    started.moments.find((each) => each.name === name && each.event === "child.spawned")?.at ?? 0;
  const stableAt = (started.moments.at(-1)?.at ?? 0) + 1_000;
  const end = { afterMs: stableAt - began, code: 1, signal: null, runs: 1 };
  behaviours.set(name, { ...behaviourOf(spec, times.get(name) ?? {}), end });
  const { moments } = await play("start", { specs, behaviours });
  return { moments, crashedAt: stableAt };
}
