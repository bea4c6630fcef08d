import type { ProcessContext } from "./process-context.ts";
import type { LifeReport, ProcessEvent } from "./process-events.ts";
import { listenPatienceMs } from "./process-waits.ts";

/** What each report to the app begins with. */
export function reported({ id, generation, child }: ProcessContext, at: number) {
  const livedMs = child === null ? 0 : Math.max(0, at - child.at);
  return { at, id, generation, pid: child?.pid ?? null, livedMs };
}

/** It serves, or is counted as serving because it was waited for long enough. */
export function readyReport(context: ProcessContext, event: ProcessEvent): LifeReport {
  const { child, readiness, spec } = context;
  const isLate = readiness === "late";
  const becameLate = (child?.at ?? 0) + listenPatienceMs(spec.policy, context.readyMs);
  const at = "at" in event ? event.at : isLate ? becameLate : (context.resume?.at ?? 0);
  const because = event.type === "child.elsewhere" ? { because: event.why } : {};
  return { type: "process.ready", ...reported(context, at), isLate, ...because };
}

/** Its life has ended, and what comes next was decided. */
export function endReport(context: ProcessContext): LifeReport {
  const { goal, decisions, endedPid, lastExit, failure } = context;
  const last = decisions.at(-1);
  const lastWords = failure === null ? lastExit?.lastWords : undefined;
  return {
    type: "process.ended",
    ...reported(context, last?.at ?? context.createdAt),
    pid: endedPid,
    livedMs: failure === null ? (lastExit?.uptimeMs ?? 0) : 0,
    wasAsked: goal !== "run",
    reason: failure?.message ?? last?.sentence.split(";")[0] ?? "it ended",
    ...(lastWords === undefined ? {} : { lastWords }),
  };
}
