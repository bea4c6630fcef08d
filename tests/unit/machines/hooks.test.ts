import { describe, expect, test } from "vitest";
import type { Hooks, HookSpec } from "../../../machines/hooks.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { simulate, crashing } from "../../../machines/simulation.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { appSpec } from "../../support/machines/spec.ts";

const hook: HookSpec = { command: "true", timeoutMs: 1_000, mayFail: false };

const withHooks = (hooks: Hooks, more: Parameters<typeof appSpec>[0] = {}): AppSpec =>
  appSpec({ ...more, spec: { ...more.spec, hooks } });

const last = (process: SimulatedProcess) => process.facts.decisions.at(-1);

describe("pre_start", () => {
  test("nothing is spawned before it has succeeded, and it runs before each life", () => {
    const process = new SimulatedProcess(withHooks({ pre_start: hook }));
    expect([process.value, process.status, process.children.length]).toEqual([
      "preparing",
      "starting",
      0,
    ]);
    process.hookEnds();
    expect([process.status, process.facts.hook]).toEqual(["online", undefined]);
    process.exit(1);
    expect([process.value, process.children.length]).toEqual(["preparing", 1]);
    process.hookEnds();
    expect([process.status, process.children.length]).toEqual(["online", 2]);
  });

  test("its failure is a failed start: counted, and with a reason", () => {
    const process = new SimulatedProcess(
      withHooks({ pre_start: hook }, { restart: { maxRestarts: 2, restartDelayMs: 100 } }),
    );
    process.hookEnds("exit code 3: no database");
    expect([process.status, last(process)?.rule, last(process)?.sentence]).toEqual([
      "waiting",
      "delaysRestart",
      "Could not be prepared (its pre_start hook failed: exit code 3: no database); it starts again in 100 ms, because restart_delay is set.",
    ]);
    expect(process.facts.lastExit?.verdict).toEqual({
      probe: "preStart",
      why: "exit code 3: no database",
    });
    process.advance(100);
    process.hookEnds("exit code 3");
    expect([process.status, last(process)?.rule, process.children.length]).toEqual([
      "errored",
      "unstableTooOften",
      0,
    ]);
    // A later success clears the row.
    process.command("restart");
    process.hookEnds();
    expect([process.status, process.facts.unstableRestarts]).toEqual(["online", 0]);
  });

  test("one that is never restarted is given up, by a rule of its own", () => {
    const process = new SimulatedProcess(
      withHooks({ pre_start: hook }, { restart: { mode: "never" } }),
    );
    process.hookEnds("exit code 1");
    expect([process.status, last(process)?.rule, last(process)?.saw]).toEqual([
      "errored",
      "wasNotPrepared",
      { failedProbe: "preStart", restart: "never" },
    ]);
  });

  test("one that may fail leaves a decision record and starts the app", () => {
    const process = new SimulatedProcess(withHooks({ pre_start: { ...hook, mayFail: true } }));
    process.hookEnds("exit code 1");
    expect([process.status, last(process)?.sentence]).toEqual([
      "online",
      "Its pre_start hook failed (exit code 1), which changes nothing (on_failure: ignore).",
    ]);
  });

  test.each([
    ["stop", "stopped"],
    ["remove", "removed"],
  ] as const)("a %s ends it at once", (command, status) => {
    const process = new SimulatedProcess(withHooks({ pre_start: hook }));
    process.command(command);
    expect([process.status, process.hookRuns, process.hook]).toEqual([
      status,
      ["pre_start begun", "pre_start over"],
      undefined,
    ]);
    expect(last(process)?.sentence).toMatch(/^Its pre_start hook was ended \(a test\); /);
  });

  test("a restart runs it again, and a start lets it run", () => {
    const process = new SimulatedProcess(withHooks({ pre_start: hook }));
    process.command("start");
    expect(process.hookRuns).toEqual(["pre_start begun"]);
    process.command("restart");
    expect(process.hookRuns).toEqual(["pre_start begun", "pre_start over", "pre_start begun"]);
    process.hookEnds();
    expect([process.status, process.facts.restarts]).toEqual(["online", 0]);
  });

  test("the next daemon continues it, and does not run it twice for one life", () => {
    const process = new SimulatedProcess(withHooks({ pre_start: hook }));
    process.restartDaemon();
    expect(process.hookRuns).toEqual(["pre_start begun", "pre_start adopted"]);
    process.spawns = "slowly";
    process.hookEnds();
    expect(process.facts.hook?.end?.why).toBeNull();
    // It died after the run, before anything was spawned.
    process.restartDaemon();
    process.spawned();
    expect([process.status, process.hookRuns, process.facts.hook]).toEqual([
      "online",
      ["pre_start begun", "pre_start adopted", "pre_start over"],
      undefined,
    ]);
  });

  test("what it depends on is waited for first, and not again by the next daemon", () => {
    const dependsOn = [{ app: "db", condition: "healthy" as const, isRequired: true }];
    const process = new SimulatedProcess(withHooks({ pre_start: hook }, { spec: { dependsOn } }));
    expect([process.status, process.hook]).toEqual(["pending", undefined]);
    process.hears("met");
    expect(process.hook).toBe("pre_start");
    process.restartDaemon();
    expect(process.value).toBe("preparing");
  });

  test("a replacement whose pre_start fails fails its reload", () => {
    const process = new SimulatedProcess(
      withHooks({ pre_start: hook }, { restart: { onProbation: true } }),
      null,
      true,
    );
    process.hookEnds("exit code 1");
    expect([process.status, process.reports.at(-2)]).toMatchObject([
      "stopped",
      {
        type: "process.ended",
        reason: "Could not be prepared (its pre_start hook failed: exit code 1)",
      },
    ]);
  });
});

