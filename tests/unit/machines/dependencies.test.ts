import { expect, test } from "vitest";
import { unmetOf, type Standing } from "../../../machines/dependencies.ts";
import { circleIn, inStartOrder, stopWaves } from "../../../machines/dependency-order.ts";
import type { ProcessFacts } from "../../../machines/facts.ts";
import type { DependencyCondition } from "../../../machines/spec.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { appSpec } from "../../support/machines/spec.ts";

const needs = (app: string, condition: DependencyCondition = "healthy", isRequired = true) => ({
  app,
  condition,
  isRequired,
});

const app = (name: string, ...names: string[]) => ({
  spec: appSpec({ spec: { name, dependsOn: names.map((each) => needs(each, "usual")) } }),
});

const db = (facts: Partial<ProcessFacts>[], readiness: "spawned" | "message" = "message") => ({
  key: "db",
  spec: appSpec({ spec: { name: "db" }, policy: { readiness } }),
  processes: facts.map((each) => ({ ...new SimulatedProcess(appSpec()).facts, ...each })),
});

const child = { pid: 1, startTicks: 1, lifeId: "life", at: 100 };
const exit = (code: number) => ({ at: 200, code, signal: null, uptimeMs: 50, askedBy: null });
const asked = { ...exit(0), askedBy: "`xm stop`" };
const online: Partial<ProcessFacts> = { status: "online", child, readiness: "ready" };
const done = (code: number): Partial<ProcessFacts> => ({
  status: "stopped",
  child: null,
  goal: "run",
  lastExit: exit(code),
});

const cases: readonly (readonly [
  DependencyCondition,
  string,
  readonly Standing[],
  "met" | "coming" | "lost",
])[] = [
  ["healthy", "ready", [db([online])], "met"],
  ["healthy", "late", [db([{ ...online, readiness: "late" }])], "coming"],
  ["healthy", "launching", [db([{ ...online, status: "starting" }])], "coming"],
  ["started", "launching", [db([{ ...online, status: "starting" }])], "met"],
  ["started", "being spawned", [db([{ status: "starting", child: null }])], "coming"],
  ["started", "stopping", [db([{ ...online, status: "stopping" }])], "coming"],
  ["started", "done with 0", [db([done(0)])], "met"],
  ["started", "ended with 1", [db([done(1)])], "lost"],
  ["healthy", "done with 0", [db([done(0)])], "lost"],
  [
    "usual",
    "late, and it says when it is ready",
    [db([{ ...online, readiness: "late" }])],
    "coming",
  ],
  ["usual", "running, and it says nothing", [db([online], "spawned")], "met"],
  ["healthy", "waiting for its restart", [db([{ status: "waiting", child: null }])], "coming"],
  ["healthy", "pending itself", [db([{ status: "pending", child: null }])], "coming"],
  ["healthy", "errored", [db([{ status: "errored", child: null }])], "lost"],
  ["healthy", "stopped", [db([{ status: "stopped", goal: "stop", child: null }])], "lost"],
  ["healthy", "one of two ready, the other errored", [db([online, { status: "errored" }])], "met"],
  ["healthy", "one of two ready", [db([online, { ...online, status: "starting" }])], "coming"],
  ["healthy", "it did not exist yet", [db([])], "coming"],
  ["healthy", "not in the list", [], "lost"],
  ["succeeded", "running", [db([online])], "coming"],
  ["succeeded", "done with 0", [db([done(0)])], "met"],
  ["succeeded", "ended with 1", [db([done(1)])], "lost"],
  ["completed", "ended with 1", [db([done(1)])], "met"],
  ["succeeded", "one of two done", [db([done(0), online])], "coming"],
  ["completed", "done, and then stopped", [db([{ ...done(0), goal: "stop" }])], "met"],
  ["completed", "stopped by a command", [db([{ ...done(0), lastExit: asked }])], "lost"],
];

test.each(cases)("%s, %s", (condition, _, standings, expected) => {
  const spec = appSpec({ spec: { dependsOn: [needs("db", condition)] } });
  const [unmet] = unmetOf(spec, standings, null);
  expect(unmet === undefined ? "met" : unmet.isLost ? "lost" : "coming").toBe(expected);
});

test("what is not required and cannot come any more is left out", () => {
  const optional = (facts: Partial<ProcessFacts>[]) =>
    unmetOf(appSpec({ spec: { dependsOn: [needs("db", "healthy", false)] } }), [db(facts)], null);
  expect(optional([{ status: "errored", child: null }])).toEqual([]);
  expect(optional([{ status: "starting", child: null }])).toHaveLength(1);
});

