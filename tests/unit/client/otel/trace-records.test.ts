import { expect, test } from "vitest";
import { traceRecords, type Span } from "../../../../runtime/client/otel/index.ts";
import type { HistoryRecordView } from "../../../../runtime/client/connection/types.ts";
import { historyEntry } from "../../../../runtime/contract/history.ts";

type Some = Partial<HistoryRecordView> & Pick<HistoryRecordView, "at" | "event">;

/** A record of a process; ids are those of the names. */
const ids = ["db", "cache", "api"];
const of = (name: string, some: Some): HistoryRecordView => {
  const record = { kind: "process", app: name, name, id: ids.indexOf(name), ...some };
  return historyEntry(record as never) as HistoryRecordView;
};

const decided = (rule: string, next: string, sentence = ""): HistoryRecordView["decision"] =>
  ({ rule, next, sentence }) as HistoryRecordView["decision"];

const exitOf = (at: number, code: number | null, signal: string | null, askedBy: string | null) =>
  ({ at, code, signal, askedBy, uptimeMs: 1 }) as HistoryRecordView["exit"];

function traced(
  records: readonly HistoryRecordView[],
  dependencies: Readonly<Record<string, readonly string[]>> = {},
): Span[] {
  const done: Span[] = [];
  const { take } = traceRecords({
    dependenciesOf: (app) => dependencies[app] ?? [],
    done: (root) => done.push(root),
  });
  for (const record of records) take(record);
  return done;
}

const times = ({ name, startMs, endMs }: Span): [string, number, number] => [name, startMs, endMs];

test("a life is a trace of its phases, with what ended it", () => {
  const [life, ...others] = traced([
    of("api", { at: 100, event: "start", status: "starting", by: "`xm start`" }),
    of("api", { at: 110, event: "child.spawned", status: "starting", pid: 7, startedAt: 110 }),
    of("api", { at: 200, event: "child.ready", status: "online", pid: 7, version: "1.2.3" }),
    of("api", {
      at: 905,
      event: "child.exited",
      status: "waiting",
      exit: exitOf(900, 3, null, null),
      decision: decided("waitsBeforeRestart", "wait", "It crashed."),
    }),
  ]);
  expect(others).toEqual([]);
  expect(life).toMatchObject({
    name: "life of api",
    startMs: 100,
    endMs: 900,
    error: "exited with code 3",
    attributes: {
      "xm.app": "api",
      "process.pid": 7,
      "service.version": "1.2.3",
      "process.exit.code": 3,
      "xm.rule": "waitsBeforeRestart",
      "xm.decision": "It crashed.",
    },
  });
  expect(life?.children.map(times)).toEqual([
    ["launch", 100, 200],
    ["run", 200, 900],
  ]);
  expect(life?.events.map(({ name }) => name)).toEqual([
    "start",
    "child.spawned",
    "child.ready",
    "child.exited",
  ]);
});

test("a restart without a wait ends one life and begins the next; an asked end is no failure", () => {
  const lives = traced([
    of("api", { at: 10, event: "child.spawned", status: "online", pid: 7, startedAt: 10 }),
    of("api", {
      at: 50,
      event: "child.exited",
      status: "starting",
      exit: exitOf(50, null, "SIGKILL", null),
    }),
    of("api", { at: 55, event: "child.spawned", status: "online", pid: 8, startedAt: 55 }),
    of("api", { at: 80, event: "stop", status: "stopping", pid: 8, startedAt: 55 }),
    of("api", {
      at: 90,
      event: "child.exited",
      status: "stopped",
      exit: exitOf(90, 1, null, "`xm stop`"),
    }),
  ]);
  expect(lives.map(times)).toEqual([
    ["life of api", 10, 50],
    ["life of api", 50, 90],
  ]);
  expect(lives.map(({ error }) => error)).toEqual(["ended by SIGKILL", null]);
});

test("what cannot be spawned is a life that failed, and a clock that was set back makes no negative one", () => {
  const failure = { at: 20, code: "ENOENT", message: "no such file" };
  const [life] = traced([
    of("api", { at: 30, event: "start", status: "starting" }),
    of("api", { at: 20, event: "child.failed", status: "errored", failure }),
  ]);
  expect(life).toMatchObject({ startMs: 30, endMs: 30, error: "no such file" });
});