describe("post_start", () => {
  test("runs once the app serves, which nothing waits for", () => {
    const process = new SimulatedProcess(
      withHooks({ post_start: hook }, { policy: { readiness: "message" } }),
    );
    expect([process.status, process.hook]).toEqual(["starting", undefined]);
    process.ready();
    expect([process.status, process.hook]).toEqual(["online", "post_start"]);
    process.hookEnds();
    process.restartDaemon();
    expect([process.status, process.hook, process.hookRuns]).toEqual([
      "online",
      undefined,
      ["post_start begun", "post_start over"],
    ]);
  });

  test("its failure ends the life, which counts as unstable however long it was", () => {
    const process = new SimulatedProcess(withHooks({ post_start: hook }));
    process.advance(5_000);
    process.hookEnds("no end within 1 s");
    expect([process.status, process.last.told]).toEqual([
      "stopping",
      [{ type: "stop", at: 5_000 }],
    ]);
    process.exit(null, "SIGINT");
    expect([process.facts.unstableRestarts, last(process)?.sentence.split(";")[0]]).toEqual([
      1,
      "Ended by SIGINT (its post_start hook failed: no end within 1 s) after 5 s",
    ]);
  });

  test("the next daemon adopts one that runs", () => {
    const process = new SimulatedProcess(withHooks({ post_start: hook }));
    process.restartDaemon();
    expect(process.hookRuns).toEqual(["post_start begun", "post_start adopted"]);
  });
});

describe("pre_stop", () => {
  test("runs before the stop signal, and the grace period begins with that", () => {
    const process = new SimulatedProcess(
      withHooks({ pre_stop: hook }, { policy: { killTimeoutMs: 1_600 } }),
    );
    process.command("stop");
    expect([process.status, process.hook, process.last.told]).toEqual(["stopping", "pre_stop", []]);
    process.advance(900);
    process.command("stop");
    process.hookEnds();
    expect([process.last.told, process.facts.killAt]).toEqual([[{ type: "stop", at: 900 }], 2_500]);
    process.advance(1_600);
    expect(process.last.told.at(-1)).toEqual({ type: "kill", at: 2_500 });
  });

  test("one that fails stops nothing from stopping, and is recorded", () => {
    const process = new SimulatedProcess(withHooks({ pre_stop: hook }));
    process.command("stop");
    process.hookEnds("exit code 1");
    expect([process.last.told.length, last(process)?.sentence]).toEqual([
      1,
      "Its pre_stop hook failed (exit code 1), which changes nothing (it is stopped all the same).",
    ]);
  });

  test("an app that ends meanwhile ends the run", () => {
    const process = new SimulatedProcess(withHooks({ pre_stop: hook }));
    process.command("stop");
    process.exit(0);
    expect([process.status, process.hookRuns]).toEqual([
      "stopped",
      ["pre_stop begun", "pre_stop over"],
    ]);
  });

  test("a crash, or the end of its balancer, runs none", () => {
    const process = new SimulatedProcess(withHooks({ pre_stop: hook }));
    process.exit(1);
    process.lose("the end of its balancer");
    expect([process.hookRuns, process.last.told.length]).toEqual([[], 1]);
  });

  test("the next daemon adopts it, signals once, and grants the whole grace period", () => {
    const process = new SimulatedProcess(
      withHooks({ pre_stop: hook }, { policy: { killTimeoutMs: 1_600 } }),
    );
    process.command("stop");
    process.restartDaemon({ afterMs: 5_000 });
    expect([process.hook, process.last.told]).toEqual(["pre_stop", []]);
    process.hookEnds();
    expect([process.last.told, process.facts.killAt]).toEqual([
      [{ type: "stop", at: 5_000 }],
      6_600,
    ]);
    process.restartDaemon();
    expect([process.hook, process.hookRuns]).toEqual([
      undefined,
      ["pre_stop begun", "pre_stop adopted", "pre_stop over"],
    ]);
  });
});

