import { expect, test } from "vitest";
import {
  crashing,
  maxSimulatedEvents,
  simulate,
  type CrashPattern,
} from "../../../machines/simulation.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { appSpec } from "../../support/machines/spec.ts";
import type { Decision } from "../../../machines/facts.ts";

const hour = 3_600_000;
const backoff = { initialMs: 100, factor: 1.5, maxMs: 15_000, jitter: 0, resetAfterMs: 30_000 };
const stays = { lifeMs: null, code: 1, signal: null, readyMs: 0 };

const run = (change: Parameters<typeof appSpec>[0], pattern: CrashPattern, forMs = hour) =>
  simulate({ spec: appSpec(change), pattern, forMs });
const decisionsOf = ({ events }: ReturnType<typeof simulate>): Decision[] =>
  events.flatMap(({ decision }) => (decision === undefined ? [] : [decision]));

test("PM2's defaults give up at the 16th unstable exit, after 15 restarts", () => {
  const result = run({}, crashing({ everyMs: 500 }));
  expect(result.events.slice(0, 4)).toEqual([
    { at: 0, event: "start", status: "starting" },
    { at: 0, event: "child.spawned", status: "online", pid: 1 },
    { at: 500, event: "child.exited", status: "starting", decision: decisionsOf(result)[0] },
    { at: 500, event: "child.spawned", status: "online", pid: 2 },
  ]);
  expect(decisionsOf(result).map(({ rule }) => rule)).toEqual([
    ...Array.from({ length: 15 }, () => "restartsAtOnce"),
    "unstableTooOften",
  ]);
  expect(result.lives).toBe(16);
  expect(result.end).toEqual({
    because: "at rest",
    status: "errored",
    restarts: 15,
    at: 8_000,
    sentence:
      "It is errored after 8 s and 15 restarts, because that was unstable exit 16 of 16 in a row (each life shorter than min_uptime, 1 s).",
  });
});

test("an exponential backoff waits 100, 150, 225 ms and so on, and each start is at its own time", () => {
  const result = run({ restart: { backoff } }, crashing({ everyMs: 0 }));
  const waits = decisionsOf(result).map(({ delayMs }) => delayMs);
  expect(waits.slice(0, 5)).toEqual([100, 150, 225, 337, 505]);
  const starts = result.events.filter(({ event }) => event === "child.spawned");
  expect(starts.slice(0, 4).map(({ at }) => at)).toEqual([0, 100, 250, 475]);
});

test("a restart window catches a crash loop whose lives are stable", () => {
  const slow = crashing({ everyMs: 5_000 });
  expect(run({}, slow).end).toMatchObject({
    because: "time over",
    at: hour,
    restarts: 720,
    sentence: "It is not errored after 1 h and 720 restarts.",
  });
  const policy = { restart: { maxRestarts: 3, restartWindowMs: 60_000 } };
  expect(run(policy, slow).end).toMatchObject({ status: "errored", restarts: 3, at: 20_000 });
});

test("a stop exit code leaves it stopped", () => {
  const policy = { restart: { stopExitCodes: [7] } };
  expect(run(policy, crashing({ everyMs: 100, code: 7 })).end).toMatchObject({
    status: "stopped",
    restarts: 0,
    at: 100,
  });
  expect(run(policy, crashing({ everyMs: 100, code: 8 })).end.status).toBe("errored");
});

test("a signal is no exit code: on-abnormal restarts after it", () => {
  const policy = { restart: { mode: "on-abnormal" as const } };
  const killed = run(policy, crashing({ everyMs: 2_000, signal: "SIGSEGV", crashes: 1 }));
  expect(decisionsOf(killed)[0]?.exit).toMatchObject({ code: null, signal: "SIGSEGV" });
  expect(killed.end).toMatchObject({ status: "online", restarts: 1 });
  expect(run(policy, crashing({ everyMs: 2_000 })).end.status).toBe("stopped");
});

