import type { AnyStateNode } from "xstate";
import { expect, test } from "vitest";
import { processMachine } from "../../machines/process.ts";
import type { ProcessEvent, Resume } from "../../machines/process-events.ts";
import type { Hooks, HookSpec } from "../../machines/hooks.ts";
import type { Membership } from "../../machines/group-spec.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { Probes, ProbeSpec } from "../../machines/probes.ts";
import { rules } from "../../machines/restart-policy.ts";
import { pathsFor, play } from "../support/machines/paths.ts";
import { SimulatedProcess, transitionKey } from "../support/machines/simulated-process.ts";
import { appSpec } from "../support/machines/spec.ts";
import { assertRules } from "../support/machines/rules.ts";

const probe: ProbeSpec = {
  check: { kind: "tcp", host: "127.0.0.1", port: 1 },
  initialDelayMs: 0,
  periodMs: 100,
  timeoutMs: 100,
  successThreshold: 1,
  failureThreshold: 3,
};
const probes: Probes = { startup: probe, readiness: null, liveness: probe };

const hook: HookSpec = { command: "true", timeoutMs: 1_000, mayFail: false };
const hooks: Hooks = { pre_start: hook, post_start: hook, pre_stop: hook, post_stop: hook };

const group: Membership = {
  groups: [
    {
      name: "g",
      strategy: "one_for_all",
      maxRestarts: 1,
      restartWindowMs: 1_000,
      autoShutdown: "never",
      namespace: null,
      order: 0,
      isSignificant: false,
    },
  ],
  order: 0,
  isSignificant: false,
};

/** Declarations that between them make every guard of the chart both true and false. */
const specs: Readonly<Record<string, AppSpec>> = {
  "PM2's defaults": appSpec({ restart: { maxRestarts: 3 } }),
  "ready by message": appSpec({ policy: { readiness: "message" } }),
  "declared only": appSpec({ spec: { autostart: false } }),
  "a delay and a window": appSpec({
    restart: { maxRestarts: 1, restartDelayMs: 100, restartWindowMs: 1e9 },
  }),
  "a backoff": appSpec({
    restart: {
      backoff: { initialMs: 100, factor: 2, maxMs: 1_000, jitter: 0.5, resetAfterMs: 30_000 },
    },
  }),
  "a scheduled job": appSpec({ restart: { mode: "never" }, sensors: { cron: "* * * * *" } }),
  "a job that waits for its time": appSpec({
    spec: { autostart: false },
    sensors: { cron: "* * * * *" },
  }),
  "on-failure": appSpec({ restart: { mode: "on-failure" }, sensors: { maxMemoryBytes: 1 } }),
  "on-abnormal": appSpec({ restart: { mode: "on-abnormal" } }),
  "on probation": appSpec({ restart: { onProbation: true } }),
  "depends on another": appSpec({
    spec: { dependsOn: [{ app: "db", condition: "healthy", isRequired: true }] },
  }),
  "with probes": appSpec({ policy: { readiness: "probe", probes } }),
  "a stop code": appSpec({ restart: { stopExitCodes: [1] } }),
  "a job": appSpec({
    restart: { mode: "never", job: { remainsAfterExit: false, runTimeoutMs: null } },
  }),
  "a job that runs again after a failure": appSpec({
    restart: {
      mode: "on-abnormal",
      maxRestarts: 2,
      job: { remainsAfterExit: true, runTimeoutMs: 1_000 },
    },
  }),
  "a job with a schedule": appSpec({
    spec: { autostart: false },
    restart: { mode: "never", job: { remainsAfterExit: false, runTimeoutMs: null } },
    sensors: {
      schedule: {
        cron: "0 3 * * *",
        timezone: null,
        everyMs: null,
        concurrency: "forbid",
        startingDeadlineMs: 60_000,
        catchesUp: false,
        jitterMs: 0,
      },
    },
  }),
  "of a group": appSpec({
    spec: { group },
    restart: { maxRestarts: 2 },
  }),
  "of a group, with a delay": appSpec({ spec: { group }, restart: { restartDelayMs: 100 } }),
  "of a group, after another": appSpec({
    spec: { group, dependsOn: [{ app: "db", condition: "healthy", isRequired: true }] },
  }),
  "a job of a group": appSpec({
    spec: { group },
    restart: {
      mode: "on-abnormal",
      maxRestarts: 2,
      job: { remainsAfterExit: false, runTimeoutMs: null },
    },
  }),
  "with hooks": appSpec({ spec: { hooks }, restart: { maxRestarts: 1 } }),
  "with a hook, after another": appSpec({
    spec: {
      hooks: { pre_start: hook },
      dependsOn: [{ app: "db", condition: "healthy", isRequired: true }],
    },
    restart: { mode: "never" },
  }),
  "a job with a limit": appSpec({
    restart: { mode: "never", job: { remainsAfterExit: true, runTimeoutMs: 1_000 } },
  }),
};