test("a life keeps a hundred events, and counts the others", () => {
  const probes = Array.from({ length: 150 }, (_, at) =>
    of("api", { at: 20 + at, event: "probe.passing", status: "online", pid: 7, startedAt: 10 }),
  );
  const [life] = traced([
    ...probes,
    of("api", {
      at: 500,
      event: "child.exited",
      status: "stopped",
      exit: exitOf(500, 0, null, null),
    }),
  ]);
  expect(life?.events).toHaveLength(100);
  expect(life?.attributes["xm.events_dropped"]).toBe(51);
});

test("a reload is a trace of its steps, with the process of each", () => {
  const reload = (
    at: number,
    event: string,
    states: string,
    some: object = {},
  ): HistoryRecordView =>
    historyEntry({
      at,
      kind: "reload",
      app: "api",
      name: "api",
      event,
      states,
      reload: { by: "`xm reload`", done: 0, total: 2, ids: [4, 5], failure: null, ...some },
    } as never) as HistoryRecordView;
  const failure = { id: 5, at: 95, reason: "it was not ready in time" };
  const [trace, ...others] = traced([
    // One that began before: it is not told in part.
    reload(1, "reload.launching", "launching", { done: 1 }),
    reload(5, "reload.succeeded", "succeeded", { done: 2 }),
    reload(10, "reload.launching", "launching"),
    reload(50, "reload.draining", "draining"),
    reload(60, "reload.launching", "launching", { done: 1 }),
    reload(95, "reload.failed", "failed", { done: 1, failure }),
  ]);
  expect(others).toEqual([]);
  expect(trace).toMatchObject({
    name: "reload of api",
    error: "process 5: it was not ready in time",
    attributes: { "xm.total": 2, "xm.done": 1, "xm.by": "`xm reload`" },
  });
  expect(trace?.children.map((each) => [...times(each), each.attributes["xm.process.id"]])).toEqual(
    [
      ["launching", 10, 50, 4],
      ["draining", 50, 60, 4],
      ["launching", 60, 95, 5],
    ],
  );
});

test("a start of apps that wait for each other is a trace, and names the longest chain", () => {
  const waits = decided("waitsForDependencies", "wait");
  const spans = traced(
    [
      of("db", { at: 12, event: "child.spawned", status: "online", startedAt: 10, pid: 1 }),
      of("cache", { at: 14, event: "child.spawned", status: "online", startedAt: 11, pid: 2 }),
      of("api", { at: 15, event: "dependencies.unmet", status: "pending", decision: waits }),
      of("cache", { at: 30, event: "probe.ready", status: "online", pid: 2 }),
      of("db", { at: 100, event: "probe.ready", status: "online", pid: 1 }),
      of("api", { at: 101, event: "dependencies.met", status: "starting" }),
      of("api", { at: 150, event: "child.ready", status: "online", pid: 3, startedAt: 102 }),
    ],
    { api: ["db", "cache"] },
  );
  expect(spans.map(times)).toEqual([["start of 3 apps", 10, 150]]);
  const [start] = spans;
  expect(start?.attributes["xm.longest_chain"]).toBe("db > api");
  expect(start?.children.map(times)).toEqual([
    ["start of db", 10, 100],
    ["start of cache", 11, 30],
    ["start of api", 15, 150],
  ]);
  expect(start?.children[2]?.children.map(times)).toEqual([
    ["wait for dependencies", 15, 101],
    ["launch", 101, 150],
  ]);
});

test("a start that somebody ends while it waits is told, as one that was not started", () => {
  const waits = decided("waitsForDependencies", "wait");
  const spans = traced(
    [
      of("api", { at: 15, event: "dependencies.unmet", status: "pending", decision: waits }),
      of("api", { at: 40, event: "stop", status: "stopped" }),
    ],
    { api: ["db"] },
  );
  expect(spans.find(({ name }) => name === "start of api")?.error).toBe("api was not started");
});
