import { expect } from "vitest";
import type { SimulatedProcess } from "./simulated-process.ts";

/** The rules that hold in every state, whatever led there. */
export function assertRules(process: SimulatedProcess): void {
  const { status, facts, living } = process;
  const where = JSON.stringify(process.value);
  expect(living.length, `at most one live child, in ${where}`).toBeLessThanOrEqual(1);
  const isConcluding = where.includes('"concluding"');
  expect(isConcluding && living.length > 0, `no live child, in ${where}`).toBe(false);
  if (status === "online" || (status === "stopping" && !isConcluding)) {
    expect(
      living.map(({ fact }) => fact),
      `a live child that is known, in ${where}`,
    ).toEqual([facts.child]);
  }
  if (status === "waiting") {
    expect(process.clock.nextDue(), `an armed timer, in ${where}`).toBe(
      // A daemon that comes up when the wait is over starts it at once.
      Math.max(facts.restartAt ?? 0, process.clock.now()),
    );
    expect(facts.child, `no child, in ${where}`).toBeNull();
  }
  if (
    ["pending", "stopped", "errored", "completed", "failed", "waiting", "removed"].includes(status)
  ) {
    expect(living.length, `no live child, in ${where}`).toBe(0);
  }
  if (facts.goal === "stop" || facts.goal === "remove") {
    expect(["stopping", "stopped", "removed"], `a stop stays a stop, in ${where}`).toContain(
      status,
    );
  }
  if (status === "removed") return;
  const snapshot = process.actor.getSnapshot();
  for (const type of ["start", "stop", "restart", "remove"] as const) {
    const isAnswered =
      snapshot.machine.getTransitionData(snapshot, { type, at: 0, by: "" }).length > 0;
    expect(isAnswered, `${type} is answered, in ${where}`).toBe(true);
  }
}
