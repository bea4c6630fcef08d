import { expect, test } from "vitest";
import { matchNamed } from "../../../../runtime/client/targets/match.ts";
import { matcherOf } from "../../../../runtime/client/targets/pattern.ts";

test("a pattern is held against names, each anew", () => {
  expect(matcherOf("/^api-/gi")?.(["api-1", "API-2", "web"])).toEqual([true, true, false]);
  expect(matcherOf("api")).toBeUndefined();
});

test("what is no pattern is told, unless it is a path", () => {
  expect(() => matcherOf("/(/")).toThrow("/(/ is not a regular expression");
  expect(() => matcherOf("/a/z")).toThrow("/a/z is not a regular expression");
  expect(matcherOf("/tmp/")).toBeDefined();
});

test("a pattern that would take for ever is ended, and named", () => {
  const list = [{ id: 0, name: `${"a".repeat(40)}!`, namespace: "default", script: null }];
  expect(() => matchNamed(list as never, "/(a+)+$/")).toThrow("/(a+)+$/ takes more than 1000 ms");
});
