import { expect, test } from "vitest";
import { crashing, simulate } from "../../../machines/simulation.ts";
import { unmetOf } from "../../../machines/dependencies.ts";
import type { JobPolicy, RestartPolicy } from "../../../machines/spec.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { assertRules } from "../../support/machines/rules.ts";

const plainJob: JobPolicy = { remainsAfterExit: false, runTimeoutMs: null };
const jobSpec = (job: Partial<JobPolicy> = {}, restart: Partial<RestartPolicy> = {}) =>
  appSpec({ restart: { mode: "never", ...restart, job: { ...plainJob, ...job } } });
const last = ({ facts }: SimulatedProcess) => facts.decisions.at(-1);

test("a job that exits with 0 has completed, and a start runs it again", () => {
  const job = new SimulatedProcess(jobSpec());
  expect(job.status).toBe("online");
  job.advance(5_000);
  job.exit(0);
  expect([job.status, last(job)?.rule, last(job)?.sentence]).toEqual([
    "completed",
    "hasCompleted",
    "Exited with code 0 after 5 s; it has completed, because its run succeeded (type: oneshot).",
  ]);
  job.command("start");
  expect([job.status, job.children.length]).toEqual(["online", 2]);
});

test.each([
  ["one of success_exit_codes", { successExitCodes: [3] }, 3, "completed"],
  ["one of stop_exit_codes", { stopExitCodes: [4] }, 4, "completed"],
  ["any other code", {}, 1, "failed"],
] as const)("a job that exits with %s has %4$s", (_, restart, code, status) => {
  const job = new SimulatedProcess(jobSpec({}, restart));
  job.exit(code);
  expect(job.status).toBe(status);
});

test("a job that obeys a stop signal of somebody else has not done its work", () => {
  for (const mode of ["never", "on-failure"] as const) {
    const job = new SimulatedProcess(jobSpec({}, { mode, restartDelayMs: 100 }));
    job.exit(null, "SIGTERM");
    expect(job.status).toBe(mode === "never" ? "failed" : "waiting");
  }
});

test("a stop of a running job is a stop, and no failure", () => {
  const job = new SimulatedProcess(jobSpec());
  job.command("stop");
  job.exit(null, "SIGTERM");
  expect([job.status, last(job)?.rule]).toEqual(["stopped", "wantsStop"]);
});

test("restart: on-failure runs a failed job again until it succeeds or max_restarts runs have failed", () => {
  const job = new SimulatedProcess(jobSpec({}, { mode: "on-failure", maxRestarts: 3 }));
  job.exit(1);
  job.advance(60_000);
  job.exit(1);
  expect([job.status, job.facts.restarts]).toEqual(["online", 2]);
  job.advance(60_000);
  job.exit(1);
  expect([job.status, last(job)?.rule]).toEqual(["errored", "unstableTooOften"]);
  expect(last(job)?.sentence).toContain("that was failed run 3 of 3 in a row (max_restarts)");
  job.command("start");
  job.exit(1);
  job.exit(0);
  expect([job.status, job.facts.unstableRestarts]).toEqual(["completed", 0]);
});

test("restart: on-abnormal runs it again after a signal, and not after an exit code", () => {
  const job = new SimulatedProcess(jobSpec({}, { mode: "on-abnormal" }));
  job.exit(null, "SIGSEGV");
  expect(job.status).toBe("online");
  job.exit(1);
  expect([job.status, last(job)?.rule]).toEqual(["failed", "runFailed"]);
});

test("remain_after_exit: a start leaves what has completed, a restart runs it again, a stop forgets it", () => {
  const job = new SimulatedProcess(jobSpec({ remainsAfterExit: true }));
  job.exit(0);
  job.command("start");
  expect([job.status, job.children.length]).toEqual(["completed", 1]);
  job.command("restart");
  job.exit(0);
  expect([job.status, job.children.length]).toEqual(["completed", 2]);
  job.command("stop");
  expect(job.status).toBe("stopped");
  job.command("start");
  expect([job.status, job.children.length]).toEqual(["online", 3]);
});

