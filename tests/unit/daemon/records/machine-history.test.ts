import { expect, test } from "vitest";
import { eventOfGod } from "../../../../runtime/daemon/records/machine-history.ts";
import { recordedApp } from "../../../support/inspector/recorded-app.ts";
import { appSpec } from "../../../support/machines/spec.ts";

const spec = appSpec({ spec: { instances: 2 }, policy: { readiness: "message" } });

/** `event: states` of the records of one kind. */
const told = (records: ReturnType<typeof recordedApp>["records"], kind: string): string[] =>
  records
    .filter((record) => record.kind === kind)
    .map(({ event, states }) => `${event}: ${states}`);

test("a reload is recorded step by step, with its cause, who is where and what its guards compared", () => {
  const { app, records } = recordedApp(spec);
  app.obey();
  app.reload();
  app.obey();
  expect(told(records, "reload")).toEqual([
    "reload.launching: launching",
    "reload.draining: draining",
    "reload.launching: launching",
    "reload.draining: draining",
    "reload.succeeded: succeeded",
  ]);
  const [first, second] = records.filter(({ kind }) => kind === "reload");
  expect([first?.cause, second?.cause]).toEqual([null, { event: "process.ready", id: 0 }]);
  expect(second?.context).toMatchObject({ batch: { 0: "draining" }, pending: [1], done: [] });
  expect(second?.guards).toContainEqual({
    guard: "batchIsReady",
    result: true,
    saw: { batch: 1, launching: 0, ready: 1, draining: 0, leaving: 0 },
  });
});

test("what happens within a step is recorded by its cause", () => {
  const reload = { concurrency: 2, surge: true };
  const wide = appSpec({ spec: { instances: 2 }, policy: { readiness: "message", reload } });
  const { app, records } = recordedApp(wide);
  app.obey();
  app.reload();
  const [one] = app.living.filter(({ generation }) => generation === 1);
  if (one === undefined) throw new Error("no replacement was started");
  app.ready(one);
  const last = records.filter(({ kind }) => kind === "reload").at(-1);
  expect([last?.event, last?.cause, last?.states]).toEqual([
    "process.ready",
    { event: "process.ready", id: 0 },
    "launching",
  ]);
  expect(last?.context).toMatchObject({ batch: { 0: "ready", 1: "launching" } });
});

test("an app is recorded when what it keeps changes, and what it only passes on leaves nothing", () => {
  const { app, records } = recordedApp(spec);
  app.obey();
  expect(told(records, "app")).toEqual(["processes.add: supervising.settled"]);
  app.command("restart", 0);
  app.obey();
  expect(told(records, "app").length).toBe(1);
  app.command("remove", 0);
  app.command("remove", 1);
  app.obey();
  expect(told(records, "app").slice(1)).toEqual([
    "process is done: supervising.settled",
    "process is done: gone",
  ]);
});

test("a specification is recorded where it is new, and no value of its environment is", () => {
  const secret = { ...spec, env: { TOKEN: "hunter2" } };
  const { app, records } = recordedApp(secret);
  app.obey();
  app.reload({ spec: { ...secret, args: ["--new"] } });
  app.obey();
  const specs = records.flatMap(({ context }) => (context?.["spec"] as object | undefined) ?? []);
  expect(specs.map((each) => (each as { args: unknown }).args)).toEqual([spec.args, ["--new"]]);
  const begun = records.find(({ event }) => event === "app.reload");
  expect(begun?.context?.["reloadSpec"]).toMatchObject({ args: ["--new"] });
  expect(JSON.stringify(records)).not.toContain("hunter2");
  expect(JSON.stringify(records)).toContain("TOKEN");
});

test("a reload that breaks is recorded as failed once, as its app tells it", () => {
  const { app, records, machines } = recordedApp(spec);
  app.obey();
  app.reload();
  const facts = { key: "app", step: "failed", done: [], pending: [1], batch: [0], takenOut: [] };
  const failure = { id: 0, at: 1, reason: "a fault of ours" };
  for (let n = 0; n < 2; n += 1) machines.noteReload({ ...facts, by: "x", failure } as never);
  expect(told(records, "reload")).toEqual(["reload.launching: launching", "reload.failed: failed"]);
});

test("God is recorded by state and by app; a second look at the same changes nothing", () => {
  const { records, machines } = recordedApp(spec);
  const gods = records.filter(({ kind }) => kind === "god");
  expect(gods.map(({ event, states, app }) => [event, states, app])).toEqual([
    ["started", "restoring", ""],
    ["restore is done", "running", ""],
    ["app.declare", "running", "app"],
  ]);
  const many = new Map(Array.from({ length: 130 }, (_, n) => [`a${n}`, {}]));
  const context = { apps: many, latest: { declared: [], gone: [] } };
  machines.noteLeaving("xm kill");
  for (let n = 0; n < 2; n += 1)
    machines.noteGod({ value: "shuttingDown", context } as never, { type: "shutDown" });
  const last = records.filter(({ kind }) => kind === "god").slice(3);
  expect(last.map(({ event, by, context: known }) => [event, by, known?.["more"]])).toEqual([
    ["shutDown", "xm kill", 30],
  ]);
  const latest = { declared: [], gone: ["a"] };
  expect(
    eventOfGod(
      { states: "shuttingDown", latest: { declared: ["a"], gone: [] } },
      { states: "down", latest },
      { type: "xstate.done.actor.app" },
    ),
  ).toEqual({ event: "app.gone", app: "" });
});
