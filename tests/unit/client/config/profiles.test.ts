import { expect, test } from "vitest";
import { chosenProfiles, isInProfiles } from "../../../../runtime/client/config/profiles.ts";

test("profiles come from the flag and from XM_PROFILES", () => {
  expect(chosenProfiles("dev, test", { XM_PROFILES: "ci,," })).toEqual(["dev", "test", "ci"]);
  expect(chosenProfiles(["dev"], {})).toEqual(["dev"]);
  expect(chosenProfiles(undefined, {})).toEqual([]);
});

test.each([
  [{}, [], true],
  [{ profiles: [] }, [], true],
  [{ profiles: ["dev"] }, [], false],
  [{ profiles: ["dev", "test"] }, ["test"], true],
  [{ profiles: "dev test" }, ["test"], true],
  [{ profiles: ["dev"] }, ["test"], false],
  [{ profiles: ["dev"] }, ["*"], true],
])("%j with %j: %j", (app, chosen, expected) => {
  expect(isInProfiles(app, chosen)).toBe(expected);
});