test.each(Object.entries(specs))("every path of %s keeps the rules", (_, spec) => {
  expect(playAll(spec).paths).toBeGreaterThan(10);
});

test("the paths take every transition of the process machine", () => {
  const taken = new Set<string>();
  for (const spec of Object.values(specs)) {
    for (const key of playAll(spec).taken) taken.add(key);
    for (const process of resumed(spec)) for (const key of process.taken) taken.add(key);
  }
  for (const process of atOtherMoments()) for (const key of process.taken) taken.add(key);

  const missing = allTransitions(processMachine.root).filter((key) => !taken.has(key));
  expect(missing).toEqual([]);
}, 240_000);

test("the chart asks the rules of the policy in the policy's order", () => {
  const asked = processMachine.root.states["exited"]?.always?.map(({ guard }) => guard);
  expect(asked).toEqual([...rules.slice(0, -1).map(({ rule }) => rule), "asksItsGroup", undefined]);
});

interface Played {
  readonly paths: number;
  readonly taken: ReadonlySet<string>;
}

const played = new Map<AppSpec, Played>();

/** Plays every path of a declaration, once for all tests, and asserts the rules. */
function playAll(spec: AppSpec): Played {
  const before = played.get(spec);
  if (before !== undefined) return before;
  const paths = pathsFor(spec);
  const taken = new Set(paths.flatMap((path) => [...replay(spec, path).taken]));
  const now = { paths: paths.length, taken };
  played.set(spec, now);
  return now;
}

/** Plays a path on the simulated operating system and asserts the rules at its end: what leads there is a path too. */
function replay(spec: AppSpec, events: readonly ProcessEvent[]): SimulatedProcess {
  const process = new SimulatedProcess(spec);
  for (const [index, event] of events.entries()) {
    // A path spells out the spawn that the simulated system does by itself.
    process.spawns = nextSpawn(events[index + 1]);
    play(process, event);
  }
  assertRules(process);
  return process;
}

function nextSpawn(next: ProcessEvent | undefined): SimulatedProcess["spawns"] {
  if (next?.type !== "child.failed") return "works";
  return next.transient ? "fails for now" : "fails";
}

/** The first step of a daemon that follows another, from every state. */
function resumed(spec: AppSpec): SimulatedProcess[] {
  const alive = new SimulatedProcess(spec);
  if (alive.status === "stopped") alive.command("start");
  const { facts } = alive;
  const resumes: Resume[] = [
    { facts, child: "alive", at: 1 },
    { facts, child: "gone", at: 1 },
    { facts, child: "none", at: 1 },
    { facts: { ...facts, status: "starting" }, child: "alive", at: 1 },
    { facts: { ...facts, status: "stopping", goal: "stop", killAt: 100 }, child: "alive", at: 1 },
    { facts: { ...facts, status: "waiting", child: null, restartAt: 100 }, child: "none", at: 1 },
    { facts: { ...facts, status: "pending", held: true, child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "errored", child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "stopped", child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "completed", child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "failed", child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "stopping", goal: "remove", child: null }, child: "none", at: 1 },
    { facts: { ...facts, status: "stopping", goal: "stop", child: null }, child: "none", at: 1 },
    ...(["pre_start", "post_stop"] as const).flatMap((name) =>
      [null, { at: 0, code: 0, why: null }].map((end): Resume => {
        const status = name === "pre_start" ? "starting" : "stopping";
        const hook = { name, run: name, at: 0, end };
        return { facts: { ...facts, status, child: null, hook }, child: "none", at: 1 };
      }),
    ),
  ];
  return resumes.map((resume) => {
    const process = new SimulatedProcess(spec, resume);
    assertRules(process);
    return process;
  });
}

