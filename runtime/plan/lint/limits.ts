import { duration } from "../../../machines/lib/words.ts";
import { simulate, type LifePattern, type Simulation } from "../../../machines/simulation.ts";
import type { AppSpec, RestartPolicy } from "../../../machines/spec.ts";
import { closestRestarts } from "./closest.ts";
import type { Evidence, Finding, Linted } from "./finding.ts";

/* Limits of restarts that no sequence of crashes reaches. */

/** No policy is searched with more restarts than this. */
const mostRestarts = 100;

export function unreachableLimits({ specs }: Linted): Finding[] {
  return specs.flatMap((spec) => {
    const { restart } = spec.policy;
    if (restart.mode === "never" || restart.maxRestarts > mostRestarts) return [];
    return windowFinding(spec, restart);
  });
}

/** `restart_window`: more than `max_restarts` restarts have to be possible within it. */
function windowFinding(spec: AppSpec, restart: RestartPolicy): Finding[] {
  const { restartWindowMs, maxRestarts, backoff, restartDelayMs, job } = restart;
  // Of a job every failed run counts in a row, and max_restarts is reached before.
  if (restartWindowMs === 0 || job !== undefined) return [];
  const isReached = (most: number): boolean => {
    const closest = closestRestarts({ ...restart, maxRestarts: most }, most + 1);
    return closest !== null && closest.spanMs < restartWindowMs;
  };
  if (isReached(maxRestarts)) return [];
  const closest = closestRestarts(restart, maxRestarts + 1);
  const waits =
    backoff === null
      ? `a restart_delay of ${duration(restartDelayMs)}`
      : `waits that grow to ${duration(backoff.maxMs)}`;
  const span = closest === null ? "" : ` and take at least ${duration(closest.spanMs)}`;
  const lower = Array.from({ length: maxRestarts - 1 }, (_, index) => maxRestarts - 1 - index);
  const reached = lower.find(isReached);
  const raise =
    closest === null ? [] : [`restart_window: ${Math.ceil(closest.spanMs / 1_000 + 1) * 1_000}`];
  const pattern = (closest?.lives ?? []).map(crashAfter);
  const played = played24h(spec, [...pattern, crashAfter(0), stays]);
  return [
    {
      rule: "limit-unreachable",
      level: "error",
      about: spec.name,
      field: "restart_window",
      message: `${spec.name} never has more than ${maxRestarts} restarts (max_restarts) within ${duration(restartWindowMs)} (restart_window), however it crashes: they come after ${waits}${span}`,
      evidence: evidenceIn(spec, played),
      fix: [...raise, ...(reached === undefined ? [] : [`max_restarts: ${reached}`])].join(", or "),
    },
  ];
}

const stays: LifePattern = { lifeMs: null, code: null, signal: null, readyMs: 0 };

function crashAfter(lifeMs: number): LifePattern {
  // A crash for every restart policy.
  return { lifeMs, code: null, signal: "SIGSEGV", readyMs: 0 };
}

/** A process that waits for nobody and has no group: only its own policy decides. */
function restarting(spec: AppSpec): AppSpec {
  return { ...spec, dependsOn: [], group: undefined, autostart: true };
}

function played24h(spec: AppSpec, pattern: readonly LifePattern[]): Simulation {
  return simulate({ spec: restarting(spec), pattern, forMs: 24 * 3_600_000 });
}

function evidenceIn({ name }: AppSpec, { events }: Simulation): Evidence[] {
  return events
    .filter(({ decision, event }) => decision !== undefined || event === "child.spawned")
    .map(({ at, event, status, decision }) => ({
      at,
      name,
      event,
      states: status,
      ...(decision === undefined ? {} : { sentence: decision.sentence }),
    }));
}
