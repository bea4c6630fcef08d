import fc from "fast-check";
import { expect, test } from "vitest";
import { conditionOf } from "../../machines/dependencies.ts";
import type { AppSpec, DependencySpec } from "../../machines/spec.ts";
import { SimulatedGod, type Behaviour, type GodsChild } from "../support/machines/simulated-god.ts";
import { appSpec } from "../support/machines/spec.ts";

/** The long run: XM_FUZZ_RUNS=2000 npx vitest run --project model tests/model/dependencies.test.ts */
const fuzz = {
  seed: Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101),
  numRuns: Number(process.env["XM_FUZZ_RUNS"] ?? 200),
};

const size = 30;
const name = (index: number): string => `app${index}`;

interface AppDraft {
  readonly isJob: boolean;
  readonly saysReady: boolean;
  readonly needs: readonly {
    readonly of: number;
    readonly condition: number;
    readonly bond: (typeof bonds)[number];
  }[];
  readonly readyMs: number;
  readonly stopMs: number;
  readonly ends: readonly {
    readonly afterMs: number;
    readonly code: number;
    readonly isEnd: boolean;
  }[];
  readonly restartDelayMs: number;
}

/** What follows from the end, and from a restart, of a service that is depended on. */
const bonds = [
  {},
  {},
  { onLoss: "stop" },
  { onLoss: "restart" },
  { followsRestarts: true },
] as const;

const draft: fc.Arbitrary<AppDraft> = fc.record({
  isJob: fc.boolean(),
  saysReady: fc.boolean(),
  needs: fc.array(
    fc.record({ of: fc.nat(1_000), condition: fc.nat(3), bond: fc.constantFrom(...bonds) }),
    { maxLength: 3 },
  ),
  readyMs: fc.integer({ min: 1, max: 2_000 }),
  stopMs: fc.integer({ min: 0, max: 3_000 }),
  ends: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 1, max: 5_000 }),
      code: fc.constantFrom(0, 0, 1),
      isEnd: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  restartDelayMs: fc.constantFrom(0, 0, 500),
});

type Step =
  | { readonly do: "start" | "stop" | "restart"; readonly app: number; readonly ms: number }
  | { readonly do: "crash"; readonly app: number; readonly ms: number }
  | { readonly do: "kill God"; readonly app: number; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("start", "stop", "restart", "crash", "crash", "kill God"),
  app: fc.nat(size - 1),
  ms: fc.constantFrom(0, 1, 100, 1_000, 4_000),
});

/** An app depends on earlier ones only, so that there is no circle; which of them stands where in the file is drawn. */
function world(drafts: readonly AppDraft[]): {
  specs: AppSpec[];
  behaviours: Map<string, Behaviour>;
} {
  const behaviours = new Map<string, Behaviour>();
  const specs = drafts.map((each, index) => {
    const { isJob, saysReady, needs, readyMs, stopMs, ends, restartDelayMs } = each;
    const dependsOn = [...new Map(needs.map((need) => [need.of, need])).values()]
      .filter(() => index > 0)
      .map(({ of, condition, bond }): DependencySpec => {
        const other = of % index;
        const conditions = drafts[other]?.isJob
          ? (["completed", "succeeded", "succeeded", "started"] as const)
          : (["usual", "started", "healthy", "usual"] as const);
        const wanted = conditions[condition] ?? "usual";
        const isJob = wanted === "completed" || wanted === "succeeded";
        return { app: name(other), condition: wanted, isRequired: true, ...(isJob ? {} : bond) };
      });
    behaviours.set(name(index), {
      readyMs,
      stopMs,
      // A job ends; a service may crash a few times, and stays then.
      ends: isJob
        ? ends.map(({ afterMs, code }) => ({ afterMs, code }))
        : [...ends.map(({ afterMs, isEnd }) => (isEnd ? { afterMs, code: 1 } : null)), null],
    });
    return appSpec({
      spec: { name: name(index), dependsOn },
      policy: {
        readiness: saysReady && !isJob ? "message" : "spawned",
        listenTimeoutMs: 500,
        killTimeoutMs: 1_600,
      },
      restart: { mode: isJob ? "never" : "always", maxRestarts: 3, restartDelayMs },
    });
  });
  return { specs, behaviours };
}

/** What the world itself says of a condition, whatever the machines think: what must be so for a start to be right. */
function holds(god: SimulatedGod, dependency: DependencySpec, specs: readonly AppSpec[]): boolean {
  const spec = specs.find((each) => each.name === dependency.app);
  const last = god.last(dependency.app);
  if (last === undefined) return false;
  const isThere = last.isAlive && !last.wasAsked;
  const isDone = !last.isAlive && !last.wasAsked;
  switch (conditionOf(dependency, spec)) {
    case "started":
      return isThere || (isDone && last.code === 0);
    case "healthy":
      return isThere && (last.isReady || spec?.policy.readiness === "spawned");
    case "completed":
      return isDone;
    case "succeeded":
      return isDone && last.code === 0;
  }
}

