import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deleted, started, stopped } from "../../../../runtime/daemon/commands/outcomes.ts";
import { settled, type Settled } from "../../../../runtime/daemon/commands/settled.ts";
import { SimulatedProcess } from "../../../support/machines/simulated-process.ts";
import { appSpec } from "../../../support/machines/spec.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const waitsForReady = appSpec({ policy: { readiness: "message" } });

/** What a wait has come to, once it has. */
function watched(wait: Promise<Settled>): { end: Settled | undefined } {
  const seen: { end: Settled | undefined } = { end: undefined };
  void wait.then((end) => {
    seen.end = end;
  });
  return seen;
}

const start = (process: SimulatedProcess): ReturnType<typeof watched> => {
  const { facts } = process;
  process.command("restart");
  return watched(settled(process.actor, ["starting", "stopping"], facts));
};

test("the first life that ends unready ends the wait, whatever the policy makes of it", async () => {
  const process = new SimulatedProcess(waitsForReady);
  process.ready();
  const wait = start(process);
  // The old life's end is what the restart is about.
  process.exit(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(wait.end).toBeUndefined();
  process.exit(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(wait.end?.how).toBe("ended");
  expect(started(wait.end as Settled, "restarted")).toMatchObject({
    ok: false,
    kind: "failed",
    message: expect.stringMatching(/^ended before it was ready: exited with code 3/),
  });
});

test("a stop or a deletion by another command ends it, and its words name what was done", async () => {
  for (const [command, words] of [
    ["stop", "a test stopped it before it was ready"],
    ["remove", "another command deleted it before it was ready"],
  ] as const) {
    const process = new SimulatedProcess(waitsForReady);
    const wait = watched(settled(process.actor, ["starting", "stopping"], process.facts));
    process.command(command);
    process.exit(0);
    await vi.advanceTimersByTimeAsync(1);
    const result = started(wait.end as Settled, "started");
    expect(result).toMatchObject({ ok: false, kind: "overtaken", message: words });
  }
});

test("a child that outlives every deadline ends it", async () => {
  const process = new SimulatedProcess(waitsForReady);
  const { facts } = process;
  process.command("stop");
  const wait = watched(settled(process.actor, ["stopping"], facts));
  process.advance(waitsForReady.policy.killTimeoutMs + 9_000);
  await vi.advanceTimersByTimeAsync(1);
  expect(wait.end).toBeUndefined();
  process.advance(2_000);
  await vi.advanceTimersByTimeAsync(1);
  expect(wait.end?.how).toBe("overdue");
  for (const result of [stopped(facts, wait.end as Settled), deleted(wait.end as Settled)]) {
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining("does not end") });
  }
});

test("a wait ends, whatever happens", async () => {
  const step = fc.constantFrom(
    "exit 0",
    "exit 1",
    "ready",
    "stop",
    "start",
    "restart",
    "remove",
    "wait",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const process = new SimulatedProcess(waitsForReady);
      const wait = start(process);
      for (const each of steps) {
        if (process.actor.getSnapshot().status !== "active") break;
        if (each === "wait") process.advance(500);
        else if (each === "ready") process.ready();
        else if (!each.startsWith("exit")) process.command(each as "stop");
        else if (process.living.length > 0) process.exit(Number(each.slice(5)));
        await vi.advanceTimersByTimeAsync(1);
      }
      process.advance(10 * 60_000);
      await vi.advanceTimersByTimeAsync(1);
      expect(wait.end).toBeDefined();
    }),
    { numRuns: 200 },
  );
});