describe("post_stop", () => {
  test.each([0, 1])("runs after exit %i, before the next life", (code) => {
    const process = new SimulatedProcess(withHooks({ post_stop: hook }));
    process.exit(code);
    expect([process.status, process.facts.child, process.hook, process.children.length]).toEqual([
      "stopping",
      null,
      "post_stop",
      1,
    ]);
    process.hookEnds();
    expect([process.status, process.children.length]).toEqual(["online", 2]);
  });

  test("commands that come meanwhile decide what follows", () => {
    const process = new SimulatedProcess(withHooks({ post_stop: hook }));
    process.exit(1);
    process.command("stop");
    expect(process.status).toBe("stopping");
    process.command("restart");
    process.command("stop");
    process.hookEnds();
    expect([process.status, process.hookRuns]).toEqual([
      "stopped",
      ["post_stop begun", "post_stop over"],
    ]);
  });

  test("follows a pre_start that was ended or has failed, so that it can clear up", () => {
    const process = new SimulatedProcess(withHooks({ pre_start: hook, post_stop: hook }));
    process.command("stop");
    expect([process.status, process.hook]).toEqual(["stopping", "post_stop"]);
    process.hookEnds();
    expect(process.status).toBe("stopped");
  });

  test("its failure makes a clean exit a failed one, as in systemd", () => {
    const process = new SimulatedProcess(
      withHooks({ post_stop: hook }, { restart: { mode: "on-failure" } }),
    );
    process.exit(0);
    process.hookEnds("exit code 1");
    expect([process.status, last(process)?.sentence.split(";")[0]]).toEqual([
      "online",
      "Exited with code 0 (its post_stop hook failed: exit code 1) after 0 ms",
    ]);
  });

  test("the next daemon continues it and then decides", () => {
    const process = new SimulatedProcess(
      withHooks({ post_stop: hook }, { restart: { restartDelayMs: 100 } }),
    );
    process.exit(1);
    process.restartDaemon({ afterMs: 50 });
    expect(process.hookRuns).toEqual(["post_stop begun", "post_stop adopted"]);
    process.hookEnds();
    expect([process.status, process.facts.restartAt, process.facts.unstableRestarts]).toEqual([
      "waiting",
      150,
      1,
    ]);
  });

  test("a life that ended while no daemon watched has one, too", () => {
    const process = new SimulatedProcess(withHooks({ post_stop: hook }));
    process.restartDaemon({ childEnds: true });
    expect(process.hook).toBe("post_stop");
  });
});

test("simulate plays hooks that fail", () => {
  const spec = withHooks({ pre_start: hook }, { restart: { maxRestarts: 3 } });
  const pattern = crashing({ everyMs: 0, crashes: 0 });
  const { end, lives } = simulate({ spec, pattern, forMs: 1_000, failingHooks: ["pre_start"] });
  expect([end.status, lives]).toEqual(["errored", 0]);
  expect(simulate({ spec, pattern, forMs: 1_000 }).end.status).toBe("online");
});
