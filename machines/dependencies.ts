import type { ProcessFacts } from "./facts.ts";
import { isSuccess } from "./restart-policy.ts";
import { hasTimes, type AppSpec, type DependencyCondition, type DependencySpec } from "./spec.ts";

/** A condition that is not met, in words. */
export interface Unmet {
  readonly app: string;
  /** Compose's word: `service_healthy`. */
  readonly condition: string;
  /** What the app is instead: `launching`. */
  readonly state: string;
  /** It does not come by itself any more. */
  readonly isLost: boolean;
}

/** What an app is to those that depend on it. */
export interface Standing {
  readonly key: string;
  readonly spec: AppSpec;
  /** Its processes; none before they are added. */
  readonly processes: readonly ProcessFacts[];
}

/** Compose's words, as they are declared and shown. */
export const conditionWords: Readonly<Record<Exclude<DependencyCondition, "usual">, string>> = {
  started: "service_started",
  healthy: "service_healthy",
  completed: "service_completed",
  succeeded: "service_completed_successfully",
};

/** What a condition comes to for an app. */
export function conditionOf(
  { condition }: Pick<DependencySpec, "condition">,
  spec: AppSpec | undefined,
): Exclude<DependencyCondition, "usual"> {
  if (condition !== "usual") return condition;
  // As with systemd: what comes after a job waits until its work is done.
  if (spec?.policy.restart.job !== undefined) return "succeeded";
  const saysNothing = spec?.policy.readiness === "spawned" && spec.policy.probes === null;
  return spec === undefined || saysNothing ? "started" : "healthy";
}

/** The apps a dependency means: those of that name in the namespace, else those of that name anywhere. */
export function appsMeant<T extends { readonly spec: AppSpec }>(
  { app }: Pick<DependencySpec, "app">,
  namespace: string,
  all: readonly T[],
): T[] {
  const named = all.filter(({ spec }) => spec.name === app);
  const near = named.filter(({ spec }) => spec.namespace === namespace);
  return near.length > 0 ? near : named;
}

/**
 * What of an app's dependencies is not met. Optional ones that can no longer come are omitted.
 * @param renewed apps of which only lives count that began at that time or later.
 */
export function unmetOf(
  { dependsOn, namespace }: AppSpec,
  all: readonly Standing[],
  renewed: { readonly keys: readonly string[]; readonly since: number } | null,
): Unmet[] {
  return dependsOn.flatMap((dependency) => {
    const meant = appsMeant(dependency, namespace, all);
    const condition = conditionOf(dependency, meant[0]?.spec);
    const since = (key: string): number => (renewed?.keys.includes(key) ? renewed.since : 0);
    const views = meant.flatMap(({ key, spec, processes }) =>
      processes.length === 0
        ? [{ is: "coming", state: "not declared yet" } as const]
        : processes.map((facts) => judge(condition, { facts, spec, since: since(key) })),
    );
    const found = summed(condition, views);
    if (found === null || (found.is === "lost" && !dependency.isRequired)) return [];
    const { state, is } = found;
    return [
      {
        app: dependency.app,
        condition: conditionWords[condition],
        state,
        isLost: is === "lost",
      },
    ];
  });
}

interface View {
  readonly is: "met" | "coming" | "lost";
  readonly state: string;
}

/**
 * An app serves as long as any of its processes does or may; a job is done when all of it is.
 * @returns `null` when it is met.
 */
function summed(condition: DependencyCondition, views: readonly View[]): View | null {
  if (views.length === 0) return { is: "lost", state: "not in the list" };
  const lost = views.find(({ is }) => is === "lost");
  const isJob = condition === "completed" || condition === "succeeded";
  const counted = isJob ? views : views.filter(({ is }) => is !== "lost");
  if (lost !== undefined && (isJob || counted.length === 0)) return lost;
  return counted.find(({ is }) => is !== "met") ?? null;
}

interface Judged {
  readonly facts: ProcessFacts;
  readonly spec: AppSpec;
  /** Lives before it do not count. */
  readonly since: number;
}

function judge(condition: DependencyCondition, judged: Judged): View {
  const { facts } = judged;
  if (movedAt(facts) < judged.since)
    return { is: "coming", state: `${shownStatus(facts)}, and due for a restart` };
  switch (condition) {
    case "completed":
    case "succeeded":
      return judgeJob(condition, judged);
    default:
      return judgeService(condition === "healthy", judged);
  }
}