test("an app that comes up slowly is launching until it says that it can serve", () => {
  const result = run(
    { policy: { readiness: "message" } },
    crashing({ everyMs: 0, crashes: 0, readyMs: 800 }),
  );
  expect(result.events).toEqual([
    { at: 0, event: "start", status: "starting" },
    { at: 0, event: "child.spawned", status: "starting", pid: 1 },
    { at: 800, event: "child.ready", status: "online", pid: 1 },
  ]);
});

test("an app that never says so counts as online after listen_timeout", () => {
  const result = run(
    { policy: { readiness: "message", listenTimeoutMs: 3_000 } },
    crashing({ everyMs: 0, crashes: 0, readyMs: null }),
  );
  expect(result.events.at(-1)).toEqual({
    at: 3_000,
    event: "listenTimeout",
    status: "online",
    pid: 1,
  });
});

test("an app that does not crash stays online", () => {
  const result = run({}, [stays]);
  expect(result.lives).toBe(1);
  expect(result.end).toEqual({
    because: "time over",
    status: "online",
    restarts: 0,
    at: hour,
    sentence: "It is online after 1 h and 0 restarts; its first life does not end by itself.",
  });
});

test("only the first lives crash, and a stable life ends the row of unstable exits", () => {
  const result = run({}, crashing({ everyMs: 500, crashes: 15 }));
  expect(result.lives).toBe(16);
  expect(result.end).toMatchObject({ because: "time over", status: "online", restarts: 15 });
});

test("a recorded pattern is played life by life, and its last one goes on", () => {
  const lives = [200, 40, 3_000].map((lifeMs, index) => ({ ...stays, lifeMs, code: index + 1 }));
  const exits = decisionsOf(run({}, lives, 7_000)).map(({ exit }) => [exit?.code, exit?.uptimeMs]);
  expect(exits).toEqual([
    [1, 200],
    [2, 40],
    [3, 3_000],
    [3, 3_000],
  ]);
});

test("an app that is declared without being started is simulated as if it were", () => {
  expect(run({ spec: { autostart: false } }, [stays]).end.status).toBe("online");
});

test("a job that a cron pattern starts again says so", () => {
  const job = { restart: { mode: "never" as const }, sensors: { cron: "0 3 * * *" } };
  expect(run(job, crashing({ everyMs: 50, code: 0 })).end).toMatchObject({
    because: "at rest",
    status: "stopped",
    sentence: expect.stringMatching(/Its cron pattern starts it again\.$/) as string,
  });
});

test("a policy that never gives up on a child that ends at once is cut", () => {
  const result = run({ restart: { maxRestarts: 1e9 } }, crashing({ everyMs: 0 }));
  expect(result.events).toHaveLength(maxSimulatedEvents);
  expect(result.end).toMatchObject({ because: "cut", at: 0, restarts: 4_999 });
  expect(result.end.sentence).toMatch(/the simulation stops there, at 10000 changes\.$/);
});

test("the jitter is the same in every simulation", () => {
  const policy = { restart: { backoff: { ...backoff, jitter: 0.5 } } };
  const pattern = crashing({ everyMs: 300 });
  expect(run(policy, pattern)).toEqual(run(policy, pattern));
});

test.each([
  ["no delay", {}],
  ["a delay", { restartDelayMs: 700 }],
  ["a backoff with jitter", { backoff: { ...backoff, jitter: 0.3 } }],
  ["a restart window", { restartWindowMs: 4_000, maxRestarts: 5, minUptimeMs: 100 }],
])("it decides as a process whose kernel a test plays: %s", (_, restart) => {
  const process = new SimulatedProcess(appSpec({ restart }));
  const decisions: Decision[] = [];
  while (process.status !== "errored") {
    if (process.status === "waiting") {
      process.advance((process.clock.nextDue() ?? 0) - process.clock.now());
    }
    process.advance(400);
    process.exit(1);
    decisions.push(process.facts.decisions.at(-1) as Decision);
  }
  const result = run({ restart }, crashing({ everyMs: 400 }));
  expect(decisionsOf(result)).toEqual(decisions);
  expect(result.end).toMatchObject({
    status: process.status,
    restarts: process.facts.restarts,
    at: process.clock.now(),
  });
});
