import { expect, test } from "vitest";
import type { Membership } from "../../../machines/group-spec.ts";
import type { AppSpec, DependencySpec } from "../../../machines/spec.ts";
import { SimulatedGod } from "../../support/machines/simulated-god.ts";
import { appSpec } from "../../support/machines/spec.ts";

const behaviour = { readyMs: 1_000, ends: [null], stopMs: 100 };

const on = (app: string, more: Partial<DependencySpec> = {}): DependencySpec => ({
  app,
  condition: "usual",
  isRequired: true,
  ...more,
});

const service = (name: string, dependsOn: readonly DependencySpec[], more: object = {}): AppSpec =>
  appSpec({ spec: { name, dependsOn, ...more }, policy: { readiness: "message" } });

async function world(specs: readonly AppSpec[]): Promise<SimulatedGod> {
  const behaviours = new Map(specs.map(({ name }) => [name, behaviour]));
  const god = await SimulatedGod.begin({ specs, behaviours, seen: () => {} });
  god.declare();
  god.clock.advance(10_000);
  return god;
}

const decisionOf = (god: SimulatedGod, app: string, rule: string) =>
  god.facts(app).decisions.findLast((each) => each.rule === rule);

test("a restart that follows another one names its process and its moment, from app to app", async () => {
  const god = await world([
    service("web", [on("api", { followsRestarts: true })]),
    service("api", [on("db", { followsRestarts: true })]),
    service("db", []),
  ]);
  god.command("restart", "db");
  god.clock.advance(20_000);
  const ofDb = decisionOf(god, "db", "wantsRestart");
  const ofApi = decisionOf(god, "api", "wantsRestart");
  const ofWeb = decisionOf(god, "web", "wantsRestart");
  expect([ofDb?.cause, ofApi?.cause, ofWeb?.cause]).toEqual([
    undefined,
    { app: "db", id: 2, at: ofDb?.exit?.at },
    { app: "api", id: 1, at: ofApi?.exit?.at },
  ]);
  // A crash later on has no cause elsewhere.
  for (const child of god.living("web")) god.exit(child, 1);
  expect(god.facts("web").decisions.at(-1)?.cause).toBeUndefined();
});

test("a loss is a cause, also over the death of God in the middle of the stop", async () => {
  const god = await world([service("api", [on("db", { onLoss: "stop" })]), service("db", [])]);
  god.command("stop", "db");
  god.clock.advance(150);
  expect(god.facts("api").cause).toEqual({ app: "db", id: 1, at: god.facts("db").lastExit?.at });
  await god.die(10);
  god.clock.advance(5_000);
  expect([god.facts("api").status, decisionOf(god, "api", "wantsStop")?.cause]).toEqual([
    "stopped",
    { app: "db", id: 1, at: god.facts("db").lastExit?.at },
  ]);
});

test("a wait that is lost names what will not come", async () => {
  const god = await world([service("api", [on("db")]), service("db", [], { autostart: false })]);
  expect([
    god.facts("api").status,
    decisionOf(god, "api", "lostItsDependency")?.cause?.app,
  ]).toEqual(["errored", "db"]);
});

test("a group names the member whose crash has restarted the others", async () => {
  const membership = (order: number): Membership => ({
    groups: [
      {
        name: "site",
        strategy: "one_for_all",
        maxRestarts: 5,
        restartWindowMs: 60_000,
        autoShutdown: "never",
        namespace: null,
        order: 0,
        isSignificant: false,
      },
    ],
    order,
    isSignificant: false,
  });
  const god = await world([
    service("db", [], { group: membership(0) }),
    service("api", [], { group: membership(1) }),
  ]);
  for (const child of god.living("db")) god.exit(child, 1);
  god.clock.advance(5_000);
  const crash = god.facts("db").decisions.at(-1);
  expect(decisionOf(god, "api", "restartsWithItsGroup")?.cause).toEqual({
    app: "db",
    id: 0,
    at: crash?.at,
  });
});