const healthWords = { starting: "its probes have not answered yet", unhealthy: "unhealthy" };

function judgeService(wantsHealth: boolean, { facts, spec }: Judged): View {
  const { status, readiness, child } = facts;
  switch (status) {
    case "online":
      if (wantsHealth && facts.health !== undefined && facts.health !== "healthy")
        return { is: "coming", state: `running, and ${healthWords[facts.health]}` };
      if (!wantsHealth || readiness === "ready") return { is: "met", state: status };
      return { is: "coming", state: "running, but not ready yet" };
    case "starting":
      return { is: wantsHealth || child === null ? "coming" : "met", state: shownStatus(facts) };
    case "stopped":
      if (endedWell(facts, spec) && !wantsHealth) return { is: "met", state: "done" };
      return { is: isScheduled(facts, spec) ? "coming" : "lost", state: shownStatus(facts) };
    case "completed":
      return wantsHealth
        ? { is: isScheduled(facts, spec) ? "coming" : "lost", state: "completed" }
        : { is: "met", state: "done" };
    case "failed":
      return { is: isScheduled(facts, spec) ? "coming" : "lost", state: shownStatus(facts) };
    case "errored":
    case "removed":
      return { is: "lost", state: shownStatus(facts) };
    default:
      return { is: "coming", state: shownStatus(facts) };
  }
}

function judgeJob(condition: "completed" | "succeeded", { facts, spec }: Judged): View {
  const { status, lastExit, failure } = facts;
  switch (status) {
    case "stopped": {
      // It has done its work, and a later stop takes nothing of that away.
      const hasEnded = lastExit !== null && lastExit.askedBy === null;
      if (hasEnded && (condition === "completed" || endedWell(facts, spec)))
        return { is: "met", state: "done" };
      return { is: isScheduled(facts, spec) ? "coming" : "lost", state: shownStatus(facts) };
    }
    case "completed":
      return { is: "met", state: "done" };
    case "failed":
      if (condition === "completed") return { is: "met", state: "done" };
      return { is: isScheduled(facts, spec) ? "coming" : "lost", state: shownStatus(facts) };
    case "errored":
      return condition === "completed" && failure === null && lastExit !== null
        ? { is: "met", state: "done" }
        : { is: "lost", state: shownStatus(facts) };
    case "removed":
      return { is: "lost", state: status };
    case "online":
      return { is: "coming", state: "still running" };
    default:
      return { is: "coming", state: shownStatus(facts) };
  }
}

/** It ended by itself, as one does that has done its work. */
function endedWell({ lastExit, decisions }: ProcessFacts, { policy }: AppSpec): boolean {
  if (lastExit === null || lastExit.askedBy !== null) return false;
  return isSuccess(lastExit, policy.restart) || decisions.at(-1)?.rule === "isStopExitCode";
}

function isScheduled({ goal }: ProcessFacts, spec: AppSpec): boolean {
  return goal === "run" && hasTimes(spec);
}

/** When it was started last, whatever has come of it. */
function movedAt({ child, lastExit, failure, createdAt }: ProcessFacts): number {
  if (child !== null) return child.at;
  const began = lastExit === null ? 0 : lastExit.at - lastExit.uptimeMs;
  return Math.max(createdAt, began, failure?.at ?? 0);
}

function shownStatus({ status, goal, lastExit, failure }: ProcessFacts): string {
  switch (status) {
    case "starting":
      return "launching";
    case "waiting":
      return "waiting for its restart";
    case "stopped":
      if (goal !== "run") return "stopped";
      return lastExit?.code == null ? "stopped" : `stopped (exit code ${lastExit.code})`;
    case "failed":
      return lastExit === null ? status : `failed (${exitText(lastExit)})`;
    case "errored":
      return failure === null || failure.code === "ERR_DEPENDENCY_LOST"
        ? "errored"
        : `errored (${failure.message})`;
    default:
      return status;
  }
}

function exitText({ code, signal, verdict }: NonNullable<ProcessFacts["lastExit"]>): string {
  if (verdict?.probe === "runTimeout") return "it took longer than run_timeout";
  return signal ?? (code === null ? "exit code unknown" : `exit code ${code}`);
}
