import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNodeVersion } from "../../../../runtime/client/config/node-version.ts";
import { testFolder } from "../../../support/folder.ts";

test("the newest installed Node of a version's beginning is found, whichever manager has it", () => {
  const { path } = testFolder();
  const env = { HOME: path, NVM_DIR: join(path, "nvm") };
  const nvm = (version: string): string => join(path, "nvm/versions/node", version, "bin/node");
  for (const version of ["v91.2.0", "v91.10.1", "v92.0.0"]) {
    mkdirSync(join(path, "nvm/versions/node", version), { recursive: true });
  }
  mkdirSync(join(path, ".volta/tools/image/node/91.11.0"), { recursive: true });
  expect(findNodeVersion("91.2", env)).toBe(nvm("v91.2.0"));
  expect(findNodeVersion("v91.10", env)).toBe(nvm("v91.10.1"));
  expect(findNodeVersion("91", env)).toBe(join(path, ".volta/tools/image/node/91.11.0/bin/node"));
  expect(findNodeVersion("9", env)).toBeUndefined();
  expect(findNodeVersion(process.version, env)).toBe(process.execPath);
});
