import { expect, test } from "vitest";
import { processMachine } from "../../../../machines/index.ts";
import { chartModel } from "../../../../docs/generate/charts/model.ts";
import {
  comparedOf,
  ratioOf,
  sawInWords,
} from "../../../../runtime/programs/page/moment/guards.ts";
import { processMoment } from "../../../../runtime/programs/page/moment/process.ts";
import { leavesOf, pathOf, statesFrom } from "../../../../runtime/programs/page/moment/states.ts";
import { crashLoop } from "../../../support/inspector/history.ts";

const model = chartModel(processMachine);
const records = crashLoop();
const at = (ms: number) => processMoment({ model, records, at: ms });

test("a moment is what the last record before it says, and there is none before the first", () => {
  expect([999, 1_000, 1_499, 1_500, 1_799, 1_800, 9_000].map((ms) => at(ms)?.status)).toEqual([
    undefined,
    "online",
    "online",
    "waiting",
    "waiting",
    "online",
    "errored",
  ]);
  expect(at(1_000)?.machine.states).toEqual([
    "process",
    "process.alive",
    "process.alive.online",
    "process.alive.online.uptime",
    "process.alive.online.uptime.fresh",
    "process.alive.online.sensors",
    "process.alive.online.sensors.off",
  ]);
});

test("a wait of the past is told with its whole time, and with the decision that made it", () => {
  const { machine, record } = at(1_600) ?? {};
  expect(machine?.delays).toEqual([
    { delay: "restartDelay", state: "process.waiting", startedAt: 1_500, dueAt: 1_800 },
  ]);
  expect(machine?.sentence).toBe(record?.decision?.sentence);
  expect(machine?.context).toMatchObject({ child: null, restarts: 0, unstableRestarts: 1 });
});

test("an end takes the edge of its event and then that of the rule that applied", () => {
  expect(at(1_500)?.machine.steps).toEqual([
    { source: "process.alive", target: "process.concluding", event: "child.exited", guard: null },
    {
      source: "process.concluding.looking",
      target: "process.exited",
      event: "always",
      guard: null,
    },
    {
      source: "process.exited",
      target: "process.waiting",
      event: "always",
      guard: "delaysRestart",
    },
  ]);
  expect(at(3_100)?.machine.steps.at(-1)).toEqual({
    source: "process.exited",
    target: "process.errored",
    event: "always",
    guard: "unstableTooOften",
  });
  const [, ...later] = records.filter(({ event }) => event !== "child.spawned");
  expect(processMoment({ model, records: later, at: 1_800 })?.machine.steps).toEqual([]);
});

test("every guard that was asked is told with what it compared; those after the one that held were not", () => {
  const guards = at(3_100)?.machine.guards ?? [];
  expect(guards.at(-1)).toEqual({
    guard: "unstableTooOften",
    result: true,
    saw: { unstableRestarts: 3, maxRestarts: 3, minUptimeMs: 1_000 },
    at: 3_100,
  });
  expect(guards.filter(({ result }) => result).length).toBe(1);
  expect(guards.map(({ guard }) => guard)).not.toContain("delaysRestart");
  const earlier = at(1_500)?.machine.guards.find(({ guard }) => guard === "unstableTooOften");
  expect(earlier && [earlier.result, comparedOf(earlier)]).toEqual([false, "1/3"]);
});

test("the chart shows a value and its limit; in words a time is a time", () => {
  expect(comparedOf({ saw: { previousWaitMs: 300, maxWaitMs: 15_000 } })).toBe("300 ms/15 s");
  expect(comparedOf({ saw: { restart: "always", code: null } })).toBe("always");
  expect(comparedOf({ saw: {} })).toBe("");
  expect(ratioOf({ saw: { processes: 1, replacements: 0 } })).toBe("");
  expect(sawInWords({ saw: { code: null, restart: "never" } })).toBe("code none, restart never");
});

test("where it is is one path as far as it goes one way, and then the ways", () => {
  const states = statesFrom("process", "alive.online.uptime.fresh alive.online.sensors.off");
  expect(pathOf(states)).toBe("alive › online › uptime: fresh, sensors: off");
  expect(leavesOf(states).length).toBe(2);
  expect(pathOf(statesFrom("process", "waiting"))).toBe("waiting");
  expect(pathOf(statesFrom("reload", ""))).toBe("");
});
