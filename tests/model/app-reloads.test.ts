import fc from "fast-check";
import { expect, test } from "vitest";
import type { AppSpec } from "../../machines/spec.ts";
import { SimulatedApp } from "../support/machines/simulated-app.ts";
import { appSpec } from "../support/machines/spec.ts";

const instances = 4;

function clusterOf(reload: { concurrency: number; surge: boolean }): AppSpec {
  return appSpec({
    restart: { restartDelayMs: 50 },
    policy: { readiness: "listening", reload },
    sensors: { cron: "* * * * *", maxMemoryBytes: 1 },
    spec: { instances, mode: "cluster" },
  });
}

/** What can happen to an app, by what it means; a number chooses among the children or processes there are. */
const steps = {
  reload: fc.record({ kind: fc.constant("reload" as const), force: fc.boolean() }),
  ready: fc.record({ kind: fc.constant("ready" as const), pick: fc.nat(20) }),
  crash: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(20) }),
  end: fc.record({ kind: fc.constant("end" as const), pick: fc.nat(20) }),
  command: fc.record({
    kind: fc.constant("command" as const),
    type: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    pick: fc.nat(20),
  }),
  scaleUp: fc.record({ kind: fc.constant("scaleUp" as const) }),
  scaleDown: fc.record({ kind: fc.constant("scaleDown" as const) }),
  trip: fc.record({
    kind: fc.constant("trip" as const),
    sensor: fc.constantFrom("cron" as const, "watch" as const),
  }),
  outgrow: fc.record({ kind: fc.constant("outgrow" as const), pick: fc.nat(20) }),
  wait: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(10, 100, 3_000) }),
};

type Step = typeof steps extends Record<string, fc.Arbitrary<infer T>> ? T : never;

/** Reloads, readiness and drained ends are most of what happens. */
const run = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: steps.reload },
    { weight: 8, arbitrary: steps.ready },
    { weight: 6, arbitrary: steps.end },
    steps.crash,
    steps.command,
    steps.scaleUp,
    steps.scaleDown,
    steps.trip,
    steps.outgrow,
    { weight: 2, arbitrary: steps.wait },
  ),
  { maxLength: 40 },
);

test.each([
  { concurrency: 1, surge: true },
  { concurrency: 3, surge: true },
  { concurrency: 1, surge: false },
  { concurrency: 2, surge: false },
])("whatever happens in between, a reload keeps the rules and ends: %j", (reload) => {
  fc.assert(
    fc.property(run, (taken) => {
      const app = new SimulatedApp(clusterOf(reload));
      app.obey();
      const touched = new Set<number>();
      let asked = 0;
      for (const each of taken) {
        if (each.kind === "reload" && !app.isReloading) {
          // A forced one goes on whatever becomes of the replacements: it may cost capacity.
          if (each.force) for (const id of app.ids) touched.add(id);
          else for (const id of touched) if (app.serving(id).length > 0) touched.delete(id);
        }
        asked += take(app, each, touched);
        assertRules(app, reload, touched);
      }
      // What was begun comes to its end when the programs do what they are to do.
      for (let turn = 0; turn < 50 && (app.isReloading || app.others.length > 0); turn += 1) {
        app.obey();
        app.clock.advance(100);
      }
      expect(app.isReloading, "the reload has ended").toBe(false);
      expect(app.others, "one generation is left").toEqual([]);
      const answered = app.ended.filter(({ by }) => by === "a test");
      expect(answered.length + app.refused, "every reload is answered").toBe(asked);
    }),
    { numRuns: 300 },
  );
});

/** @returns how many reloads it asked for. */
function take(app: SimulatedApp, step: Step, touched: Set<number>): number {
  const among = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];
  switch (step.kind) {
    case "reload":
      app.reload({ force: step.force });
      return 1;
    case "ready": {
      const child = among(
        app.living.filter(({ isReady }) => !isReady),
        step.pick,
      );
      if (child !== undefined) app.ready(child);
      return 0;
    }
    case "end": {
      const child = among(
        app.living.filter(({ stopAskedAt }) => stopAskedAt !== null),
        step.pick,
      );
      if (child !== undefined) app.exit(child, 0);
      return 0;
    }
    case "crash": {
      const child = among(app.living, step.pick);
      if (child === undefined) return 0;
      touched.add(child.id);
      app.exit(child, 1);
      return 0;
    }
    case "command": {
      const id = among(app.ids, step.pick);
      if (id === undefined) return 0;
      touched.add(id);
      app.command(step.type, id);
      return 0;
    }
    case "scaleUp": {
      const id = Math.max(-1, ...app.ids) + 1;
      touched.add(id);
      app.add([id]);
      return 0;
    }
    case "scaleDown": {
      const [id] = app.ids;
      if (id === undefined || app.ids.length < 2) return 0;
      touched.add(id);
      app.command("remove", id);
      return 0;
    }
    case "trip":
      app.trip(step.sensor, "a sensor");
      return 0;
    case "outgrow": {
      const child = among(app.living, step.pick);
      if (child !== undefined) app.outgrow(child);
      return 0;
    }
    case "wait":
      app.clock.advance(step.ms);
      return 0;
  }
}

/** `touched`: processes whose capacity was taken by a crash or a command, and not by the reload. */
function assertRules(
  app: SimulatedApp,
  { concurrency, surge }: { concurrency: number; surge: boolean },
  touched: ReadonlySet<number>,
): void {
  for (const id of new Set(app.living.map((child) => child.id))) {
    const lives = app.living.filter((child) => child.id === id);
    expect(lives.length, `two generations of ${id} at most`).toBeLessThanOrEqual(2);
    const generations = new Set(lives.map(({ generation }) => generation));
    expect(generations.size, `one child per generation of ${id}`).toBe(lives.length);
  }
  if (!app.isReloading) expect(app.others, "one generation after a reload").toEqual([]);
  const lacking = app.ids.filter((id) => !touched.has(id) && app.serving(id).length === 0);
  const late = app.ids.filter((id) => lateOnly(app, id));
  expect(
    lacking.filter((id) => !late.includes(id)).length,
    `capacity: ${lacking.join(", ")} cannot serve`,
  ).toBeLessThanOrEqual(surge ? 0 : concurrency);
}

/** A process that never said that it is ready counts as online all the same. */
function lateOnly(app: SimulatedApp, id: number): boolean {
  return app.context.processes[id]?.getSnapshot().context.readiness === "late";
}
