import type { NotifyEvent } from "../../../machines/notify-spec.ts";
import type { HistoryRecord } from "../../contract/history.ts";

/** What was seen of a process before. */
export interface Before {
  readonly status: HistoryRecord["status"];
  /** Its probes had succeeded in this life. */
  readonly wasReady: boolean;
}

/** Ends that a rule of the policy takes for what was wanted. */
const wantedEnds: readonly string[] = ["hasCompleted", "isStopExitCode", "endedCleanly"];

/** What can be told of a record; several at once, as an exit is the last one that the policy allows. */
export function eventsOf(record: HistoryRecord, before: Before | undefined): NotifyEvent[] {
  const { kind, event, status, decision, failure, states } = record;
  // A post_stop hook comes between an exit and what follows from it.
  const exit = event === "hook.ended" ? (decision?.exit ?? null) : record.exit;
  if (kind === "reload") return event === "reload.failed" ? ["reload_failed"] : [];
  if (kind !== "process") return [];
  const events: NotifyEvent[] = [];
  const isOwnEnd = exit !== null && exit.askedBy === null && decision !== null;
  const isFault = exit !== null && (exit.code !== 0 || exit.verdict !== undefined);
  if (isOwnEnd && isFault && !wantedEnds.includes(decision.rule)) {
    events.push("crash");
    // The kernel counts its kills in a cgroup. Without one: nobody here has sent it, and it does when memory is short.
    const wasKilled = exit.signal === "SIGKILL" && exit.verdict === undefined;
    if (wasKilled || exit.outOfMemory !== undefined) events.push("oom");
  }
  if (status === "errored" && (decision !== null || failure !== null)) events.push("errored");
  if (status === "failed" && decision !== null) events.push("failed");
  const isProbed = event === "probe.unready" || event === "probe.failing";
  const isUsual = before?.wasReady === true || states.includes("uptime.stable");
  if (isProbed && (event === "probe.failing" || isUsual)) events.push("unhealthy");
  const isNew = states.includes("uptime.fresh") && before?.status !== "online" && !isProbed;
  if (status === "online" && isNew) events.push("online");
  return events;
}

/** What is to be known at the next record of the process. */
export function seenAfter(record: HistoryRecord, before: Before | undefined): Before {
  const { status, states } = record;
  const isReady = states.includes("readiness.ready");
  return { status, wasReady: status === "online" && (isReady || before?.wasReady === true) };
}

/** Words for what has no decision. */
export function sentenceOf(event: NotifyEvent, record: HistoryRecord): string {
  const { decision, failure, reload, name, exit } = record;
  if (event === "reload_failed") {
    const { by = "a reload", failure: why = null } = reload ?? {};
    return `The reload (${by}) failed: ${why?.reason ?? "unknown reason"}.`;
  }
  if (event === "unhealthy") {
    const probe = record.event === "probe.failing" ? "liveness" : "readiness";
    return `${name} is unhealthy: its ${probe} probe fails.`;
  }
  if (event === "online") return `${name} is online.`;
  const words = decision?.sentence ?? failure?.message ?? `${name} is ${record.status}.`;
  return event === "oom" && exit?.outOfMemory === undefined
    ? `${words} Nothing here sent this SIGKILL: usually the kernel does, when memory is short.`
    : words;
}
