import fc from "fast-check";
import { expect, test } from "vitest";
import { drawFrom, nextBackoff } from "../../../machines/lib/backoff.ts";
import { addRestart, countRestarts } from "../../../machines/lib/intensity.ts";
import { duration } from "../../../machines/lib/words.ts";
import { decide, rules } from "../../../machines/restart-policy.ts";
import { appSpec } from "../../support/machines/spec.ts";

const backoff = { initialMs: 100, factor: 1.5, maxMs: 15_000, jitter: 0, resetAfterMs: 30_000 };

test("PM2's backoff: ×1.5 rounded down, at most 15 s", () => {
  const waits = [0];
  while (waits.length < 16) waits.push(nextBackoff(backoff, waits.at(-1) ?? 0, 0).waitMs);
  expect(waits.slice(1)).toEqual([
    100, 150, 225, 337, 505, 757, 1135, 1702, 2553, 3829, 5743, 8614, 12921, 15_000, 15_000,
  ]);
});

test("jitter takes from a wait and never adds to it, and the waits without it grow as ever", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer(),
      (previous, jitter, seed) => {
        const plain = nextBackoff(backoff, previous, 0);
        const { baseMs, waitMs } = nextBackoff({ ...backoff, jitter }, previous, drawFrom(seed));
        expect(baseMs).toBe(plain.baseMs);
        expect(waitMs).toBeLessThanOrEqual(baseMs);
        expect(waitMs).toBeGreaterThanOrEqual(Math.floor(baseMs * (1 - jitter)));
        expect(baseMs).toBeLessThanOrEqual(backoff.maxMs);
      },
    ),
  );
});

test("a draw depends on its seed alone and lies in [0, 1)", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const draw = drawFrom(seed);
      expect(drawFrom(seed)).toBe(draw);
      expect(draw >= 0 && draw < 1).toBe(true);
    }),
  );
});

test("the restart window slides: only restarts younger than it count", () => {
  const times = addRestart(addRestart(addRestart([], 0, 100), 50, 100), 120, 100);
  expect(times).toEqual([50, 120]);
  expect(countRestarts([0, 50, 120], 149, 100)).toBe(2);
});

test("restarts of a clock that was set back count", () => {
  expect(countRestarts([1_000], 0, 100)).toBe(1);
});

test("exactly one rule decides, whatever it looks at", () => {
  const judged = fc.record({
    policy: fc.record({
      mode: fc.constantFrom("always", "on-failure", "on-abnormal", "never"),
      minUptimeMs: fc.constant(1_000),
      maxRestarts: fc.integer({ min: 0, max: 5 }),
      restartWindowMs: fc.constantFrom(0, 1_000),
      restartDelayMs: fc.constantFrom(0, 100),
      backoff: fc.constantFrom(null, backoff),
      stopExitCodes: fc.constantFrom([], [1]),
    }),
    goal: fc.constantFrom("run", "restart", "stop", "remove"),
    exit: fc.record({
      at: fc.integer({ min: 0, max: 5_000 }),
      code: fc.constantFrom(null, 0, 1),
      signal: fc.constantFrom(null, "SIGINT", "SIGSEGV"),
      uptimeMs: fc.nat(5_000),
      askedBy: fc.constantFrom(null, "`xm stop`"),
    }),
    failure: fc.constantFrom(null, { at: 0, code: "ENOENT", message: "gone", transient: false }),
    unstableRestarts: fc.nat(6),
    restartTimes: fc.array(fc.nat(5_000), { maxLength: 6 }),
    backoffMs: fc.nat(20_000),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(judged, (each) => {
      const { decision } = decide(each, each.exit.at);
      const first = rules.find(({ applies }) => applies(each as Parameters<typeof decide>[0]));
      expect(decision.rule).toBe(first?.rule);
      expect(decision.sentence).toMatch(/^[A-Z].*; it .*, because .*\.$/s);
      expect(decision.delayMs > 0).toBe(decision.next === "wait" && decision.delayMs > 0);
    }),
  );
});

test.each([
  [999, "999 ms"],
  [1_500, "1.5 s"],
  [60_000, "1 min"],
  [3_725_000, "1 h 2 min"],
  [90_000_000, "1 d 1 h"],
])("%d ms is told as %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("a decision says how it ended, what follows and why, in one sentence", () => {
  const { restart } = appSpec({ restart: { maxRestarts: 3 } }).policy;
  const { decision } = decide(
    {
      policy: restart,
      goal: "run",
      exit: { at: 5, code: null, signal: "SIGSEGV", uptimeMs: 5, askedBy: null },
      failure: null,
      unstableRestarts: 3,
      restartTimes: [],
      backoffMs: 0,
      seed: 0,
    },
    5,
  );
  expect(decision).toEqual({
    at: 5,
    rule: "unstableTooOften",
    next: "give up",
    exit: { at: 5, code: null, signal: "SIGSEGV", uptimeMs: 5, askedBy: null },
    saw: { unstableRestarts: 3, maxRestarts: 3, minUptimeMs: 1_000 },
    delayMs: 0,
    sentence:
      "Ended by SIGSEGV after 5 ms; it is marked errored, because that was unstable exit 3 of 3 in a row (each life shorter than min_uptime, 1 s).",
  });
});
