import { rules } from "./restart-policy.ts";

const led = {
  remove: "removed",
  stop: "stopped",
  "give up": "errored",
  complete: "completed",
  fail: "failed",
} as const;

/** Where each rule leads, in the policy's order; the last one always applies. */
export const exits = rules.map(({ rule, next }) => {
  if (rule === "restartsAtOnce") return { target: "pending", actions: "countRestart" } as const;
  if (next === "start") return { guard: rule, target: "pending" } as const;
  if (next === "wait") return { guard: rule, target: "waiting", actions: "beginWait" } as const;
  return { guard: rule, target: led[next] } as const;
});
