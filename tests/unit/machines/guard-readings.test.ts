import { expect, test } from "vitest";
import { askedBefore, guardReadings } from "../../../machines/guard-readings.ts";
import {
  appMachine,
  decide,
  godMachine,
  processMachine,
  reloadMachine,
} from "../../../machines/index.ts";
import { rules } from "../../../machines/restart-policy.ts";
import { judgedFrom } from "../../../machines/process-after.ts";
import { contextFrom } from "../../../machines/process-context.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";

test.each([
  ["process", processMachine],
  ["app", appMachine],
  ["reload", reloadMachine],
  ["god", godMachine],
] as const)("every guard of the %s machine says what it compares", (name, machine) => {
  const guards = Object.keys(machine.implementations.guards ?? {}).sort();
  expect(
    Object.keys(guardReadings[name])
      .filter((guard) => guard !== "restartsAtOnce")
      .sort(),
  ).toEqual(guards);
});

test("a rule tells what it saw whether it applies or not", () => {
  const restart = { mode: "on-failure" as const, maxRestarts: 3, restartWindowMs: 1_000 };
  const spec = appSpec({ restart });
  const input = { id: 0, app: "a", instance: 0, spec, seed: 1, at: 0, resume: null };
  const exit = { at: 50, code: 2, signal: null, uptimeMs: 50, askedBy: null };
  const base = {
    ...contextFrom(input),
    lastExit: exit,
    unstableRestarts: 2,
    restartTimes: [10, 40],
  };
  const { decision, judgement } = decide(judgedFrom(base), 50);
  expect(decision.rule).toBe("restartsAtOnce");
  const asked = askedBefore(decision, judgement);
  expect(asked.map(({ guard }) => guard)).toEqual(
    rules.map(({ rule }) => rule).filter((rule) => rule !== "restartsAtOnce"),
  );
  const saw = Object.fromEntries(asked.map((each) => [each.guard, each.saw]));
  expect(saw).toMatchObject({
    wantsRemoval: { goal: "run" },
    endedCleanly: { restart: "on-failure", code: 2, signal: null },
    unstableTooOften: { unstableRestarts: 2, maxRestarts: 3 },
    restartsTooOften: { restartsInWindow: 3, maxRestarts: 3, restartWindowMs: 1_000 },
  });
  expect(asked.filter(({ result }) => result)).toEqual([]);
});

test("of the guards that were asked only the one that decided held", () => {
  const spec = appSpec({ restart: { maxRestarts: 1 } });
  const process = new SimulatedProcess(spec);
  process.exit(1);
  const { decisions, judgement } = process.actor.getSnapshot().context;
  const [decision] = decisions;
  if (decision === undefined || judgement === null) throw new Error("nothing was decided");
  const asked = askedBefore(decision, judgement);
  expect(asked.at(-1)).toEqual({
    guard: "unstableTooOften",
    result: true,
    saw: { unstableRestarts: 1, maxRestarts: 1, minUptimeMs: 1_000 },
  });
  expect(asked.filter(({ result }) => result).length).toBe(1);
});

test("an adopted child gets what is left of its min_uptime, and not the whole of it again", () => {
  const process = new SimulatedProcess(appSpec({ restart: { minUptimeMs: 1_000 } }));
  process.advance(600);
  process.restartDaemon({ afterMs: 300 });
  expect(process.value).toMatchObject({ alive: { online: { uptime: "fresh" } } });
  process.advance(99);
  expect(process.value).toMatchObject({ alive: { online: { uptime: "fresh" } } });
  process.advance(1);
  expect(process.value).toMatchObject({ alive: { online: { uptime: "stable" } } });
});
