import { expect, test } from "vitest";
import { unmetOf } from "../../../machines/dependencies.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";

test("a declared process is online once it is spawned", () => {
  const process = new SimulatedProcess(appSpec());
  expect(process.value).toEqual({
    alive: { online: { bonds: "free", hooks: "done", uptime: "fresh", sensors: "off" } },
  });
});

test("an app declared with autostart: false is stopped until it is started", () => {
  const process = new SimulatedProcess(appSpec({ spec: { autostart: false } }));
  expect([process.status, process.children.length]).toEqual(["stopped", 0]);
  process.command("start");
  expect([process.status, process.children.length]).toEqual(["online", 1]);
});

test("a process that says when it is ready is launching until then", () => {
  const process = new SimulatedProcess(appSpec({ policy: { readiness: "message" } }));
  expect(process.status).toBe("starting");
  process.ready();
  expect(process.status).toBe("online");
});

test("a process that does not say ready in time is online all the same", () => {
  const process = new SimulatedProcess(
    appSpec({ policy: { readiness: "message", listenTimeoutMs: 500 } }),
  );
  process.advance(499);
  expect(process.status).toBe("starting");
  process.advance(1);
  expect(process.status).toBe("online");
  process.ready();
  expect(process.unexpected).toEqual([]);
});

test("a child that is spawned late has the whole of listen_timeout, and nothing is online without one", () => {
  const process = new SimulatedProcess(
    appSpec({ spec: { autostart: false }, policy: { readiness: "message", listenTimeoutMs: 500 } }),
  );
  process.spawns = "slowly";
  process.command("start");
  process.advance(2_000);
  expect(process.facts).toMatchObject({ status: "starting", child: null });
  process.spawned();
  process.advance(499);
  expect(process.status).toBe("starting");
  process.advance(1);
  expect(process.facts).toMatchObject({ status: "online", child: process.last.fact });
  expect(process.unexpected).toEqual([]);
});

test("the Nth unstable exit in a row is errored, and N - 1 restarts are shown", () => {
  const process = new SimulatedProcess(appSpec({ restart: { maxRestarts: 3 } }));
  for (let exits = 0; exits < 3; exits += 1) process.exit(1);
  expect(process.facts).toMatchObject({ status: "errored", restarts: 2, unstableRestarts: 3 });
});

test("a life of min_uptime ends the row of unstable exits", () => {
  const process = new SimulatedProcess(appSpec({ restart: { maxRestarts: 3 } }));
  process.exit(1);
  process.exit(1);
  process.advance(1_000);
  expect(process.facts.unstableRestarts).toBe(0);
  process.exit(1);
  process.exit(1);
  expect(process.status).toBe("online");
});

test("an app that crashes slowly for ever is given up by its restart window", () => {
  const restart = { maxRestarts: 3, restartWindowMs: 3_600_000 };
  const process = new SimulatedProcess(appSpec({ restart }));
  for (let crash = 0; crash < 3; crash += 1) {
    process.advance(600_000);
    process.exit(1);
    expect(process.status).toBe("online");
  }
  process.advance(600_000);
  process.exit(1);
  expect(process.status).toBe("errored");
  expect(process.facts.decisions.at(-1)?.rule).toBe("restartsTooOften");
});

test("restarts outside the restart window do not count", () => {
  const process = new SimulatedProcess(
    appSpec({ restart: { maxRestarts: 3, restartWindowMs: 3_600_000 } }),
  );
  for (let crash = 0; crash < 10; crash += 1) {
    process.advance(1_500_000);
    process.exit(1);
  }
  expect(process.status).toBe("online");
});

test("a backoff waits longer from restart to restart, and a long life brings it back", () => {
  const backoff = { initialMs: 100, factor: 1.5, maxMs: 15_000, jitter: 0, resetAfterMs: 30_000 };
  const process = new SimulatedProcess(appSpec({ restart: { backoff } }));
  const waits: number[] = [];
  for (let crash = 0; crash < 4; crash += 1) {
    process.exit(1);
    waits.push((process.facts.restartAt ?? 0) - process.clock.now());
    process.advance(waits.at(-1) ?? 0);
  }
  expect(waits).toEqual([100, 150, 225, 337]);
  process.advance(30_000);
  process.exit(1);
  expect(process.facts.backoffMs).toBe(100);
});

