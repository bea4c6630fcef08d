import fc from "fast-check";
import { expect, test } from "vitest";
import { appSpec } from "../support/machines/spec.ts";
import { assertRules } from "../support/machines/rules.ts";
import { SimulatedProcess } from "../support/machines/simulated-process.ts";

/**
 * What a user may believe of a process without knowing its chart: what was last asked of it, when its grace
 * period ends, how many lives in a row were short. Written from the documentation, not from the machine.
 */
interface Belief {
  wanted: "run" | "stop" | "gone";
  stopAskedAt: number | null;
  shortLives: number;
  bornAt: number;
  hasEnded: boolean;
}

const minUptimeMs = 1_000;
const maxRestarts = 3;
const killTimeoutMs = 1_600;
const restartDelayMs = 200;

type Step = fc.Command<Belief, SimulatedProcess>;

const step = (
  name: string,
  check: (belief: Belief, process?: SimulatedProcess) => boolean,
  run: (belief: Belief, process: SimulatedProcess) => void,
): Step => ({
  check: (belief) => check(belief),
  run: (belief, process) => {
    run(belief, process);
    assertRules(process);
    assertBelief(belief, process);
  },
  toString: () => name,
});

function assertBelief(belief: Belief, process: SimulatedProcess): void {
  const { status } = process;
  if (belief.wanted === "gone") expect(["stopping", "removed"]).toContain(status);
  if (belief.wanted === "stop") expect(["stopping", "stopped"]).toContain(status);
  if (belief.shortLives >= maxRestarts && belief.wanted === "run" && belief.hasEnded) {
    expect(status, "a spent budget ends in errored").toBe("errored");
  }
  for (const { told } of process.children) {
    expect(
      told.filter(({ type }) => type === "stop").length,
      "one stop signal at most",
    ).toBeLessThanOrEqual(1);
    const [stop, kill] = [
      told.find(({ type }) => type === "stop"),
      told.find(({ type }) => type === "kill"),
    ];
    if (kill === undefined || stop === undefined) continue;
    const due = stop.at + killTimeoutMs;
    // A daemon that comes up when the grace period is over kills at once.
    const dues = [due, ...process.resumedAt.filter((at) => at > due)];
    expect(dues, "SIGKILL when the grace period ends").toContain(kill.at);
  }
}

const command = (name: "start" | "stop" | "restart" | "remove") =>
  step(
    name,
    (belief) => belief.wanted !== "gone",
    (belief, process) => {
      const wasUp = process.living.length > 0;
      const wasStopping = process.status === "stopping";
      process.command(name);
      if (name === "stop") belief.wanted = "stop";
      else if (name === "remove") belief.wanted = "gone";
      else {
        belief.wanted = "run";
        if (!wasUp || name === "restart") belief.shortLives = 0;
        if (!wasUp) born(belief, process);
      }
      if (name !== "start" && wasUp && !wasStopping) belief.stopAskedAt = process.clock.now();
    },
  );

const exit = (code: number | null, signal: string | null) =>
  step(
    `exit(${code ?? signal})`,
    () => true,
    (belief, process) => {
      if (process.living.length === 0) return;
      const wasAsked = process.status === "stopping";
      const isShort = process.clock.now() - process.last.fact.at < minUptimeMs;
      const before = process.facts.restarts;
      process.exit(code, signal);
      belief.hasEnded = true;
      if (!wasAsked) belief.shortLives = isShort ? belief.shortLives + 1 : 0;
      expect(process.facts.restarts, "counters never go down by themselves").toBeGreaterThanOrEqual(
        before,
      );
      if (process.living.length > 0) born(belief, process);
      belief.stopAskedAt = null;
    },
  );

const pass = (ms: number) =>
  step(
    `pass(${ms})`,
    () => true,
    (belief, process) => {
      const lives = process.children.length;
      process.advance(ms);
      if (process.children.length > lives) born(belief, process);
      if (process.status === "online" && process.clock.now() - process.last.fact.at >= minUptimeMs)
        belief.shortLives = 0;
    },
  );

/** The daemon dies; the child lives on or ends, with whoever was to tell. */
const daemonDies = (afterMs: number, childEnds: boolean) =>
  step(
    `daemonDies(${afterMs}, ${childEnds})`,
    (belief) => belief.wanted !== "gone",
    (belief, process) => {
      const { restarts, id } = process.facts;
      const pid = process.living[0]?.fact.pid;
      const wasStopping = process.status === "stopping";
      const birth = process.living[0]?.fact.at ?? 0;
      process.restartDaemon({ afterMs, childEnds });
      expect(process.facts.id).toBe(id);
      expect(process.facts.restarts, "no counter is lost").toBeGreaterThanOrEqual(restarts);
      if (pid !== undefined && !childEnds) {
        expect(
          process.living.map(({ fact }) => fact.pid),
          "the same child",
        ).toEqual([pid]);
      }
      if (pid !== undefined && childEnds) {
        belief.hasEnded = true;
        const isShort = process.clock.now() - birth < minUptimeMs;
        if (!wasStopping) belief.shortLives = isShort ? belief.shortLives + 1 : 0;
      }
      if (process.living.length > 0 && process.living[0]?.fact.pid !== pid) born(belief, process);
    },
  );

function born(belief: Belief, process: SimulatedProcess): void {
  belief.bornAt = process.clock.now();
  belief.hasEnded = false;
}

test("whatever is done to a process, what its user believes of it holds", () => {
  const restart = { maxRestarts, minUptimeMs, restartDelayMs };
  const steps = fc.commands(
    [
      ...(["start", "stop", "restart", "remove"] as const).map((name) =>
        fc.constant(command(name)),
      ),
      fc.constant(exit(0, null)),
      fc.constant(exit(1, null)),
      fc.constant(exit(1, null)),
      fc.constant(exit(null, "SIGKILL")),
      fc.integer({ min: 1, max: 3_000 }).map(pass),
      fc.constant(pass(restartDelayMs)),
      fc
        .tuple(fc.integer({ min: 0, max: 1_500 }), fc.boolean())
        .map(([ms, ends]) => daemonDies(ms, ends)),
    ],
    { maxCommands: 40 },
  );
  fc.assert(
    fc.property(steps, (commands) => {
      const process = new SimulatedProcess(appSpec({ restart, policy: { killTimeoutMs } }));
      const model: Belief = {
        wanted: "run",
        stopAskedAt: null,
        shortLives: 0,
        bornAt: 0,
        hasEnded: false,
      };
      fc.modelRun(() => ({ model, real: process }), commands);
    }),
    { numRuns: 500 },
  );
});
