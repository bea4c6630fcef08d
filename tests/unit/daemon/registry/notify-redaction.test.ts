import { expect, test } from "vitest";
import { jsonWithoutEnvironment } from "../../../../runtime/daemon/registry/redaction.ts";

test("over TCP the targets of notify are hidden, and nothing else of a rule", () => {
  const rule = { on: ["crash"], after: 1, minIntervalMs: 0, digest: false };
  const target = { kind: "webhook", url: "https://hooks.example/s3cret", headers: { a: "b" } };
  const shown = jsonWithoutEnvironment({ spec: { name: "api", notify: [{ ...rule, target }] } });
  expect(JSON.parse(shown)).toEqual({
    spec: { name: "api", notify: [{ ...rule, target: "[hidden]" }] },
  });
});
