import { expect, test } from "vitest";
import { startFlags } from "../../../../cli/apps/start-flags.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { parts, patchSpec } from "../../../../runtime/client/config/patch.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { testFolder } from "../../../support/folder.ts";
import type { RawApp } from "../../../../runtime/contract/fields/raw-app.ts";

/** Flags that say something of a start alone. */
const ofAStart: readonly string[] = ["instances", "filter_env"];

test("every field that a flag of start sets has its place in a specification", () => {
  const missing = startFlags
    .map(({ field }) => field)
    .filter((field) => parts[field] === undefined && !ofAStart.includes(field));
  expect(missing).toEqual([]);
});

test("what is said changes, and nothing else", async () => {
  const folder = testFolder();
  folder.put("app.js", "");
  const context = {
    home: homePaths("/home/xm"),
    base: folder.path,
    caller: { PATH: process.env["PATH"], SHOUT: "not this" },
    source: "here",
  };
  const declare = async (raw: RawApp) => {
    const [spec] = await normalizeApps([raw], context);
    if (spec === undefined) throw new Error("nothing came of it");
    return spec;
  };
  const spec = await declare({
    script: "app.js",
    args: ["a"],
    max_restarts: 7,
    min_uptime: 500,
    instances: 3,
    watch: ["."],
    watch_delay: 10,
    env: { OWN: "1" },
  });
  const { SHOUT: _, ...env } = spec.env;
  const declared = { ...spec, env };

  const patched = await patchSpec(
    declared,
    { max_restarts: "16", name: "other", args: ["b"], ignore_watch: "logs", instances: "9" },
    context,
  );

  expect(patched).toEqual({
    ...declared,
    name: "other",
    args: ["b"],
    policy: { ...declared.policy, restart: { ...declared.policy.restart, maxRestarts: 16 } },
    sensors: { ...declared.sensors, watch: { ...declared.sensors.watch, ignore: ["logs"] } },
  });
  await expect(patchSpec(declared, { kill_timeout: "soon" }, context)).rejects.toThrow(
    "kill_timeout: expected ms",
  );
});