/** Faults of the ports, facts at moments no path has, and lives longer than a path's. */
function atOtherMoments(): SimulatedProcess[] {
  const source = new SimulatedProcess(appSpec({ spec: { autostart: false } }));
  source.spawns = "breaks";
  source.command("start");
  expect([source.status, source.facts.failure?.code]).toEqual(["errored", "ERR_INTERNAL"]);
  const sensors = new SimulatedProcess(
    appSpec({ spec: { autostart: false }, sensors: { maxMemoryBytes: 1 } }),
  );
  sensors.sensorsBreak = true;
  sensors.command("start");
  expect(sensors.status).toBe("online");
  const owned = new SimulatedProcess(appSpec({ sensors: { maxMemoryBytes: 1 } }), null, true);
  owned.trip("the memory limit", "memory");
  expect([owned.status, owned.reports.at(-1)]).toEqual([
    "online",
    {
      type: "process.tripped",
      at: 0,
      id: 0,
      generation: 0,
      by: "the memory limit",
      sensor: "memory",
    },
  ]);
  const late = new SimulatedProcess(appSpec({ spec: { autostart: false } }));
  late.actor.send({ type: "schedule.fired", at: 0, dueAt: 1 });
  late.actor.send({ type: "schedule.skipped", at: 0, by: "its schedule" });
  expect([late.facts.firedAt, late.facts.decisions.at(-1)?.rule]).toEqual([1, "skipsRun"]);
  late.actor.send({ type: "child.ready", at: 0 });
  late.actor.send({ type: "sensor.tripped", at: 0, by: "a sensor" });
  late.actor.send({ type: "configure", at: 0, spec: appSpec() });
  const stopping = new SimulatedProcess(appSpec({ sensors: { maxMemoryBytes: 1 } }));
  stopping.command("stop");
  stopping.actor.send({ type: "sensor.tripped", at: 0, by: "a sensor" });
  expect(stopping.status).toBe("stopping");
  stopping.actor.send({
    type: "child.failed",
    at: 0,
    failure: { at: 0, code: "EPERM", message: "no" },
    transient: false,
  });
  expect(stopping.status).toBe("stopped");
  const slow = new SimulatedProcess(appSpec({ restart: { maxRestarts: 1, restartWindowMs: 1e9 } }));
  for (const status of ["online", "errored"]) {
    slow.advance(5_000);
    slow.exit(1);
    expect(slow.status).toBe(status);
  }
  const draining = new SimulatedProcess(appSpec({ policy: { killTimeoutMs: 1_600 } }));
  draining.actor.send({ type: "remove", at: 0, by: "a test", graceMs: 10_000 });
  draining.signalled();
  draining.advance(1_600);
  expect(draining.last.told.map(({ type }) => type)).toEqual(["stop", "kill"]);
  const needy = appSpec({
    spec: { dependsOn: [{ app: "db", condition: "healthy", isRequired: true }] },
  });
  const pending = new SimulatedProcess(needy);
  pending.hears("unmet");
  pending.actor.send({ type: "configure", at: 0, spec: appSpec() });
  expect(pending.status).toBe("online");
  pending.actor.send({ type: "dependencies.met", at: 0 });
  expect(pending.unexpected).toEqual(["dependencies.met"]);
  const blind = new SimulatedProcess({ ...needy, autostart: false });
  blind.dependenciesBreak = true;
  blind.command("start");
  expect([blind.status, blind.facts.failure?.code]).toEqual(["errored", "ERR_INTERNAL"]);
  const probed = appSpec({
    policy: { probes: { startup: null, readiness: probe, liveness: probe } },
  });
  const found = ["probe.ready", "probe.unready", "probe.passing", "probe.failing"] as const;
  const worker = new SimulatedProcess({ ...probed, mode: "cluster" }, null, true);
  worker.finds("probe.failing");
  expect([worker.status, worker.facts.health, worker.reports.at(-1)]).toEqual([
    "online",
    "unhealthy",
    expect.objectContaining({ type: "process.tripped", sensor: "liveness" }),
  ]);
  worker.finds("probe.unready");
  for (const order of ["traffic.leave", "traffic.enter", "traffic.leave"] as const)
    worker.shares(order);
  worker.finds("probe.unready");
  expect([worker.facts.outOfTraffic, worker.traffic]).toEqual([true, [false, true, false]]);
  worker.restartDaemon();
  expect(worker.facts.outOfTraffic).toBe(true);
  worker.finds("probe.ready");
  worker.shares("traffic.enter");
  expect([worker.facts.outOfTraffic, worker.traffic]).toEqual([
    undefined,
    [false, true, false, false, true],
  ]);
  const proud = new SimulatedProcess({
    ...probed,
    policy: { ...probed.policy, restart: { ...probed.policy.restart, mode: "never" } },
  });
  for (const type of found) proud.finds(type);
  expect([proud.status, proud.facts.health]).toEqual(["online", "unhealthy"]);
  const stubborn = new SimulatedProcess(
    appSpec({ policy: { readiness: "probe", probes }, restart: { mode: "never" } }),
  );
  stubborn.runOut();
  stubborn.exit(0);
  expect(stubborn.facts.decisions.at(-1)?.rule).toBe("neverStarted");
  const unseen = new SimulatedProcess({ ...probed, autostart: false });
  unseen.sensorsBreak = true;
  unseen.command("start");
  for (const type of found) unseen.actor.send({ type, at: 0, why: "a test" } as ProcessEvent);
  unseen.command("stop");
  for (const type of found) unseen.actor.send({ type, at: 0, why: "a test" } as ProcessEvent);
  for (const type of ["child.unstarted", "child.elsewhere"] as const) {
    unseen.actor.send({ type, at: 0, why: "a test" });
  }
  expect(unseen.unexpected.slice(-4)).toEqual([...found]);
  const bound = new SimulatedProcess({
    ...needy,
    dependsOn: [{ app: "db", condition: "healthy", isRequired: true, onLoss: "stop" }],
  });
  bound.hears("met");
  bound.follows("bond.restart");
  bound.actor.send({ type: "bond.stop", at: 0, by: "the end of db" });
  bound.exit(0);
  bound.hears("met");
  bound.follows("bond.stop");
  bound.exit(0);
  expect([bound.status, bound.children.length]).toEqual(["stopped", 2]);
  bound.actor.send({ type: "bond.stop", at: 0, by: "the end of db" });
  expect(bound.unexpected).toEqual(["bond.stop"]);
  const unbound = new SimulatedProcess({ ...bound.spec, autostart: false });
  unbound.bondsBreak = true;
  unbound.command("start");
  unbound.hears("met");
  expect([unbound.status, unbound.unexpected]).toEqual(["online", []]);
  expect(unbound.actor.getSnapshot().context.troubles).toEqual({
    bonds: "Error: the bonds are broken",
  });
  const hooked = appSpec({ spec: { autostart: false, hooks } });
  const broken = (["pre_start", "post_start", "pre_stop", "post_stop"] as const).map((name) => {
    const each = new SimulatedProcess({ ...hooked, hooks: { [name]: hook } });
    each.hooksBreak = true;
    each.command("start");
    if (name !== "pre_start") {
      each.command("stop");
      each.exit(0);
    }
    return each;
  });
  expect(broken.map(({ status }) => status)).toEqual(["errored", "stopped", "stopped", "stopped"]);
  const ended = new SimulatedProcess({ ...hooked, hooks: { post_start: hook } });
  ended.command("start");
  ended.actor.send({ type: "hook.begun", at: 0, name: "pre_start", run: "late" });
  ended.command("stop");
  ended.exit(0);
  ended.actor.send({ type: "hook.begun", at: 0, name: "pre_start", run: "late" });
  expect(ended.unexpected).toEqual(["hook.begun"]);
  const taken = (["hold", "end"] as const).map((after) => {
    const each = new SimulatedProcess({ ...hooked, group });
    each.command("start");
    each.actor.send({ type: "group.stop", at: 0, group: "g", after, why: "a test" });
    each.actor.send({ type: "group.stop", at: 0, group: "g", after, why: "a test" });
    each.hookEnds();
    return each;
  });
  expect(taken.map(({ status }) => status)).toEqual(["pending", "errored"]);
  return [
    ...broken,
    ...taken,
    ended,
    worker,
    bound,
    unbound,
    proud,
    stubborn,
    unseen,
    pending,
    blind,
    source,
    sensors,
    owned,
    late,
    stopping,
    slow,
    draining,
  ];
}

function allTransitions(node: AnyStateNode): string[] {
  const own = [...node.transitions.values()].flat().concat(node.always ?? []);
  return [...own.map(transitionKey), ...Object.values(node.states).flatMap(allTransitions)];
}