/** A life that goes on although what it is bound to has ended, or been restarted, since it began. */
function brokenBonds(god: SimulatedGod, app: string, specs: readonly AppSpec[]): string[] {
  const { child } = god.facts(app);
  if (child === null) return [];
  const spec = specs.find((each) => each.name === app);
  return (spec?.dependsOn ?? []).flatMap(({ app: other, onLoss, followsRestarts }) => {
    const { lastExit, child: life } = god.facts(other);
    if (lastExit === null || lastExit.at <= child.at) return [];
    const isFollowed = lastExit.askedBy !== null && life !== null && followsRestarts === true;
    const isLost = onLoss !== undefined && (lastExit.askedBy === null || life === null);
    return isFollowed || isLost ? [`${app} runs on without ${other}`] : [];
  });
}

test("of thirty apps that depend on each other none starts too early, twice, or waits for ever", async () => {
  const counts = { spawned: 0, lost: 0, waited: 0, ended: 0, followed: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(draft, { minLength: size, maxLength: size }),
      fc.array(step, { maxLength: 40 }),
      async (drafts, steps) => {
        const { specs, behaviours } = world(drafts);
        const faults: string[] = [];
        const seen = (child: GodsChild, what: "spawned" | "asked"): void => {
          if (what === "asked") return;
          counts.spawned += 1;
          if (god.living(child.app).length > 1) faults.push(`${child.app} has two lives`);
          const spec = specs.find((each) => each.name === child.app);
          for (const dependency of spec?.dependsOn ?? []) {
            if (!holds(god, dependency, specs))
              faults.push(`${child.app} started before ${JSON.stringify(dependency)}`);
          }
        };
        const god = await SimulatedGod.begin({ specs, behaviours, seen });
        god.declare();
        for (const { do: what, app, ms } of steps) {
          if (what === "kill God") await god.die(ms);
          else if (what === "crash") for (const each of god.living(name(app))) god.exit(each, 1);
          else god.command(what, name(app));
          god.clock.advance(ms);
        }
        // Everything has come to an end, or to rest.
        god.clock.advance(3_600_000);
        for (const { name: app } of specs) {
          const { status, decisions, goal } = god.facts(app);
          const rules = decisions.map(({ rule }) => rule);
          counts.lost += rules.includes("lostItsDependency") ? 1 : 0;
          counts.waited += rules.includes("hasItsDependencies") ? 1 : 0;
          if (status === "pending") faults.push(`${app} waits for ever`);
          if (goal === "restart" || status === "waiting") faults.push(`${app} is ${status}`);
          const asked = decisions.map(({ exit }) => exit?.askedBy ?? "");
          counts.ended += asked.some((by) => by.startsWith("the end of")) ? 1 : 0;
          counts.followed += asked.some((by) => by.startsWith("the restart of")) ? 1 : 0;
          faults.push(...brokenBonds(god, app, specs));
        }
        god.actor.stop();
        expect(faults).toEqual([]);
      },
    ),
    fuzz,
  );
  // Each of these happens often, or the runs would prove nothing.
  expect(Math.min(counts.spawned, counts.lost, counts.waited)).toBeGreaterThan(fuzz.numRuns);
  expect(Math.min(counts.ended, counts.followed)).toBeGreaterThan(fuzz.numRuns / 50);
}, 600_000);

test("what ends is ended after everything that depends on it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(draft, { minLength: size, maxLength: size }),
      fc.nat(10_000),
      async (drafts, ms) => {
        const { specs, behaviours } = world(drafts);
        const faults: string[] = [];
        let isLeaving = false;
        const god = await SimulatedGod.begin({
          specs,
          behaviours,
          seen: (child, what) => {
            if (!isLeaving || what !== "asked") return;
            const needy = specs.filter((each) =>
              each.dependsOn.some(({ app }) => app === child.app),
            );
            for (const each of needy.filter(({ name: app }) => god.living(app).length > 0))
              faults.push(`${child.app} was stopped before ${each.name}`);
          },
        });
        god.declare();
        god.clock.advance(ms);
        isLeaving = true;
        god.actor.send({ type: "shutDown", at: god.clock.now(), by: "a test" });
        god.clock.advance(3_600_000);
        expect(faults).toEqual([]);
        expect(god.actor.getSnapshot().value).toBe("down");
        expect(god.children.filter(({ isAlive }) => isAlive)).toEqual([]);
      },
    ),
    { ...fuzz, numRuns: Math.ceil(fuzz.numRuns / 4) },
  );
}, 600_000);
