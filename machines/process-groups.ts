import type { Decision } from "./facts.ts";
import type { AfterStop } from "./group-events.ts";
import type { ProcessContext } from "./process-context.ts";
import type { ProcessEvent } from "./process-events.ts";
import { withDecision } from "./process-after.ts";

/* What a process does at the word of its group. */

/** Who asks for the end of a life, in words. */
export function askerOf(event: ProcessEvent): string | null {
  if (event.type === "group.stop") return `group ${event.group}`;
  return "by" in event ? event.by : null;
}

/** Remembers what its group asks; a restart is counted. */
export function afterGroupOrder(
  { restarts }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  if (event.type !== "group.stop") return {};
  const { group, after, why } = event;
  return {
    groupOrder: { group, after, why },
    goal: "restart",
    restarts: after === "hold" ? restarts + 1 : restarts,
  };
}

const decided = {
  hold: { rule: "restartsWithItsGroup", next: "hold", words: "It waits for its turn" },
  end: { rule: "endedByItsGroup", next: "give up", words: "It is marked errored" },
  rest: { rule: "restsWithItsGroup", next: "stop", words: "It was not started" },
} as const satisfies Record<AfterStop, object>;

/** The decision record of a process that has nothing to stop. */
export function decidedByGroup(
  { decisions }: ProcessContext,
  event: ProcessEvent,
): Partial<ProcessContext> {
  if (event.type !== "group.stop") return {};
  const { at, group, after, why } = event;
  const { rule, next, words } = decided[after];
  const decision: Decision = {
    at,
    rule,
    next,
    exit: null,
    saw: { goal: "restart", group },
    delayMs: 0,
    sentence: `${words}, because ${why}.`,
    ...(event.cause === undefined ? {} : { cause: event.cause }),
  };
  return { decisions: withDecision(decisions, decision), restartAt: null };
}
