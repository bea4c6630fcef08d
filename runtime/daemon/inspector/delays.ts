import type { AnyActorRef } from "xstate";
import type { ProcessContext } from "../../../machines/process-context.ts";
import type { MachineName, PendingDelay } from "../../contract/inspector.ts";
import { shownTime } from "../../host/clock.ts";

/** A timer as XState keeps it. */
interface Scheduled {
  readonly source: AnyActorRef;
  readonly event: { readonly type: string };
  readonly delay: number;
  readonly startedAt: number;
}

/** The delays of a machine that are running: those that its timers are armed for, so that a countdown ends when the state does. */
export function pendingDelays(machine: MachineName, actor: AnyActorRef): PendingDelay[] {
  const { _scheduledEvents: armed } = actor.system.getSnapshot() as unknown as {
    _scheduledEvents: Readonly<Record<string, Scheduled>>;
  };
  return Object.values(armed).flatMap((timer) => {
    if (timer.source !== actor) return [];
    const [, delay, state] = /^xstate\.after\.([^.]+)\.(.+)$/.exec(timer.event.type) ?? [];
    if (delay === undefined || state === undefined) return [];
    const { context } = actor.getSnapshot() as { context: unknown };
    const begun = machine === "process" ? beginningOf(delay, context as ProcessContext) : null;
    const startedAt = Math.min(timer.startedAt, begun ?? timer.startedAt);
    return [{ delay, state, startedAt, dueAt: timer.startedAt + timer.delay }];
  });
}

/** When a delay began under a former daemon: what is armed after an adoption is what was left of it. */
function beginningOf(
  delay: string,
  { child, decisions, restartAt }: ProcessContext,
): number | null {
  if (delay === "minUptime") return shownTime(child?.at ?? null);
  return delay === "restartDelay" && restartAt !== null
    ? shownTime(decisions.at(-1)?.at ?? null)
    : null;
}
