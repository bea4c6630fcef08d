import { expect, test } from "vitest";
import { isAtWork } from "../../../../runtime/client/connection/presence.ts";

const before = { startTicks: 5, cpuTicks: 100 };

test.each([
  ["has a processor", { startTicks: 5, cpuTicks: 100, state: "R" }, true],
  ["waits for its disk", { startTicks: 5, cpuTicks: 100, state: "D" }, true],
  ["sleeps, and has worked", { startTicks: 5, cpuTicks: 101, state: "S" }, true],
  ["sleeps, and has not worked: it hangs", { startTicks: 5, cpuTicks: 100, state: "S" }, false],
  ["is stopped", { startTicks: 5, cpuTicks: 101, state: "T" }, false],
  ["is held by a debugger", { startTicks: 5, cpuTicks: 101, state: "t" }, false],
  ["is a zombie", { startTicks: 5, cpuTicks: 101, state: "Z" }, false],
  ["is another one of the same pid", { startTicks: 6, cpuTicks: 101, state: "R" }, false],
  ["is gone", undefined, false],
])("a daemon that does not answer and %s", (_, after, expected) => {
  expect(isAtWork(before, after)).toBe(expected);
});

test("what was not there before is not at work", () => {
  expect(isAtWork(undefined, { startTicks: 5, cpuTicks: 1, state: "R" })).toBe(false);
});
