import { expect, test } from "vitest";
import type { RestartPolicy } from "../../../machines/spec.ts";
import type { ProbeSpec, Probes } from "../../../machines/probes.ts";
import { SimulatedApp } from "../../support/machines/simulated-app.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { appSpec } from "../../support/machines/spec.ts";

const probe: ProbeSpec = {
  check: { kind: "tcp", host: "127.0.0.1", port: 1 },
  initialDelayMs: 0,
  periodMs: 100,
  timeoutMs: 100,
  successThreshold: 1,
  failureThreshold: 3,
};

function probed(probes: Partial<Probes>, restart: Partial<RestartPolicy> = {}): SimulatedProcess {
  const all = { startup: null, readiness: null, liveness: null, ...probes };
  const readiness = probes.startup == null ? "spawned" : "probe";
  return new SimulatedProcess(appSpec({ policy: { readiness, probes: all }, restart }));
}

test("health is what the probes say, and says nothing without any", () => {
  expect(new SimulatedProcess(appSpec()).facts.health).toBeUndefined();
  const process = probed({ readiness: probe, liveness: probe });
  const seen = [process.facts.health];
  for (const type of ["probe.ready", "probe.passing", "probe.unready", "probe.ready"] as const) {
    process.finds(type);
    seen.push(process.facts.health);
  }
  expect(seen).toEqual(["starting", "starting", "healthy", "unhealthy", "healthy"]);
  process.command("stop");
  expect(process.facts.health).toBeUndefined();
  expect([process.status, process.children.length]).toEqual(["stopping", 1]);
});

test("a failed readiness restarts nothing", () => {
  const process = probed({ readiness: probe });
  process.finds("probe.unready");
  process.advance(60_000);
  expect([process.status, process.children.length, process.facts.restarts]).toEqual([
    "online",
    1,
    0,
  ]);
});

test.each(["always", "on-failure", "on-abnormal"] as const)(
  "a failed liveness is an abnormal end, whatever the program answers: restart %s",
  (mode) => {
    const process = probed({ liveness: probe }, { mode, stopExitCodes: [0] });
    process.finds("probe.failing");
    expect([process.status, process.facts.goal]).toEqual(["stopping", "run"]);
    process.exit(0);
    expect([process.status, process.facts.restarts, process.facts.unstableRestarts]).toEqual([
      "online",
      1,
      1,
    ]);
    expect(process.facts.decisions.at(-1)?.sentence).toBe(
      "Exited with code 0 (its liveness probe failed: HTTP 503) after 0 ms; it starts again at once, because unstable exit 1 of 16, no delay is set.",
    );
  },
);

test("what is never restarted runs on, unhealthy, and may come back", () => {
  const process = probed({ liveness: probe }, { mode: "never" });
  process.finds("probe.failing");
  expect([process.status, process.facts.health]).toEqual(["online", "unhealthy"]);
  process.finds("probe.passing");
  expect(process.facts.health).toBe("healthy");
});

test("the budget of restarts holds for failed probes too", () => {
  const process = probed({ liveness: probe }, { maxRestarts: 3 });
  for (let life = 0; life < 3; life += 1) {
    process.finds("probe.failing");
    process.exit(null, "SIGKILL");
  }
  expect([process.status, process.children.length]).toEqual(["errored", 3]);
});

test("a startup probe that runs out is a failed start, however long it took", () => {
  const process = probed({ startup: probe }, { maxRestarts: 2 });
  for (const status of ["starting", "errored"]) {
    process.advance(60_000);
    // Nothing counts as online all the same.
    expect(process.status).toBe("starting");
    process.runOut();
    expect(process.status).toBe("stopping");
    process.exit(0);
    expect(process.status).toBe(status);
  }
  const once = probed({ startup: probe }, { mode: "never" });
  once.runOut();
  once.exit(0);
  expect([once.status, once.facts.decisions.at(-1)?.rule]).toEqual(["errored", "neverStarted"]);
});

