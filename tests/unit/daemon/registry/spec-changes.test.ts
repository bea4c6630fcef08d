import { expect, test } from "vitest";
import { changedSettings } from "../../../../runtime/daemon/registry/spec-changes.ts";
import { appSpec } from "../../../support/machines/spec.ts";

test("a changed setting is named once, whatever form of it is kept for scripts", () => {
  const before = appSpec({
    spec: { env: { PORT: "1", A: "1" }, passthrough: { env: { PORT: 1 }, port: 1, vizion: true } },
  });
  const after = appSpec({
    spec: {
      env: { PORT: "2", A: "1" },
      passthrough: { env: { PORT: 2 }, port: 2, vizion: false },
      instances: 3,
    },
  });
  expect(changedSettings(before, after)).toEqual(["instances", "vizion", "env.PORT"]);
  expect(changedSettings(before, before)).toEqual([]);
});
