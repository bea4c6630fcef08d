import fc from "fast-check";
import { expect, test } from "vitest";
import type { AppSpec, DependencyCondition } from "../../machines/spec.ts";
import type { KnownTimes } from "../../runtime/plan/index.ts";
import { SimulatedGod, type Behaviour } from "../support/machines/simulated-god.ts";
import { appSpec } from "../support/machines/spec.ts";
import { planned } from "../support/plan.ts";

/** The long run: XM_FUZZ_RUNS=2000 npx vitest run --project model tests/model/plan.test.ts */
const fuzz = {
  seed: Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101),
  numRuns: Math.min(1_000, Number(process.env["XM_FUZZ_RUNS"] ?? 20)),
};

const size = 8;

interface Draft {
  readonly isJob: boolean;
  readonly saysReady: boolean;
  readonly ms: number;
  readonly needs: readonly { readonly of: number; readonly condition: number }[];
}

const draft: fc.Arbitrary<Draft> = fc.record({
  isJob: fc.boolean(),
  saysReady: fc.boolean(),
  ms: fc.integer({ min: 1, max: 2_500 }),
  needs: fc.array(fc.record({ of: fc.nat(1_000), condition: fc.nat(2) }), { maxLength: 3 }),
});

/** An app depends on earlier ones only; a condition may be one that never comes. */
function fileOf(drafts: readonly Draft[]): {
  specs: AppSpec[];
  times: Record<string, KnownTimes>;
  behaviours: Map<string, Behaviour>;
} {
  const times: Record<string, KnownTimes> = {};
  const behaviours = new Map<string, Behaviour>();
  const specs = drafts.map(({ isJob, saysReady, ms, needs }, index) => {
    const name = `app${index}`;
    const conditions: readonly DependencyCondition[] = ["usual", "started", "succeeded"];
    const dependsOn = [...new Map(needs.map((need) => [need.of % index, need])).entries()]
      .filter(() => index > 0)
      .map(([other, { condition }]) => ({
        app: `app${other}`,
        condition: conditions[condition] ?? ("usual" as const),
        isRequired: true,
      }));
    times[name] = { bootMs: ms, runMs: ms };
    const ends = isJob ? [{ afterMs: ms, code: 0 }] : [null];
    behaviours.set(name, { readyMs: ms, ends, stopMs: 100 });
    const readiness = saysReady && !isJob ? ("message" as const) : ("spawned" as const);
    return appSpec({
      spec: { name, dependsOn },
      policy: { readiness, listenTimeoutMs: 3_000 },
      ...(isJob
        ? {
            restart: {
              mode: "never" as const,
              job: { remainsAfterExit: false, runTimeoutMs: null },
            },
          }
        : {}),
    });
  });
  return { specs, times, behaviours };
}

test("a plan starts what God starts, at the same times, and leaves each process where God leaves it", async () => {
  const counts = { spawned: 0, pending: 0, waited: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(draft, { minLength: size, maxLength: size }), async (drafts) => {
      const { specs, times, behaviours } = fileOf(drafts);
      const god = await SimulatedGod.begin({ specs, behaviours, seen: () => {} });
      god.declare();
      god.clock.advance(600_000);
      const { moments, findings } = await planned("start", specs, { times });

      const starts = moments.filter(({ event }) => event === "child.spawned");
      const spawned = starts.map(({ at, name }) => `${at} ${name}`);
      expect(spawned.toSorted()).toEqual(
        god.children.map(({ at, app }) => `${at} ${app}`).toSorted(),
      );
      for (const { name } of specs) {
        const { status } = god.facts(name);
        const last = moments.findLast((each) => each.name === name && each.facts !== undefined);
        expect(last?.facts?.status, name).toBe(status);
        const isStuck = findings.some(
          ({ rule, about }) => rule === "dependency-deadlock" && about === name,
        );
        expect(isStuck, name).toBe(status === "pending");
        counts.pending += status === "pending" ? 1 : 0;
      }
      counts.spawned += spawned.length;
      counts.waited += starts.filter(({ at }) => at > 0).length;
      god.actor.stop();
    }),
    fuzz,
  );
  // Each of these happens often, or the runs would prove nothing.
  expect(Math.min(counts.spawned, counts.pending, counts.waited)).toBeGreaterThan(fuzz.numRuns / 2);
}, 600_000);