test("the next daemon knows why the life was being ended", () => {
  const process = probed({ liveness: probe }, { mode: "on-failure" });
  process.finds("probe.failing");
  process.restartDaemon({ childEnds: true });
  expect(process.facts.lastExit?.verdict).toEqual({ probe: "liveness", why: "HTTP 503" });
  expect(process.status).toBe("online");
});

test("a stop while a failed probe ends it stays a stop", () => {
  const process = probed({ liveness: probe });
  process.finds("probe.failing");
  process.command("stop");
  process.exit(0);
  expect(process.status).toBe("stopped");
});

test("a life that a probe ends gets the time that the probe grants", () => {
  const process = probed({ liveness: { ...probe, graceMs: 60_000 } });
  process.finds("probe.failing");
  // Its own code has all of it: the signal does not shorten it.
  process.signalled();
  process.advance(59_000);
  expect(process.last.told.map(({ type }) => type)).toEqual(["stop"]);
  process.restartDaemon();
  process.advance(999);
  expect(process.last.told.some(({ type }) => type === "kill")).toBe(false);
  process.advance(1);
  expect(process.last.told.at(-1)?.type).toBe("kill");
});

function cluster(instances: number, probes: Partial<Probes>): SimulatedApp {
  const all = { startup: null, readiness: null, liveness: null, ...probes };
  const spec = appSpec({
    policy: { readiness: "listening", probes: all },
    spec: { mode: "cluster", instances },
  });
  const app = new SimulatedApp(spec);
  app.obey();
  return app;
}

test("a worker whose readiness fails leaves its connections to the others, the last one never", () => {
  const app = cluster(3, { readiness: probe });
  const [first, second, third] = app.living;
  if (!first || !second || !third) throw new Error("three workers");
  const out = (): boolean[] => app.children.map(({ isOut }) => isOut);
  app.finds(first, "probe.ready");
  app.finds(second, "probe.unready");
  expect(out()).toEqual([false, true, false]);
  app.finds(third, "probe.unready");
  expect(out()).toEqual([false, true, true]);
  // Now nobody can serve: all take connections again.
  app.finds(first, "probe.unready");
  expect(out()).toEqual([false, false, false]);
  app.finds(second, "probe.ready");
  expect(out()).toEqual([true, false, true]);
  app.finds(first, "probe.ready");
  expect(out()).toEqual([false, false, true]);
  app.command("stop", 0);
  app.exit(second, 1);
  // Its next life has not said that it listens yet.
  expect(out()).toEqual([false, false, false, false]);
  expect(app.living.length).toBe(3);
});

test("a worker whose liveness fails is replaced first, also where reloads stop first, until a replacement serves", () => {
  const app = cluster(1, { liveness: { ...probe, graceMs: 7_000 } });
  const [worker] = app.living;
  if (!worker) throw new Error("a worker");
  app.finds(worker, "probe.failing");
  const replacement = app.children.at(-1);
  if (replacement === undefined || replacement === worker) throw new Error("no replacement");
  expect([app.living.length, worker.stopAskedAt]).toEqual([2, null]);
  // Told again meanwhile: the replacement is not replaced for it.
  app.clock.advance(300);
  app.finds(worker, "probe.failing");
  app.exit(replacement, 1);
  app.clock.advance(300);
  expect([app.ended.at(-1)?.step, worker.isAlive, worker.stopAskedAt]).toEqual([
    "failed",
    true,
    null,
  ]);
  const next = app.children.at(-1);
  if (next === undefined || next === replacement) throw new Error("no second replacement");
  app.finds(worker, "probe.failing");
  app.obey();
  expect([app.ended.at(-1)?.step, worker.isAlive, worker.graceMs]).toEqual([
    "succeeded",
    false,
    7_000,
  ]);
  expect([app.children.length, app.living]).toEqual([3, [next]]);
});
