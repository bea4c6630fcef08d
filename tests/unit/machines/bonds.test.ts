import { expect, test } from "vitest";
import { brokenBond } from "../../../machines/dependency-bonds.ts";
import type { AppSpec, DependencySpec } from "../../../machines/spec.ts";
import { SimulatedGod } from "../../support/machines/simulated-god.ts";
import { appSpec } from "../../support/machines/spec.ts";

const behaviour = { readyMs: 1_000, ends: [null], stopMs: 100 };

async function world(bond: Partial<DependencySpec>): Promise<SimulatedGod> {
  const on = (app: string, more: Partial<DependencySpec>): DependencySpec => ({
    app,
    condition: "usual",
    isRequired: true,
    ...more,
  });
  const service = (name: string, dependsOn: readonly DependencySpec[]): AppSpec =>
    appSpec({ spec: { name, dependsOn }, policy: { readiness: "message" } });
  const specs = [service("api", [on("db", bond)]), service("db", [])];
  const behaviours = new Map(specs.map(({ name }) => [name, behaviour]));
  const god = await SimulatedGod.begin({ specs, behaviours, seen: () => {} });
  god.declare();
  god.clock.advance(2_000);
  expect([god.facts("api").status, god.facts("db").status]).toEqual(["online", "online"]);
  return god;
}

const crash = (god: SimulatedGod): void => {
  for (const child of god.living("db")) god.exit(child, 1);
};

const lives = (god: SimulatedGod, app: string): number =>
  god.children.filter((child) => child.app === app).length;

test("without a word it runs on, whatever becomes of what it depends on", async () => {
  const god = await world({});
  crash(god);
  god.command("restart", "db");
  god.clock.advance(5_000);
  god.command("stop", "db");
  god.clock.advance(5_000);
  expect([god.facts("api").status, lives(god, "api")]).toEqual(["online", 1]);
});

test("on_loss: restart ends it, and starts it again once the condition is met", async () => {
  const god = await world({ onLoss: "restart" });
  crash(god);
  god.clock.advance(500);
  expect([god.facts("api").status, lives(god, "api")]).toEqual(["pending", 1]);
  god.clock.advance(3_000);
  expect([god.facts("api").status, lives(god, "api")]).toEqual(["online", 2]);
  const told = god.facts("api").decisions.map(({ sentence }) => sentence);
  expect(told.some((each) => each.endsWith("because the end of db asked for a restart."))).toBe(
    true,
  );
  // A restart that a command asks for is not a loss.
  god.command("restart", "db");
  god.clock.advance(5_000);
  expect(lives(god, "api")).toBe(2);
});

test("on_loss: stop stops it, and it stays so", async () => {
  const god = await world({ onLoss: "stop" });
  god.command("stop", "db");
  god.clock.advance(1_000);
  god.command("start", "db");
  god.clock.advance(5_000);
  expect([god.facts("api").status, god.facts("api").decisions.at(-1)?.rule]).toEqual([
    "stopped",
    "wantsStop",
  ]);
});

test("restart: true follows commands and not crashes", async () => {
  const god = await world({ followsRestarts: true });
  crash(god);
  god.clock.advance(5_000);
  expect(lives(god, "api")).toBe(1);
  god.command("restart", "db");
  god.clock.advance(5_000);
  expect([god.facts("api").status, lives(god, "api")]).toEqual(["online", 2]);
  expect(god.facts("api").lastExit?.askedBy).toBe("the restart of db");
});

test("a loss that no daemon saw counts for the next one", async () => {
  const god = await world({ onLoss: "restart" });
  const [db] = god.living("db");
  if (db === undefined) throw new Error("db lives");
  god.clock.setTimeout(() => god.exit(db, 1), 100);
  await god.die(1_000);
  god.clock.advance(5_000);
  expect([god.facts("api").status, lives(god, "api"), lives(god, "db")]).toEqual(["online", 2, 2]);
});

test("of several processes all have to be gone; what is deleted is", async () => {
  const god = await world({});
  const facts = god.facts("db");
  const spec = appSpec({
    spec: { dependsOn: [{ app: "db", condition: "usual", isRequired: true, onLoss: "stop" }] },
  });
  const db = appSpec({ spec: { name: "db" } });
  const exit = { at: 50, code: 1, signal: null, uptimeMs: 1, askedBy: null };
  const gone = { ...facts, child: null, status: "errored" as const, lastExit: exit };
  const of = (...processes: (typeof facts)[]) =>
    brokenBond({ spec, since: 10 }, [{ key: "db", spec: db, isReloading: false, processes }]);
  expect(of({ ...facts, lastExit: exit }, gone)).toBeNull();
  expect(of(gone, gone)).toEqual({
    what: "stop",
    by: "the end of db",
    cause: { app: "db", id: 1, at: 50 },
  });
  expect(of()).toBeNull();
  expect(brokenBond({ spec, since: 10 }, [])?.what).toBe("stop");
  expect(
    brokenBond({ spec, since: 60 }, [
      { key: "db", spec: db, isReloading: false, processes: [gone] },
    ]),
  ).toBeNull();
});
