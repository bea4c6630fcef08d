import { expect, test } from "vitest";
import type { AppSpec } from "../../../machines/spec.ts";
import { SimulatedApp } from "../../support/machines/simulated-app.ts";
import { appSpec } from "../../support/machines/spec.ts";

const cluster = appSpec({
  policy: { readiness: "listening" },
  sensors: { cron: "0 3 * * *", maxMemoryBytes: 1 },
  spec: { instances: 3, mode: "cluster" },
});
const fork = appSpec({ sensors: { cron: "0 3 * * *", maxMemoryBytes: 1 }, spec: { instances: 3 } });
const one = appSpec({ sensors: { cron: "0 3 * * *" } });

const unwatched = { pollMs: null, depth: null, followSymlinks: false };

/** An app that runs, an instant after its start. */
function running(spec: AppSpec): SimulatedApp {
  const app = new SimulatedApp(spec);
  app.obey();
  app.clock.advance(10);
  return app;
}

const statuses = (app: SimulatedApp): string[] =>
  Object.values(app.context.processes).flatMap((actor) => [...actor.getSnapshot().tags]);

const decisionOf = (app: SimulatedApp, id: number) =>
  app.context.processes[id]?.getSnapshot().context.decisions.at(-1);

test("a cluster is restarted by its rolling reload: at every moment each process has one that serves", () => {
  const app = running(cluster);
  app.trip("cron", "cron 0 3 * * *");
  expect(app.living.length).toBe(4);
  for (let turn = 0; app.isReloading && turn < 20; turn += 1) {
    for (const id of app.ids) expect(app.serving(id).length).toBeGreaterThan(0);
    const stopping = app.living.find(({ stopAskedAt }) => stopAskedAt !== null);
    const fresh = app.living.find(({ isReady }) => !isReady);
    if (stopping !== undefined) app.exit(stopping, 0);
    else if (fresh !== undefined) app.ready(fresh);
  }
  expect(app.ended.map(({ step, done, by }) => ({ step, done, by }))).toEqual([
    { step: "succeeded", done: [0, 1, 2], by: "cron 0 3 * * *" },
  ]);
  expect(app.living.map(({ generation }) => generation)).toEqual([1, 1, 1]);
});

test("what was replaced says why", () => {
  const app = running(cluster);
  app.trip("watch", "a change of app.js");
  app.obey();
  expect(decisionOf(app, 1)).toMatchObject({
    rule: "wantsRestart",
    saw: { goal: "restart", askedBy: "a change of app.js" },
    sentence: "Replaced while it served, because a change of app.js asked for a restart.",
  });
});

test("the processes of a fork app are restarted one after the other", () => {
  const app = running(fork);
  app.trip("cron", "cron 0 3 * * *");
  for (const expected of [2, 2, 2]) {
    expect(app.living.filter(({ stopAskedAt }) => stopAskedAt === null).length).toBe(expected);
    const stopping = app.living.find(({ stopAskedAt }) => stopAskedAt !== null);
    if (stopping !== undefined) app.exit(stopping, 0);
  }
  expect([app.isReloading, statuses(app)]).toEqual([false, ["online", "online", "online"]]);
  expect(decisionOf(app, 2)?.sentence).toContain("cron 0 3 * * * asked for a restart");
});

test("memory limits that trip at once restart one process at a time, and each once", () => {
  const app = running(cluster);
  for (const child of app.living) app.outgrow(child);
  expect(app.living.length).toBe(4);
  app.obey();
  expect(app.ended.map(({ done }) => done)).toEqual([[0], [1], [2]]);
  expect(app.children.length).toBe(6);
});

test("what trips while a reload is under way waits, and is past for what began a new life since", () => {
  const app = running(one);
  app.trip("watch", "a change of a.js");
  app.trip("watch", "a change of b.js");
  expect(app.living.length).toBe(1);
  const [child] = app.living;
  if (child === undefined) throw new Error("nothing lives");
  app.clock.advance(10);
  app.exit(child, 0);
  expect([app.children.length, app.isReloading]).toEqual([2, false]);
  app.clock.advance(10);
  app.trip("watch", "a change of c.js");
  expect(app.living[0]?.stopAskedAt).not.toBeNull();
});

