import { expect, test } from "vitest";
import { loadEcosystem } from "../../../../runtime/client/config/load.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import type { RawApp } from "../../../../runtime/contract/fields/raw-app.ts";
import { testFolder } from "../../../support/folder.ts";

async function sensorsOf(fields: RawApp) {
  const { path, put } = testFolder();
  put("app.js", "");
  const [spec] = await normalizeApps([{ script: "app.js", ...fields }], {
    home: homePaths("/home/xm"),
    base: path,
    caller: { PATH: path },
    source: "apps.json",
  });
  if (spec === undefined) throw new Error("nothing came of it");
  return { path, ...spec.sensors };
}

const usual = { pollMs: null, depth: null, followSymlinks: true };

test("a RegExp of a configuration file is the same after it", async () => {
  const text =
    "module.exports = { apps: [{ script: 'a.js', ignore_watch: [/\\.log$/i, 'logs'] }] };";
  const { apps } = await loadEcosystem(testFolder().put("ecosystem.config.cjs", text));
  const fromFile = apps[0]?.["ignore_watch"];
  const expected = [{ regexp: "\\.log$", flags: "i" }, "logs"];
  expect((await sensorsOf({ watch: true, ignore_watch: fromFile })).watch?.ignore).toEqual(
    expected,
  );
  expect(
    (await sensorsOf({ watch: true, ignore_watch: [/\.log$/i, "logs"] })).watch?.ignore,
  ).toEqual(expected);
});

test("watched paths need not be there, and are absolute; a list of nothing is the folder", async () => {
  const { path, watch } = await sensorsOf({ watch: ["later", "src/**/*.ts", "!src/deep"] });
  expect(watch).toEqual({
    paths: [`${path}/later`, `${path}/src/**/*.ts`, `!${path}/src/deep`],
    ignore: ["node_modules", ".*"],
    delayMs: 0,
    options: usual,
  });
  const empty = await sensorsOf({ watch: [] });
  expect(empty.watch?.paths).toEqual([empty.path]);
});

test("watch_options has the words of chokidar", async () => {
  const watch_options = { usePolling: true, interval: 500, depth: 2, followSymlinks: false };
  expect((await sensorsOf({ watch: true, watch_options })).watch?.options).toEqual({
    pollMs: 500,
    depth: 2,
    followSymlinks: false,
  });
  const more = { ignored: /tmp/, awaitWriteFinish: { stabilityThreshold: 300 }, persistent: true };
  expect((await sensorsOf({ watch: true, watch_options: more })).watch).toMatchObject({
    ignore: [{ regexp: "tmp", flags: "" }],
    delayMs: 300,
    options: usual,
  });
});

test("a time zone stands in its field or before the pattern, which wins", async () => {
  const cron_restart = "TZ=Asia/Tokyo 0 3 * * *";
  expect(await sensorsOf({ cron_restart, cron_timezone: "Europe/Berlin" })).toMatchObject({
    cron: "0 3 * * *",
    cronTimezone: "Asia/Tokyo",
  });
  expect(await sensorsOf({ cron_restart: "0/6 * * * *", cron_timezone: "UTC" })).toMatchObject({
    cron: "0/6 * * * *",
    cronTimezone: "UTC",
  });
  await expect(sensorsOf({ cron_restart: "0 3 * * *", cron_timezone: "Mars" })).rejects.toThrow(
    'apps[0].cron_timezone: expected a time zone such as "Europe/Berlin", got "Mars"',
  );
  await expect(sensorsOf({ cron_restart: "TZ=Mars 0 3 * * *" })).rejects.toThrow(
    'apps[0].cron_restart: expected a time zone such as "Europe/Berlin", got "Mars"',
  );
});

test.each([0, "0", "0M"])("max_memory_restart: %j is no limit", async (max_memory_restart) => {
  expect((await sensorsOf({ max_memory_restart })).maxMemoryBytes).toBe(null);
});
