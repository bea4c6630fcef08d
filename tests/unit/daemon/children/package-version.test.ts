import { join } from "node:path";
import { expect, test } from "vitest";
import { packageVersion } from "../../../../runtime/daemon/children/package-version.ts";
import { testFolder } from "../../../support/folder.ts";

test("the version is that of the nearest package above the script, as it is now", () => {
  const { path, put } = testFolder();
  put("package.json", '{ "version": "1.0.0" }');
  put("api/package.json", '{ "version": "2.0.0" }');
  const versions = (): unknown[] =>
    ["app.js", "lib/deep/app.js", "api/app.js", "api/src/app.js"].map((script) =>
      packageVersion(join(path, script)),
    );
  expect(versions()).toEqual(["1.0.0", "1.0.0", "2.0.0", "2.0.0"]);
  put("api/package.json", '{ "version": "2.0.1" }');
  expect(versions()).toEqual(["1.0.0", "1.0.0", "2.0.1", "2.0.1"]);
});

test.each(['{ "name": "api" }', '{ "version": 3 }', '{ "versi', ""])(
  "a package that says %j says no version",
  (text) => {
    const { path, put } = testFolder();
    put("package.json", '{ "version": "1.0.0" }');
    put("api/package.json", text);
    expect(packageVersion(join(path, "api/app.js"))).toBeUndefined();
  },
);

test("a script without a package, or that is not there at all, has no version", () => {
  expect(packageVersion("/nowhere/at/all.js")).toBeUndefined();
});