test.each([
  ["has ended by itself", { restart: { mode: "never" as const } }, 0],
  ["ended with one of stop_exit_codes", { restart: { stopExitCodes: [3] } }, 3],
  ["is errored", { restart: { maxRestarts: 1 } }, 1],
])("an app that %s is started by the next tick and the next change", (_, change, code) => {
  for (const sensor of ["cron", "watch"] as const) {
    const app = new SimulatedApp(appSpec({ ...change, sensors: { cron: "* * * * *" } }));
    const [child] = app.living;
    if (child === undefined) throw new Error("nothing lives");
    app.exit(child, code);
    expect(app.living).toEqual([]);
    app.trip(sensor, "it");
    expect([app.living.length, statuses(app)]).toEqual([1, ["online"]]);
  }
});

test("an app that was stopped by command is started by no sensor, and nothing is watched for it", () => {
  const app = running(one);
  expect(app.watched).toBe(one);
  app.command("stop", 0);
  app.obey();
  expect([app.watched, statuses(app)]).toEqual([null, ["stopped"]]);
  app.trip("cron", "a tick that was on its way");
  expect(statuses(app)).toEqual(["stopped"]);
  app.command("start", 0);
  expect(app.watched).toBe(one);
});

test("what is declared with a cron pattern and without autostart waits for its time", () => {
  const job = appSpec({ spec: { autostart: false }, sensors: { cron: "* * * * *" } });
  const app = new SimulatedApp(job);
  expect([statuses(app), app.watched]).toEqual([["stopped"], job]);
  app.trip("cron", "cron * * * * *");
  expect(statuses(app)).toEqual(["online"]);

  const watched = new SimulatedApp(appSpec({ spec: { autostart: false } }));
  watched.trip("watch", "a change");
  expect(statuses(watched)).toEqual(["stopped"]);
});

test("a stop during a restart that a sensor asked for stays a stop", () => {
  const app = running(one);
  app.trip("cron", "cron 0 3 * * *");
  app.command("stop", 0);
  app.obey();
  expect([statuses(app), app.isReloading]).toEqual([["stopped"], false]);
});

test("a changed declaration is watched from its acceptance on, a reload's from its success", () => {
  const app = running(cluster);
  const hourly = { ...cluster, sensors: { ...cluster.sensors, cron: "0 * * * *" } };
  app.reload({ spec: hourly });
  expect(app.watched).toBe(cluster);
  app.obey();
  expect(app.watched).toBe(hourly);
  app.actor.send({ type: "app.configure", at: 0, spec: cluster });
  expect(app.watched).toBe(cluster);
});

test("sensors that break leave the reason with each of what they were to look at", () => {
  const watch = { paths: ["/srv"], ignore: [], delayMs: 0, options: unwatched };
  const app = running(appSpec({ sensors: { cron: "0 3 * * *", watch } }));
  app.sensorsBreak = true;
  const spec = appSpec({ sensors: { cron: "0 4 * * *", watch } });
  app.actor.send({ type: "app.configure", at: 0, spec });
  const reason = "Error: the sensors are broken";
  expect(app.context.troubles).toEqual({ cron: reason, watch: reason });
  expect(statuses(app)).toEqual(["online"]);
});

test("why a sensor cannot do its work is kept until it can", () => {
  const app = running(one);
  app.report({ type: "sensor.failed", at: 0, sensor: "watch", reason: "/srv cannot be watched" });
  expect(app.context.troubles).toEqual({ watch: "/srv cannot be watched" });
  app.report({ type: "sensor.recovered", at: 0, sensor: "watch" });
  expect(app.context.troubles).toEqual({});
});