test("remain_after_exit: a start runs again what has failed", () => {
  const job = new SimulatedProcess(jobSpec({ remainsAfterExit: true }));
  job.exit(1);
  job.command("start");
  expect(job.status).toBe("online");
});

test("a run that takes longer than run_timeout is asked to end, then killed, and has failed", () => {
  const job = new SimulatedProcess(jobSpec({ runTimeoutMs: 5_000 }));
  job.advance(4_999);
  expect(job.status).toBe("online");
  job.advance(1);
  expect([job.status, job.facts.killAt]).toEqual(["stopping", 6_600]);
  assertRules(job);
  job.advance(1_600);
  expect(job.last.told.map(({ type }) => type)).toEqual(["stop", "kill"]);
  job.exit(null, "SIGKILL");
  expect([job.status, last(job)?.rule, last(job)?.sentence]).toEqual([
    "failed",
    "ranTooLong",
    "Ended by SIGKILL (its run took longer than run_timeout, 5 s) after 6.6 s; it has failed, because a run may take 5 s (run_timeout), and restart: never does not run it again.",
  ]);
});

test("a run that exits with 0 after its time was over has failed all the same", () => {
  const job = new SimulatedProcess(jobSpec({ runTimeoutMs: 5_000 }));
  job.advance(5_000);
  job.exit(0);
  expect(job.status).toBe("failed");
});

test("what exceeds run_timeout runs again where a failed run does", () => {
  const job = new SimulatedProcess(jobSpec({ runTimeoutMs: 5_000 }, { mode: "on-failure" }));
  job.advance(5_000);
  job.exit(null, "SIGTERM");
  expect([job.status, job.facts.restarts]).toEqual(["online", 1]);
  expect(last(job)?.sentence).toContain("its run took longer than run_timeout, 5 s");
  job.advance(4_999);
  expect(job.status).toBe("online");
});

test("the next daemon grants a run what is left of its time", () => {
  const job = new SimulatedProcess(jobSpec({ runTimeoutMs: 5_000 }));
  job.advance(3_000);
  job.restartDaemon();
  job.advance(1_999);
  expect(job.status).toBe("online");
  job.advance(1);
  expect(job.status).toBe("stopping");
  job.restartDaemon();
  expect(job.status).toBe("stopping");
  job.exit(null, "SIGTERM");
  expect([job.status, last(job)?.rule]).toEqual(["failed", "ranTooLong"]);
});

test.each(["completed", "failed"] as const)("the next daemon leaves what has %s", (status) => {
  const job = new SimulatedProcess(jobSpec());
  job.exit(status === "completed" ? 0 : 1);
  job.restartDaemon();
  expect([job.status, job.living.length]).toEqual([status, 0]);
});

test("the short form of depends_on waits for the success of a job", () => {
  const spec = appSpec({
    spec: { dependsOn: [{ app: "migrate", condition: "usual", isRequired: true }] },
  });
  const job = new SimulatedProcess({ ...jobSpec(), name: "migrate" });
  const unmet = () =>
    unmetOf(spec, [{ key: "migrate", spec: job.spec, processes: [job.facts] }], null);
  const expected = { app: "migrate", condition: "service_completed_successfully" };
  expect(unmet()).toEqual([{ ...expected, state: "still running", isLost: false }]);
  job.exit(1);
  expect(unmet()).toEqual([{ ...expected, state: "failed (exit code 1)", isLost: true }]);
  job.command("start");
  job.exit(0);
  expect(unmet()).toEqual([]);
});

test("a simulation ends the run that takes too long", () => {
  const spec = jobSpec({ runTimeoutMs: 5_000 });
  const hangs = [{ lifeMs: null, code: null, signal: null, readyMs: null }];
  const { end } = simulate({ spec, pattern: hangs, forMs: 60_000 });
  expect([end.status, end.at]).toEqual(["failed", 5_000]);
  expect(end.sentence).toBe(
    "It has failed after 5 s and 0 restarts, because a run may take 5 s (run_timeout), and restart: never does not run it again.",
  );
  const done = simulate({ spec, pattern: crashing({ everyMs: 10, code: 0 }), forMs: 60_000 });
  expect([done.end.status, done.lives]).toEqual(["completed", 1]);
});
