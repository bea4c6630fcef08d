import { expect, test } from "vitest";
import { createCustomMetrics } from "../../../../runtime/daemon/metrics/custom.ts";

const said = (type: string, data: unknown) => ({ type: "message", data: { type, data } }) as const;

test("of an app's metrics only those are kept that are metrics", () => {
  const custom = createCustomMetrics();
  const good = { value: "12ms", type: "internal", unit: "ms", historic: true };
  custom.hear(
    "life",
    said("axm:monitor", {
      good,
      unset: { value: null },
      half: { value: 0.5 },
      "a null": null,
      "a text": "12ms",
      "no value": {},
      "a value of its own kind": { value: { deep: [1] } },
      "a unit that is none": { value: 1, unit: {} },
      long: { value: "x".repeat(100_000) },
      "a list": [],
    }),
  );
  expect(custom.metrics("life")).toEqual({ good, unset: { value: null }, half: { value: 0.5 } });
});

test.each([null, "texts", 7, true])("metrics that are %j are none", (data) => {
  const custom = createCustomMetrics();
  custom.hear("life", said("axm:monitor", data));
  expect(custom.metrics("life")).toEqual({});
});

test("of what an app offers to be asked only actions are kept", () => {
  const custom = createCustomMetrics();
  for (const action of [
    { action_name: "flush", arity: 0 },
    { action_name: 7 },
    { action_name: "" },
    { action_name: "x".repeat(100_000) },
    { action_name: "odd", arity: "many" },
    { action_name: "typed", action_type: {} },
    [],
  ]) {
    custom.hear("life", said("axm:action", action));
  }
  expect(custom.actions("life")).toEqual([{ action_name: "flush", arity: 0 }]);
});
