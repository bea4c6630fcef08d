import { rules } from "./restart-policy.ts";

const led = {
  remove: "removed",
  stop: "stopped",
  "give up": "errored",
  complete: "completed",
  fail: "failed",
  hold: "held",
} as const;

const byRule = rules.map(({ rule, next }) => {
  if (rule === "restartsAtOnce") return { target: "pending", actions: "countRestart" } as const;
  if (next === "start") return { guard: rule, target: "pending" } as const;
  if (next === "wait") return { guard: rule, target: "waiting", actions: "beginWait" } as const;
  return { guard: rule, target: led[next] } as const;
});

/** Where each rule leads, in the policy's order; the last one always applies. */
export const exits = [
  ...byRule.slice(0, -1),
  // Of an app of a group: the same restart, in its turn.
  { guard: "asksItsGroup", target: "held", actions: "countRestart" } as const,
  ...byRule.slice(-1),
];
