import { hasTimes } from "../../../machines/spec.ts";
import type { Moment } from "../world.ts";
import { evidenceOf, type Finding, type Linted } from "./finding.ts";

/**
 * Apps that wait and are never started although nothing fails. What fails ends a wait by itself: a condition that can no longer be
 * met gives its app up.
 */
export function deadlocks(about: Linted): Finding[] {
  return leftWaiting(about.started.moments)
    .filter(({ name }) => !waitsForTheClock(about, name))
    .map((last) => neverStarted(about, last));
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
    message: `${last.name} is never started, although nothing fails: ${last.sentence ?? sentenceOf(last, own)}`,
    evidence: evidenceOf(own),
    fix: "wait for a condition that comes: service_completed_successfully is one of a job (type: oneshot), service_healthy one of a service",
  };
}

/** Processes that wait for others when nothing happens any more: the last moment of each app's first. */
function leftWaiting(moments: readonly Moment[]): Moment[] {
  const last = new Map<string, Moment>();
  for (const moment of moments)
    if (moment.facts?.instance === 0) last.set(moment.facts.app, moment);
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
