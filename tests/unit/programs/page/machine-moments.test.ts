import { expect, test } from "vitest";
import { appMachine } from "../../../../machines/app.ts";
import { godMachine } from "../../../../machines/god.ts";
import { processMachine } from "../../../../machines/process.ts";
import { reloadMachine } from "../../../../machines/reload.ts";
import { chartModel } from "../../../../docs/generate/charts/model.ts";
import {
  historyEntry,
  type HistoryEntry,
  type HistoryRecord,
} from "../../../../runtime/contract/history.ts";
import { appMoment } from "../../../../runtime/programs/page/moment/app.ts";
import { godMoment } from "../../../../runtime/programs/page/moment/god.ts";
import { processMoment } from "../../../../runtime/programs/page/moment/process.ts";
import { reloadMoment } from "../../../../runtime/programs/page/moment/reload.ts";
import { recordedApp } from "../../../support/inspector/recorded-app.ts";
import { appSpec } from "../../../support/machines/spec.ts";

const models = {
  process: chartModel(processMachine),
  app: chartModel(appMachine),
  reload: chartModel(reloadMachine),
  god: chartModel(godMachine),
};
const policy = { readiness: "message" } as const;
const spec = appSpec({ spec: { instances: 3 }, policy });

/** Two reloads: one that goes well, and one whose second replacement ends before it serves. */
function twoReloads(concurrency: number): ReturnType<typeof recordedApp> {
  const reload = { concurrency, surge: true };
  const recorded = recordedApp(appSpec({ spec: { instances: 3 }, policy: { ...policy, reload } }));
  const { app } = recorded;
  app.obey();
  app.reload();
  app.obey();
  app.reload();
  for (;;) {
    const waiting = app.living.find(({ isReady }) => !isReady);
    const stopping = app.living.find(({ stopAskedAt }) => stopAskedAt !== null);
    if (stopping !== undefined) app.exit(stopping, 0);
    else if (waiting === undefined) return recorded;
    else if (waiting.id === 1) app.exit(waiting, 1);
    else app.ready(waiting);
  }
}

test.each([1, 2, 3])(
  "at every record of a reload and its app the chart shows where they were and how they came there (%i at a time)",
  (concurrency) => {
    const { records, truth } = twoReloads(concurrency);
    const seen = records.filter(({ kind }) => kind === "app" || kind === "reload");
    expect(new Set(seen.map(({ states }) => states))).toEqual(
      new Set([
        "supervising.settled",
        "supervising.reloading",
        "launching",
        "draining",
        "succeeded",
        "failing",
        "failed",
      ]),
    );
    for (const { kind, seq, at, states } of seen) {
      const options = { records, at, model: models[kind as "app" | "reload"] };
      const moment = kind === "app" ? appMoment(options) : reloadMoment(options);
      const real = truth.get(seq);
      expect([seq, moment?.machine.states]).toEqual([seq, real?.states]);
      // What changed no state is told with the steps that led there before.
      if (real !== undefined && real.steps.length > 0) {
        expect([seq, states, moment?.machine.steps]).toEqual([seq, states, real.steps]);
      }
    }
  },
);

test("a reload's guards are those that it has asked until then, each with its last answer", () => {
  const { records } = twoReloads(1);
  const failed = records.find(({ states }) => states === "failing");
  const moment = reloadMoment({ model: models.reload, records, at: failed?.at ?? 0 });
  const said = Object.fromEntries(
    moment?.machine.guards.map(({ guard, result }) => [guard, result]) ?? [],
  );
  expect(said).toMatchObject({ isForced: false, isNotOfTheBatch: false, batchIsOver: false });
  expect(moment?.machine.sentence).toMatch(
    /^A test: it is being given up, because process 1: .*code 1/,
  );
  expect(moment?.machine.context).toMatchObject({
    done: [0],
    pending: [2],
    batch: { 1: "leaving" },
  });
  expect([moment?.isOver, moment?.missing]).toEqual([false, []]);
});

test("between two reloads the one before is shown as over, and before the first there is none", () => {
  const { records } = twoReloads(3);
  const first = records.findIndex(({ kind }) => kind === "reload");
  const end = records.find(({ states }) => states === "succeeded");
  const at = (ms: number) => reloadMoment({ model: models.reload, records, at: ms });
  expect(at((records[first]?.at ?? 0) - 1)).toBeUndefined();
  expect([at(records[first]?.at ?? 0)?.isOver, at(end?.at ?? 0)?.isOver]).toEqual([false, true]);
});

test("a reload that was not gone on with ends where its app is said to be settled", () => {
  const { records } = twoReloads(1);
  const begun = records.find(({ states }) => states === "launching");
  const past = records.filter(({ seq }) => seq <= (begun?.seq ?? 0));
  const settled = {
    ...historyEntry({ at: 99, kind: "app", event: "processes.add", app: "app" }),
    seq: 99,
    states: "supervising.settled",
    context: { key: "app", processes: [0], replacements: [], leaving: [], isReloading: false },
  };
  const moment = reloadMoment({ model: models.reload, records: [...past, settled], at: 100 });
  expect([moment?.isOver, moment?.note]).toEqual([
    true,
    "It was not resumed: this is its last record.",
  ]);
});

test("an app's moment knows what it was declared as, also while a reload brings another", () => {
  const { app, records } = recordedApp(spec);
  app.obey();
  app.reload({ spec: { ...spec, args: ["--new"] } });
  app.obey();
  const specsAt = (event: string): unknown => {
    const record = records.find((each) => each.kind === "app" && each.event === event);
    const moment = appMoment({ model: models.app, records, at: record?.at ?? 0 });
    const context = moment?.machine.context ?? {};
    const { spec: is, reloadSpec } = context as Record<string, { args: unknown } | null>;
    return [is?.args, reloadSpec?.args ?? null];
  };
  expect([specsAt("processes.add"), specsAt("app.reload"), specsAt("reload is done")]).toEqual([
    [[], null],
    [[], ["--new"]],
    [["--new"], null],
  ]);
});

