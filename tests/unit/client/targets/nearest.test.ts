import { expect, test } from "vitest";
import { nearest } from "../../../../runtime/client/targets/nearest.ts";

test.each<[string, string | undefined]>([
  ["biling", "billing"],
  ["strat", "start"],
  ["tow", "two"],
  ["max-restart", "max-restarts"],
  // What has nothing of a known word was not meant to be it.
  ["nobody", undefined],
  ["x", undefined],
  ["", undefined],
])("%s was meant to be %s", (word, expected) => {
  expect(nearest(word, ["billing", "start", "two", "max-restarts", "api"])).toBe(expected);
});

test("where nothing is known, nothing was meant", () => {
  expect(nearest("api", [])).toBeUndefined();
});
