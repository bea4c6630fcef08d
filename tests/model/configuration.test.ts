import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { appSpecSchema } from "../../runtime/contract/api/spec-schema.ts";
import { parseEcosystem } from "../../runtime/client/config/load.ts";
import { normalizeApps } from "../../runtime/client/config/normalize.ts";
import { XmError } from "../../runtime/contract/errors.ts";
import { homePaths } from "../../runtime/host/home/paths.ts";
import { testFolder } from "../support/folder.ts";
import { configurationText } from "../support/fuzz.ts";

/** Reproducible: a failure prints its seed and the smallest file that still fails. */
const fuzz = {
  seed: Number(process.env["XM_FUZZ_SEED"] ?? 20_260_101),
  numRuns: Number(process.env["XM_FUZZ_RUNS"] ?? 2_000),
};

test("whatever a configuration holds, it is refused with words or makes apps that the daemon takes", async () => {
  const folder = testFolder();
  folder.put("app.js", "");
  folder.put("run.sh", "", 0o755);
  const context = {
    home: homePaths("/home/xm"),
    base: folder.path,
    caller: { PATH: process.env["PATH"], HOME: folder.path },
    source: "fuzzed",
    environment: "production",
  };
  let taken = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(configurationText, async (text) => {
      try {
        const apps = await normalizeApps((await parseEcosystem(text, "fuzzed")).apps, context);
        for (const app of apps) v.parse(appSpecSchema, JSON.parse(JSON.stringify(app)));
        taken += 1;
      } catch (error) {
        if (!(error instanceof XmError)) throw error;
        expect(error.message).toMatch(/\S/);
        expect(error.fix).toMatch(/\S/);
        expect(error.code).not.toBe("ERR_INTERNAL");
        refused += 1;
      }
    }),
    fuzz,
  );
  // Both happen often, or the files would prove nothing.
  expect(Math.min(taken, refused)).toBeGreaterThan(fuzz.numRuns / 20);
}, 240_000);
