import { expect, test } from "vitest";
import {
  isEcosystemFile,
  loadEcosystem,
  parseEcosystem,
} from "../../../runtime/client/config/load.ts";
import { parseDuration, parseSize } from "../../../runtime/contract/fields/units.ts";
import { testFolder } from "../../support/folder.ts";

test.each([
  ["a.json", '{ // comment\n apps: [{ script: "a.js" }] }'],
  ["a.json5", "[{ script: 'a.js' }]"],
  ["a.yaml", "apps:\n  - script: a.js\n"],
  ["a.yml", "script: a.js\n"],
  ["ecosystem.config.js", "module.exports = { apps: [{ script: 'a.js' }] };"],
  ["ecosystem.config.cjs", "module.exports = { script: 'a.js' };"],
  ["ecosystem.config.mjs", "export default { pm2: [{ script: 'a.js' }] };"],
  ["package.json", '{ "name": "x", "pm2": { "script": "a.js" } }'],
])("%s is read", async (name, text) => {
  const file = testFolder().put(name, text);
  expect(isEcosystemFile(file)).toBe(true);
  expect(await loadEcosystem(file)).toEqual([{ script: "a.js" }]);
});

test("text on stdin is JSON or YAML", async () => {
  expect(await parseEcosystem('{"script": "a.js"}', "stdin")).toEqual([{ script: "a.js" }]);
  expect(await parseEcosystem("script: a.js\n", "stdin")).toEqual([{ script: "a.js" }]);
});

test.each(["a.js", "server.mjs", "run.sh", "tool"])(
  "%s is a program and no configuration",
  (name) => {
    expect(isEcosystemFile(name)).toBe(false);
  },
);

test.each(['{"__proto__": {"script": "a.js"}}', '{"script": "a.js", "env": {"constructor": "x"}}'])(
  "a key that reaches a prototype is refused: %s",
  async (text) => {
    const file = testFolder().put("a.json", text);
    await expect(loadEcosystem(file)).rejects.toMatchObject({ code: "ERR_CONFIG_UNREADABLE" });
  },
);

test("a file that is missing or broken is named, with the reason", async () => {
  const { put, path } = testFolder();
  await expect(loadEcosystem(`${path}/none.json`)).rejects.toThrow(
    `${path}/none.json cannot be read: it does not exist`,
  );
  await expect(loadEcosystem(put("a.yaml", "a: [1"))).rejects.toThrow(
    /a\.yaml cannot be read: .*line 1/s,
  );
});

test.each([
  [500, 500],
  ["500", 500],
  ["10s", 10_000],
  ["1.5s", 1_500],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["250ms", 250],
  ["soon", undefined],
  [-1, undefined],
  ["", undefined],
])("the time %o is %o ms", (value, ms) => {
  expect(parseDuration(value)).toBe(ms);
});

test.each([
  [1024, 1024],
  ["300K", 307_200],
  ["300M", 314_572_800],
  ["1G", 2 ** 30],
  ["300Q", undefined],
  ["M", undefined],
])("the size %o is %o bytes", (value, bytes) => {
  expect(parseSize(value)).toBe(bytes);
});