test("of an app that is restarted with it only the next life counts", () => {
  const spec = appSpec({ spec: { dependsOn: [needs("db")] } });
  const unmet = (at: number, since: number) =>
    unmetOf(spec, [db([{ ...online, child: { ...child, at } }])], { keys: ["db"], since });
  expect(unmet(100, 150).map(({ isLost }) => isLost)).toEqual([false]);
  expect(unmet(150, 150)).toEqual([]);
});

test("the app of the same namespace is meant, else any of that name", () => {
  const spec = appSpec({ spec: { namespace: "blue", dependsOn: [needs("db")] } });
  const of = (namespace: string, facts: Partial<ProcessFacts>): Standing => {
    const each = db([facts]);
    return { ...each, key: namespace, spec: { ...each.spec, namespace } };
  };
  const gone = { status: "errored", child: null } as const;
  expect(unmetOf(spec, [of("red", online), of("blue", gone)], null)).toHaveLength(1);
  expect(unmetOf(spec, [of("red", online)], null)).toEqual([]);
});

test("what is depended on comes first, and is stopped last", () => {
  const apps = [app("web", "api"), app("api", "db", "cache"), app("cache"), app("db"), app("x")];
  const names = (list: readonly { spec: { name: string } }[]) => list.map(({ spec }) => spec.name);
  expect(names(inStartOrder(apps))).toEqual(["db", "cache", "api", "web", "x"]);
  expect(stopWaves(apps).map(names)).toEqual([["web", "x"], ["api"], ["cache", "db"]]);
  expect(circleIn(apps)).toBeNull();
});

test("a circle is told as the way round", () => {
  expect(circleIn([app("x", "a"), app("a", "b"), app("b", "c"), app("c", "a")])).toEqual([
    "a",
    "b",
    "c",
    "a",
  ]);
  expect(circleIn([app("a", "a")])).toEqual(["a", "a"]);
});

const needy = appSpec({ spec: { dependsOn: [needs("db")] } });

test("a pending process says what it waits for, and then that it was there", () => {
  const process = new SimulatedProcess(needy);
  process.hears("unmet", "launching");
  process.advance(1_500);
  process.hears("unmet", "running, but not ready yet");
  expect([process.status, process.children.length]).toEqual(["pending", 0]);
  process.advance(500);
  process.hears("met");
  expect([process.status, process.living.length]).toEqual(["online", 1]);
  expect(process.facts.decisions.map(({ rule, next, saw }) => [rule, next, saw])).toEqual([
    ["waitsForDependencies", "wait", { db: "service_healthy: launching" }],
    ["hasItsDependencies", "start", { db: "met" }],
  ]);
  expect(process.facts.decisions.at(-1)?.sentence).toBe(
    "It was started after a wait of 2 s, because its dependencies are met: db.",
  );
});

test("a wait ends with what it waits for", () => {
  const process = new SimulatedProcess(needy, null, true);
  process.hears("lost", "errored");
  expect([process.status, process.facts.failure?.message]).toEqual([
    "errored",
    "it depends on db (service_healthy), which is errored",
  ]);
  expect(process.reports.at(-1)).toMatchObject({ type: "process.ended", pid: null });
  process.command("start");
  expect([process.status, process.facts.failure]).toEqual(["pending", null]);
});

test("a pending process is stopped, restarted and deleted at once", () => {
  const stopped = new SimulatedProcess(needy);
  stopped.command("stop");
  stopped.hears("met");
  expect([stopped.status, stopped.children.length]).toEqual(["stopped", 0]);
  const restarted = new SimulatedProcess(needy);
  restarted.command("restart");
  expect(restarted.status).toBe("pending");
  const removed = new SimulatedProcess(needy);
  removed.command("remove");
  expect(removed.status).toBe("removed");
});

test("the next daemon goes on waiting, and without one that a command did without", () => {
  const waiting = new SimulatedProcess(needy);
  waiting.hears("unmet");
  waiting.restartDaemon();
  expect(waiting.status).toBe("pending");
  waiting.hears("met");
  expect(waiting.status).toBe("online");

  const alone = new SimulatedProcess({ ...needy, autostart: false });
  alone.actor.send({ type: "start", at: 0, by: "a test", ignoresDependencies: true });
  expect(alone.status).toBe("online");
  alone.restartDaemon();
  alone.exit(1);
  expect(alone.status).toBe("online");
  alone.command("restart");
  alone.exit(0);
  expect(alone.status).toBe("pending");
});
