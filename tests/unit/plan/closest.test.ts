import fc from "fast-check";
import { expect, test } from "vitest";
import { simulate } from "../../../machines/simulation.ts";
import type { RestartPolicy } from "../../../machines/spec.ts";
import { closestRestarts } from "../../../runtime/plan/lint/closest.ts";
import { appSpec } from "../../support/machines/spec.ts";

const policies = fc.record({
  maxRestarts: fc.integer({ min: 1, max: 3 }),
  minUptimeMs: fc.constantFrom(0, 100, 1_000),
  restartWindowMs: fc.integer({ min: 1, max: 8_000 }),
  restartDelayMs: fc.constantFrom(0, 50, 700),
  backoff: fc.option(
    fc.record({
      initialMs: fc.constantFrom(100, 400),
      factor: fc.constantFrom(1.5, 3),
      maxMs: fc.constantFrom(1_000, 5_000),
      jitter: fc.constant(0),
      resetAfterMs: fc.constantFrom(200, 1_500),
    }),
  ),
});

/** Whether the machine itself reaches the limit by some sequence of lives, each tried. */
function isReached(restart: Partial<RestartPolicy>): boolean {
  const spec = appSpec({ restart });
  const { maxRestarts, minUptimeMs, backoff } = spec.policy.restart;
  const kinds = [...new Set([0, minUptimeMs, ...(backoff === null ? [] : [backoff.resetAfterMs])])];
  const length = maxRestarts + 2;
  for (let index = 0; index < kinds.length ** length; index += 1) {
    const lives = Array.from({ length }, (_, place) => {
      const lifeMs = kinds[Math.floor(index / kinds.length ** place) % kinds.length] ?? 0;
      return { lifeMs, code: 1, signal: null, readyMs: 0 };
    });
    const stays = { lifeMs: null, code: null, signal: null, readyMs: 0 };
    const { events } = simulate({ spec, pattern: [...lives, stays], forMs: 3_600_000 });
    if (events.some(({ decision }) => decision?.rule === "restartsTooOften")) return true;
  }
  return false;
}

test("the closest restarts are as close as the machine can be made to have them", () => {
  const counts = { reached: 0, never: 0 };
  fc.assert(
    fc.property(policies, (restart) => {
      const { maxRestarts, restartWindowMs } = restart;
      const policy = appSpec({ restart }).policy.restart;
      const closest = closestRestarts(policy, maxRestarts + 1);
      const claim = closest !== null && closest.spanMs < restartWindowMs;
      expect(claim).toBe(isReached(restart));
      counts[claim ? "reached" : "never"] += 1;
    }),
    { seed: 20_260_101, numRuns: 24 },
  );
  expect(Math.min(counts.reached, counts.never)).toBeGreaterThan(5);
}, 60_000);