test("records of an older version still show a reload, with less of it", () => {
  const records = ["launching", "draining", "succeeded"].map((states, index): HistoryRecord => {
    const reload = { by: "`xm reload`", done: 0, total: 1, ids: [4], failure: null };
    const entry = historyEntry({
      at: index,
      kind: "reload",
      event: `reload.${states}`,
      states,
      app: "a",
    });
    return { ...entry, reload, seq: index + 1 };
  });
  const moment = reloadMoment({ model: models.reload, records, at: 1 });
  expect(moment?.machine.states).toEqual(["reload", "reload.draining"]);
  expect(moment?.machine.steps.map(({ guard }) => guard)).toEqual(["batchIsReady"]);
  expect(moment?.machine.sentence).toBe("`xm reload`: draining, 0 of 1 replaced.");
  expect(moment?.missing).toContain("pending");
  expect(appMoment({ model: models.app, records, at: 1 })).toBeUndefined();
});

/** God's records: of one that was killed, one that handed over, and one of an older version. */
function gods(): HistoryRecord[] {
  const tell = (
    at: number,
    pid: number,
    event: string,
    states: string,
    by?: string,
  ): HistoryEntry =>
    historyEntry({
      at,
      kind: states === "" ? "daemon" : "god",
      event,
      states,
      pid,
      by: by ?? null,
      context: states === "" ? null : { apps: states === "restoring" ? [] : ["a", "b"] },
    });
  return [
    tell(100, 1, "started", ""),
    tell(110, 1, "started", "restoring"),
    tell(120, 1, "restore is done", "running"),
    tell(500, 2, "started", ""),
    tell(510, 2, "started", "restoring"),
    tell(520, 2, "restore is done", "running"),
    tell(700, 2, "handOver", "handedOver", "handing over"),
    tell(900, 3, "started", ""),
  ].map((entry, index) => ({ ...entry, seq: index + 1 }));
}

test("God is shown over the lives of several: which one it was, what it did, and when there was none", () => {
  const at = (ms: number) => godMoment({ model: models.god, records: gods(), at: ms, now: 1_000 });
  expect(at(99)).toBeUndefined();
  expect(
    [100, 110, 120, 499, 505, 520, 800, 950].map((ms) => at(ms)?.machine.states.at(-1)),
  ).toEqual([
    "god.restoring",
    "god.restoring",
    "god.running",
    "god.running",
    "god.restoring",
    "god.running",
    "god.handedOver",
    "god.running",
  ]);
  expect([at(499)?.pid, at(505)?.pid, at(800)?.pid]).toEqual([1, 2, 2]);
  expect(at(499)?.note).toContain("It was killed, so the time is unknown");
  expect(at(600)?.note).toMatch(/^This was God with pid 2; the next one, pid 3, started/);
  expect(at(800)?.note).toMatch(
    /^No God ran: the one with pid 2 had handed over \(handing over\); the next one, pid 3/,
  );
  expect(at(520)?.machine.steps).toEqual([
    { source: "god.restoring", target: "god.running", event: "restore is done", guard: null },
  ]);
  expect([at(600)?.machine.sentence, at(950)?.missing]).toEqual(["It keeps 2 apps.", ["apps"]]);
});

test("of two generations either is shown: the one that serves, and its replacement while it starts", () => {
  const online = "alive.online.uptime.stable alive.online.sensors.off";
  const put = (at: number, generation: number, more: Partial<HistoryEntry>): HistoryRecord => ({
    ...historyEntry({ at, kind: "process", event: "x", id: 4, name: "a", app: "a" }),
    generation,
    seq: at,
    pid: 100 + generation,
    startedAt: at,
    ...more,
  });
  const records = [
    put(10, 0, { status: "online", states: online }),
    put(20, 1, { status: "starting", states: "alive.starting" }),
    put(30, 1, { status: "online", states: online }),
    put(31, 0, {
      status: "stopping",
      states: "alive.stopping.graceful",
      goal: "remove",
      killAt: 90,
    }),
    put(40, 0, { status: "removed", states: "removed", goal: "remove", pid: null }),
  ];
  const at = (ms: number, generation: number | null = null) =>
    processMoment({
      model: models.process,
      records,
      at: ms,
      generation,
      spec: { policy: spec.policy },
    });
  const roles = (ms: number) =>
    at(ms)?.generations.map(({ generation, role }) => `${generation} ${role}`);
  expect([10, 25, 30, 35, 40].map(roles)).toEqual([
    ["0 serving"],
    ["0 serving", "1 replacement"],
    ["0 serving", "1 replacement"],
    ["1 serving", "0 leaving"],
    ["1 serving"],
  ]);
  expect([at(25)?.status, at(25, 1)?.status, at(35)?.record.generation]).toEqual([
    "online",
    "starting",
    1,
  ]);
  expect(at(25, 1)?.machine.delays).toEqual([
    { delay: "listenTimeout", state: "process.alive.starting", startedAt: 20, dueAt: 3_020 },
  ]);
  expect(at(35, 0)?.machine.delays[0]).toMatchObject({ delay: "killTimeout", dueAt: 90 });
  // What a daemon that came up has not told of again is gone.
  const later = processMoment({
    model: models.process,
    records: records.slice(0, 2),
    at: 25,
    since: 15,
  });
  expect(later?.generations.map(({ generation }) => generation)).toEqual([1]);
});
