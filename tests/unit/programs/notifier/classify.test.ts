import { expect, test } from "vitest";
import { historyEntry, type HistoryRecord } from "../../../../runtime/contract/history.ts";
import { eventsOf, seenAfter, sentenceOf } from "../../../../runtime/programs/notifier/classify.ts";

const record = (some: Partial<HistoryRecord>): HistoryRecord =>
  historyEntry({ at: 1, kind: "process", event: "child.exited", name: "api", ...some });

const exit = (some: object): NonNullable<HistoryRecord["exit"]> => ({
  at: 1,
  code: null,
  signal: null,
  uptimeMs: 5,
  askedBy: null,
  ...some,
});

const decision = (rule: string): NonNullable<HistoryRecord["decision"]> =>
  ({ at: 1, rule, next: "start", exit: null, saw: {}, delayMs: 0, sentence: "Why." }) as never;

const ended = (some: object, rule = "restartsAtOnce") => ({
  status: "starting" as const,
  exit: exit(some),
  decision: decision(rule),
});

const up = "alive.online.uptime.fresh";

test.each([
  ["an exit code", ended({ code: 3 }), ["crash"]],
  ["a signal", ended({ signal: "SIGSEGV" }), ["crash"]],
  ["an unknown end of an adopted child", ended({}), ["crash"]],
  ["a clean end", ended({ code: 0 }), []],
  ["an exit that a command asked for", ended({ code: 1, askedBy: "`xm stop`" }, "wantsStop"), []],
  ["one of stop_exit_codes", ended({ code: 7 }, "isStopExitCode"), []],
  ["a job that has completed", ended({ code: 7 }, "hasCompleted"), []],
  ["SIGKILL", ended({ signal: "SIGKILL" }), ["crash", "oom"]],
  ["a kill that the kernel counted", ended({ code: 1, outOfMemory: { kills: 1, limitBytes: 9, peakBytes: 9 } }), ["crash", "oom"]],
  ["SIGKILL after a failed probe", ended({ signal: "SIGKILL", verdict: { probe: "liveness", why: "" } }), ["crash"]],
  ["a crash with a post_stop hook", { ...ended({ code: 1 }), event: "hook.ended", exit: null, decision: { ...decision("restartsAtOnce"), exit: ended({ code: 1 }).exit } }, ["crash"]],
  ["the last crash", { ...ended({ code: 1 }, "unstableTooOften"), status: "errored" as const }, ["crash", "errored"]],
  ["a program that is not there", { status: "errored" as const, failure: { at: 1, code: "ENOENT", message: "no" } }, ["errored"]],
  ["a later record of an errored process", { status: "errored" as const }, []],
  ["a job that failed", { ...ended({ code: 1 }, "runFailed"), status: "failed" as const }, ["crash", "failed"]],
  ["a process that is up", { status: "online" as const, states: up, event: "child.spawned" }, ["online"]],
  ["a failing liveness probe", { status: "online" as const, states: up, event: "probe.failing" }, ["unhealthy"]],
  ["a readiness probe that has not succeeded yet", { status: "online" as const, states: up, event: "probe.unready" }, []],
  ["a readiness probe later", { status: "online" as const, states: "alive.online.uptime.stable", event: "probe.unready" }, ["unhealthy"]],
  ["a reload that failed", { kind: "reload" as const, event: "reload.failed" }, ["reload_failed"]],
  ["a reload that succeeded", { kind: "reload" as const, event: "reload.succeeded" }, []],
  ["a daemon", { kind: "daemon" as const, event: "started" }, []],
])("%s", (_, some, expected) => {
  expect(eventsOf(record(some), undefined)).toEqual(expected);
}); // prettier-ignore

test("online is told once a life, and a readiness probe fails after it has succeeded", () => {
  const online = record({
    status: "online",
    states: `${up} readiness.ready`,
    event: "probe.ready",
  });
  const seen = seenAfter(online, undefined);
  expect(seen).toEqual({ status: "online", wasReady: true });
  expect(eventsOf(online, seen)).toEqual([]);
  const unready = record({ status: "online", states: up, event: "probe.unready" });
  expect(eventsOf(unready, seen)).toEqual(["unhealthy"]);
  expect(seenAfter(record({ status: "starting" }), seen)).toEqual({
    status: "starting",
    wasReady: false,
  });
});

test("the sentence is the decision's; without one there are words for each event", () => {
  expect(sentenceOf("crash", record({ decision: decision("x") }))).toBe("Why.");
  expect(sentenceOf("oom", record({ decision: decision("x") }))).toMatch(/^Why\. Nothing here sent/);
  expect(sentenceOf("online", record({}))).toBe("api is online.");
  expect(sentenceOf("unhealthy", record({ event: "probe.failing" }))).toBe(
    "api is unhealthy: its liveness probe fails.",
  );
  const reload = { by: "`xm reload`", done: 0, total: 1, ids: [], failure: { id: 0, at: 1, reason: "it exited" } };
  expect(sentenceOf("reload_failed", record({ kind: "reload", reload }))).toBe(
    "The reload (`xm reload`) failed: it exited.",
  );
}); // prettier-ignore
