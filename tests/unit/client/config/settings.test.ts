import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  flatSettings,
  getSetting,
  keyPath,
  settingsEnvironment,
  withoutSetting,
  withSetting,
} from "../../../../runtime/client/config/settings.ts";
import { changeSettings, readSettings } from "../../../../runtime/client/config/settings-file.ts";
import { testFolder } from "../../../support/folder.ts";

test("a key is split at points and colons, and what would reach a prototype is refused", () => {
  expect(keyPath("api.port")).toEqual(["api", "port"]);
  expect(keyPath("api:pool.size")).toEqual(["api", "pool", "size"]);
  for (const bad of ["", "api.", ":port", "__proto__.x", "api.constructor"]) {
    expect(() => keyPath(bad), bad).toThrow(expect.objectContaining({ code: "ERR_USAGE" }));
  }
});

test("settings are set, found and removed by key, and an empty group goes with its last", () => {
  const one = withSetting({}, ["api", "port"], "80");
  const two = withSetting(one, ["api", "host"], "::");
  expect(two).toEqual({ api: { port: "80", host: "::" } });
  expect(getSetting(two, ["api", "port"])).toBe("80");
  expect(getSetting(two, ["api"])).toEqual({ port: "80", host: "::" });
  expect(getSetting(two, ["api", "port", "x"])).toBeUndefined();
  expect(getSetting(two, ["toString"])).toBeUndefined();
  expect(withoutSetting(two, ["api", "host"])).toEqual(one);
  expect(withoutSetting(one, ["api", "port"])).toEqual({});
  expect(withoutSetting(two, ["nope", "x"])).toEqual(two);
  expect(withSetting({ api: "text" }, ["api", "port"], "80")).toEqual({ api: { port: "80" } });
  expect(flatSettings({ ...two, z: "3" })).toEqual([
    ["api:port", "80"],
    ["api:host", "::"],
    ["z", "3"],
  ]);
});

test("an app gets a variable for each of its settings, and one of its name that has all", () => {
  const settings = { api: { port: "80", pool: { size: "4" } }, other: { x: "1" } };
  expect(settingsEnvironment(settings, "api")).toEqual({
    port: "80",
    pool: '{"size":"4"}',
    api: '{"port":"80","pool":{"size":"4"}}',
  });
  expect(settingsEnvironment(settings, "nope")).toEqual({});
});

test("the file is its owner's alone, and one that cannot be read is an error and never replaced", () => {
  const folder = testFolder();
  const file = join(folder.path, "home", "module_conf.json");
  expect(readSettings(file)).toEqual({});
  changeSettings(file, () => ({ api: { port: "80" } }));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readSettings(file)).toEqual({ api: { port: "80" } });
  for (const damaged of ["{", "[]", '{"__proto__":{}}']) {
    const broken = folder.put("broken.json", damaged);
    expect(() => readSettings(broken), damaged).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_UNREADABLE" }),
    );
    expect(() => changeSettings(broken, () => ({})), damaged).toThrow();
    expect(readFileSync(broken, "utf8")).toBe(damaged);
  }
});

test("a lock that a killed call has left is taken away, and none is left", () => {
  const folder = testFolder();
  const file = join(folder.path, "module_conf.json");
  const left = folder.put("module_conf.json.lock", "");
  utimesSync(left, 0, 0);
  expect(changeSettings(file, () => ({ a: "1" }))).toEqual({ a: "1" });
  expect(readdirSync(folder.path)).toEqual(["module_conf.json"]);
});

test("settings nested beyond reason, and a pipe in their place, are refused at once", async () => {
  const folder = testFolder();
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  expect(flatSettings(readSettings(folder.put("flat.json", nested(90))))).toHaveLength(1);
  for (const levels of [101, 50_000]) {
    const file = folder.put(`deep-${levels}.json`, nested(levels));
    expect(() => readSettings(file), String(levels)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_UNREADABLE" }),
    );
  }
  const steps = (count: number): string => Array.from({ length: count }, () => "a").join(".");
  expect(keyPath(steps(90))).toHaveLength(90);
  expect(() => keyPath(steps(91))).toThrow("a key has at most 90 steps, and this one has 91");
  const pipe = join(folder.path, "pipe.json");
  execFileSync("mkfifo", [pipe]);
  expect(() => readSettings(pipe)).toThrow(
    expect.objectContaining({ code: "ERR_CONFIG_UNREADABLE" }),
  );
});