test("a stopping process gets one signal, and SIGKILL at the end of its grace period", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("stop");
  process.advance(1_599);
  expect(process.last.told).toEqual([{ type: "stop", at: 0 }]);
  process.advance(1);
  expect(process.last.told).toEqual([
    { type: "stop", at: 0 },
    { type: "kill", at: 1_600 },
  ]);
  process.exit(null, "SIGKILL");
  expect(process.status).toBe("stopped");
});

test("a second stop never postpones SIGKILL", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("stop");
  process.advance(1_000);
  process.command("stop");
  process.advance(600);
  expect(process.last.told).toEqual([
    { type: "stop", at: 0 },
    { type: "kill", at: 1_600 },
  ]);
});

test("a stop is not undone by the exit that follows it", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("restart");
  process.command("stop");
  process.exit(0);
  expect(process.status).toBe("stopped");
  process.advance(100_000);
  expect([process.status, process.children.length]).toEqual(["stopped", 1]);
});

test("a restart while it stops starts it again when it is down", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("stop");
  process.command("restart");
  process.exit(0);
  expect([process.status, process.living.length]).toEqual(["online", 1]);
});

test("nothing brings a process back that is being removed", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("remove");
  for (const command of ["start", "restart", "stop"] as const) process.command(command);
  process.exit(0);
  expect([process.status, process.actor.getSnapshot().status]).toEqual(["removed", "done"]);
});

test("a restart of a running process counts, begins its counters anew and says who asked", () => {
  const process = new SimulatedProcess(appSpec());
  process.exit(1);
  process.advance(10);
  process.command("restart");
  process.exit(0);
  expect(process.facts).toMatchObject({
    status: "online",
    restarts: 2,
    unstableRestarts: 0,
    createdAt: 10,
  });
  expect(process.facts.decisions.at(-1)?.sentence).toBe(
    "Exited with code 0 (a test) after 10 ms; it starts again at once, because a test asked for a restart.",
  );
});

test("a program that cannot be spawned is errored at once, with the reason and without a retry", () => {
  const spec = appSpec({ spec: { autostart: false } });
  const process = new SimulatedProcess(spec);
  process.spawns = "fails";
  process.command("start");
  expect(process.facts).toMatchObject({
    status: "errored",
    restarts: 0,
    failure: { code: "ENOENT" },
  });
  expect(process.facts.decisions.at(-1)?.sentence).toBe(
    "Could not be spawned; it is marked errored, because it cannot be started: it does not exist.",
  );
});

test("what the machine may have more of in a moment is tried until it has, and never counted", () => {
  const spec = appSpec({
    spec: { autostart: false },
    restart: { maxRestarts: 3, restartWindowMs: 3_600_000 },
  });
  const process = new SimulatedProcess(spec);
  process.spawns = "fails for now";
  process.command("start");
  for (let tries = 0; tries < 100; tries += 1) {
    expect(process.status).toBe("waiting");
    expect(process.facts.decisions.at(-1)).toMatchObject({
      rule: "lacksResources",
      saw: { failure: "ENOENT", mayTryAgain: true },
    });
    process.advance(2_000);
  }
  process.spawns = "works";
  process.advance(2_000);
  const { status, restarts, unstableRestarts } = process.facts;
  expect([status, restarts, unstableRestarts]).toEqual(["online", 0, 0]);
});

test("an app that is never restarted is started once the machine can", () => {
  const process = new SimulatedProcess(appSpec({ restart: { mode: "never" } }));
  process.spawns = "fails for now";
  process.command("restart");
  process.exit(0);
  expect(process.status).toBe("waiting");
  process.spawns = "works";
  process.advance(2_000);
  expect(process.status).toBe("online");
});

test.each([
  ["always", { code: 0 }, "online"],
  ["always", { signal: "SIGSEGV" }, "online"],
  ["on-failure", { code: 0 }, "stopped"],
  ["on-failure", { signal: "SIGTERM" }, "stopped"],
  ["on-failure", { code: 1 }, "online"],
  ["on-failure", { signal: "SIGSEGV" }, "online"],
  ["on-abnormal", { code: 1 }, "stopped"],
  ["on-abnormal", { code: 0 }, "stopped"],
  ["on-abnormal", { signal: "SIGSEGV" }, "online"],
  ["never", { code: 1 }, "stopped"],
] as const)("restart: %s after %o leaves it %s", (mode, end, status) => {
  const process = new SimulatedProcess(appSpec({ restart: { mode } }));
  const { code = null, signal = null } = end as { code?: number; signal?: string };
  process.exit(code, signal);
  expect(process.status).toBe(status);
});

