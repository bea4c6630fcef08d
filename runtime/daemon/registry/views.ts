import type { ProcessDetail, ProcessView } from "../../contract/api/schemas.ts";
import { versionOf } from "../../../machines/process-context.ts";
import { stepOf, type GroupActor } from "../../../machines/group.ts";
import { countRestarts } from "../../../machines/lib/intensity.ts";
import { reloadFactsOf } from "../../../machines/reload.ts";
import { instanceLogPaths, instancePidFile } from "../../host/log-files/paths.ts";
import type { CustomMetrics } from "../metrics/custom.ts";
import type { Metrics } from "../metrics/sampler.ts";
import { ownUserName } from "../../host/users.ts";
import type { Managed } from "./registry.ts";
import { shownTime, steadyNow } from "../../host/clock.ts";
import { shownDecision, shownExit, shownFailure } from "../../host/shown-facts.ts";

/** A process as the API shows it. */
export function viewOf(
  { facts, spec, app: actor, actor: process, group }: Managed,
  metrics: Metrics | undefined,
): ProcessView {
  const { id, app, instance, status, child, createdAt, restarts, unstableRestarts, restartAt } =
    facts;
  return {
    id,
    name: spec.name,
    namespace: spec.namespace,
    app,
    instance,
    mode: spec.mode,
    status,
    pid: child?.pid ?? null,
    startedAt: shownTime(child?.at ?? null),
    createdAt: shownTime(createdAt),
    restarts,
    unstableRestarts,
    restartAt: shownTime(restartAt),
    killAt: shownTime(facts.killAt),
    lastExit: shownExit(facts.lastExit) as ProcessView["lastExit"],
    failure: shownFailure(facts.failure),
    decision: facts.decisions.at(-1)?.sentence ?? null,
    script: spec.script,
    user: spec.uid === null ? ownUserName() : String(spec.uid),
    watching: spec.sensors.watch !== null,
    troubles: [actor, process].flatMap((each) =>
      Object.entries(each.getSnapshot().context.troubles).map(([sensor, reason]) => ({
        sensor,
        reason,
      })),
    ),
    version: versionOf(facts, spec),
    logs: instanceLogPaths(spec, id),
    pidFile: instancePidFile(spec, id),
    memoryBytes: metrics?.memoryBytes ?? null,
    cpuPercent: metrics?.cpuPercent ?? null,
    generation: facts.generation,
    type: spec.policy.restart.job === undefined ? "simple" : "oneshot",
    ...(spec.passthrough["pmx_module"] === true ? { isModule: true as const } : {}),
    readiness: facts.readiness,
    health: facts.health ?? null,
    outOfTraffic: facts.outOfTraffic ?? false,
    finding: process.getSnapshot().context.finding,
    waitsFor: status === "pending" ? [...process.getSnapshot().context.unmet] : [],
    ...(group === undefined ? {} : { group: groupView(group) }),
    hook:
      facts.hook === undefined || facts.hook.end !== null
        ? null
        : { name: facts.hook.name, since: shownTime(facts.hook.at) },
    nextRunAt: actor.getSnapshot().context.nextRunAt,
    reload: reloadOf(actor),
  };
}

/** A process with everything that is known of it. */
export function detailOf(
  managed: Managed,
  metrics: Metrics | undefined,
  custom: CustomMetrics,
): ProcessDetail {
  const { facts, spec } = managed;
  return {
    ...viewOf(managed, metrics),
    lifeId: facts.child?.lifeId ?? null,
    portHolder: null,
    checkout: facts.child?.checkout ?? null,
    usage: null,
    uniqueId: facts.uniqueId ?? null,
    backoffMs: facts.backoffMs,
    goal: facts.goal,
    metrics: { ...custom.metrics(facts.child?.lifeId) } as ProcessDetail["metrics"],
    actions: [...custom.actions(facts.child?.lifeId)] as ProcessDetail["actions"],
    options: { ...custom.options(facts.child?.lifeId) },
    decisions: facts.decisions.map(shownDecision) as ProcessDetail["decisions"],
    spec: spec as ProcessDetail["spec"],
  };
}

function groupView(group: GroupActor): NonNullable<ProcessView["group"]> {
  const snapshot = group.getSnapshot();
  const { place, restartTimes, why, at } = snapshot.context;
  const { name, strategy, maxRestarts, restartWindowMs } = place.spec;
  const step = stepOf(snapshot);
  const restarts = countRestarts(restartTimes, Math.max(at, steadyNow()), restartWindowMs);
  return { name, strategy, step, restarts, maxRestarts, restartWindowMs, why };
}

function reloadOf(app: Managed["app"]): ProcessView["reload"] {
  const { reload } = app.getSnapshot().context;
  if (reload === null) return null;
  const { step, done, pending, batch, by } = reloadFactsOf(reload);
  return { step, by, done: done.length, total: done.length + pending.length + batch.length };
}