test("an exit code of stop_exit_codes leaves it stopped", () => {
  const process = new SimulatedProcess(appSpec({ restart: { stopExitCodes: [0, 3] } }));
  process.exit(3);
  expect([process.status, process.facts.decisions.at(-1)?.rule]).toEqual([
    "stopped",
    "isStopExitCode",
  ]);
});

test("a tripped sensor restarts it, and the decision names the sensor", () => {
  const process = new SimulatedProcess(appSpec({ sensors: { maxMemoryBytes: 1 } }));
  process.trip("the memory limit of 1 MB (it used 2 MB)");
  expect(process.status).toBe("stopping");
  process.exit(0);
  expect(process.facts).toMatchObject({ status: "online", restarts: 1 });
  expect(process.facts.decisions.at(-1)?.sentence).toContain(
    "the memory limit of 1 MB (it used 2 MB) asked for a restart",
  );
});

test("a process with an app leaves it to the app when its memory limit restarts it", () => {
  const process = new SimulatedProcess(appSpec({ sensors: { maxMemoryBytes: 1 } }), null, true);
  process.trip("the memory limit", "memory");
  expect([process.status, process.reports.at(-1)]).toEqual([
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
});

test("a fact that cannot happen in a state is reported", () => {
  const process = new SimulatedProcess(appSpec({ spec: { autostart: false } }));
  process.actor.send({ type: "child.exited", at: 0, code: 0, signal: null });
  expect([process.status, process.unexpected]).toEqual(["stopped", ["child.exited"]]);
});

test("the next daemon adopts a living child: same pid, same counters, no second spawn", () => {
  const process = new SimulatedProcess(appSpec());
  process.exit(1);
  const before = process.facts;
  process.restartDaemon({ afterMs: 60_000 });
  expect(process.facts).toEqual(before);
  expect([process.children.length, process.last.told]).toEqual([2, []]);
});

test("the next daemon waits the rest of a wait and not the whole", () => {
  const process = new SimulatedProcess(appSpec({ restart: { restartDelayMs: 10_000 } }));
  process.exit(1);
  process.advance(4_000);
  process.restartDaemon({ afterMs: 3_000 });
  process.advance(2_999);
  expect([process.status, process.children.length]).toEqual(["waiting", 1]);
  process.advance(1);
  expect([process.status, process.children.length]).toEqual(["online", 2]);
});

test("the next daemon grants the rest of a grace period, and sends no second signal", () => {
  const process = new SimulatedProcess(appSpec({ policy: { killTimeoutMs: 10_000 } }));
  process.command("stop");
  process.advance(4_000);
  process.restartDaemon({ afterMs: 1_000 });
  process.advance(5_000);
  expect(process.last.told).toEqual([
    { type: "stop", at: 0 },
    { type: "kill", at: 10_000 },
  ]);
});

test("an end that nobody saw is judged by the next daemon", () => {
  const process = new SimulatedProcess(appSpec());
  process.restartDaemon({ afterMs: 10, childEnds: true });
  expect(process.facts).toMatchObject({ status: "online", restarts: 1, unstableRestarts: 1 });
  expect(process.facts.lastExit).toMatchObject({ code: null, signal: null });
});

test.each(["stopped", "errored"] as const)(
  "a process that was %s is so for the next daemon",
  (status) => {
    const process = new SimulatedProcess(appSpec({ restart: { maxRestarts: 1 } }));
    if (status === "stopped") process.command("stop");
    process.exit(1);
    process.restartDaemon();
    expect([process.status, process.living.length]).toEqual([status, 0]);
  },
);

test("a job that ended by itself is not run again by a daemon's restart", () => {
  const process = new SimulatedProcess(appSpec({ restart: { mode: "never" } }));
  process.exit(0);
  process.restartDaemon();
  expect([process.status, process.children.length]).toEqual(["stopped", 1]);
});

test.each([-2 * 86_400_000, -40 * 86_400_000, -1])(
  "a wait is no longer than its policy says, though the next daemon's clock is %i ms behind",
  (afterMs) => {
    const process = new SimulatedProcess(appSpec({ restart: { restartDelayMs: 5_000 } }));
    process.exit(1);
    process.restartDaemon({ afterMs });
    expect(process.status).toBe("waiting");
    process.advance(4_999);
    expect(process.status).toBe("waiting");
    process.advance(2);
    expect(process.status).toBe("online");
  },
);

test("a grace period is no longer than its policy says, though the next daemon's clock is behind", () => {
  const process = new SimulatedProcess(
    appSpec({ policy: { killTimeoutMs: 1_600, drainTimeoutMs: 0 } }),
  );
  process.command("stop");
  process.restartDaemon({ afterMs: -86_400_000 });
  process.advance(1_599);
  expect(process.last.told.map(({ type }) => type)).not.toContain("kill");
  process.advance(1);
  expect(process.last.told.map(({ type }) => type)).toContain("kill");
});

test("an old process has time to drain, and kill_timeout once it has its signal", () => {
  const process = new SimulatedProcess(appSpec({ policy: { killTimeoutMs: 1_600 } }));
  process.actor.send({ type: "remove", at: 0, by: "a test", graceMs: 10_000 });
  process.advance(2_000);
  expect(process.last.told).toEqual([{ type: "stop", at: 0 }]);
  process.signalled();
  expect(process.facts.killAt).toBe(3_600);
  process.advance(1_599);
  expect(process.last.told.length).toBe(1);
  process.advance(1);
  expect(process.last.told[1]).toEqual({ type: "kill", at: 3_600 });

  const stopped = new SimulatedProcess(appSpec({ policy: { killTimeoutMs: 1_600 } }));
  stopped.command("stop");
  stopped.advance(1_000);
  stopped.signalled();
  stopped.advance(600);
  expect(stopped.last.told[1]).toEqual({ type: "kill", at: 1_600 });
  expect([process.unexpected, stopped.unexpected]).toEqual([[], []]);
});

test.each([
  [undefined, 15_000],
  [true, 3_000],
])(
  "a start is waited for three times as long as the one before took, unless the file says a time (%s)",
  (isGiven, waitedMs) => {
    const policy = { readiness: "listening" as const, listenTimeoutMs: 3_000 };
    const spec = appSpec({ policy: { ...policy, listenTimeoutIsGiven: isGiven } });
    const process = new SimulatedProcess(spec);
    process.advance(2_900);
    expect(process.status).toBe("starting");
    process.advance(100);
    expect([process.status, process.facts.readiness]).toEqual(["online", "late"]);
    process.advance(2_000);
    process.ready();
    expect([process.facts.readiness, process.facts.readyMs]).toEqual(["ready", 5_000]);
    process.command("restart");
    process.exit(0);
    process.advance(waitedMs - 1);
    expect(process.status).toBe("starting");
    process.advance(1);
    expect([process.status, process.facts.readiness]).toEqual(["online", "late"]);
  },
);

test("the end of a process that was being stopped when the daemon died was asked for", () => {
  const process = new SimulatedProcess(appSpec());
  process.command("stop");
  process.restartDaemon();
  process.exit(0);
  expect(process.status).toBe("stopped");
  expect(process.facts.lastExit?.askedBy).toBe("a command");
});

test("a code of success_exit_codes is a clean end, and a success for what waits for it", () => {
  const spec = appSpec({ restart: { mode: "on-failure", successExitCodes: [3] } });
  const process = new SimulatedProcess(spec);
  process.exit(4);
  process.exit(3);
  expect([process.status, process.facts.decisions.at(-1)?.rule]).toEqual([
    "stopped",
    "endedCleanly",
  ]);
  const waiting = appSpec({
    spec: { dependsOn: [{ app: "app", condition: "succeeded", isRequired: true }] },
  });
  const unmet = (restart: typeof spec) =>
    unmetOf(waiting, [{ key: "app", spec: restart, processes: [process.facts] }], null);
  expect([unmet(spec), unmet(appSpec()).length]).toEqual([[], 1]);
});

test("sensors that break leave the reason, until the next life has them again", () => {
  const process = new SimulatedProcess(
    appSpec({ spec: { autostart: false }, sensors: { maxMemoryBytes: 1 } }),
  );
  process.sensorsBreak = true;
  process.command("start");
  const troubles = () => process.actor.getSnapshot().context.troubles;
  expect([process.status, process.unexpected]).toEqual(["online", []]);
  expect(troubles()).toEqual({ sensors: "Error: the sensors are broken" });
  process.sensorsBreak = false;
  process.command("restart");
  process.exit(0);
  expect([process.status, troubles()]).toEqual(["online", {}]);
});
