import { expect, test } from "vitest";
import {
  isEcosystemFile,
  loadEcosystem,
  parseEcosystem,
} from "../../../../runtime/client/config/load.ts";
import { parseDuration, parseSize } from "../../../../runtime/contract/fields/units.ts";
import { testFolder } from "../../../support/folder.ts";

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
  expect((await loadEcosystem(file)).apps).toEqual([{ script: "a.js" }]);
});

test("text on stdin is JSON or YAML", async () => {
  for (const text of ['{"script": "a.js"}', "script: a.js\n", "// the site\n{ script: 'a.js' }"])
    expect((await parseEcosystem(text, "stdin")).apps).toEqual([{ script: "a.js" }]);
});

test.each([
  ["expressions", '{ apps: [{ script: "a" + ".js", restart_delay: 2 * 500 }] }', { restart_delay: 1000 }],
  ["the environment", '{ apps: [{ script: "a.js", name: process.env.STAGE ?? "none" }] }', { name: "none" }],
  ["a byte order mark", '\uFEFF{ "script": "a.js", "name": "x" }', { name: "x" }],
])("a .json may hold %s, as PM2 evaluates it", async (_, text, fields) => {
  const file = testFolder().put("pm2.json", text);
  const [app] = (await loadEcosystem(file)).apps;
  expect(app).toEqual({ script: "a.js", ...fields });
  expect((await parseEcosystem(text.replace("\uFEFF", ""), "stdin")).apps).toEqual([app]);
}); // prettier-ignore

test("an expression in a .json reaches no prototype and no module", async () => {
  const put = (text: string): string => testFolder().put("a.json", text);
  const refused = { code: "ERR_CONFIG_UNREADABLE" };
  await expect(loadEcosystem(put('{ "__proto__": { script: "a" + ".js" } }'))).rejects.toMatchObject(refused);
  await expect(loadEcosystem(put('{ script: require("os").EOL }'))).rejects.toMatchObject(refused);
}); // prettier-ignore

test("YAML's merge keys lay one app over another", async () => {
  const text =
    "base: &base\n  script: a.js\n  env: { A: '1' }\napps:\n  - <<: *base\n    name: one\n  - <<: *base\n    name: two\n    env: { B: '2' }\n";
  expect((await parseEcosystem(text, "stdin")).apps).toEqual([
    { script: "a.js", env: { A: "1" }, name: "one" },
    { script: "a.js", env: { B: "2" }, name: "two" },
  ]);
});

test("what a condition leaves out of a list of apps is no app", async () => {
  const text = "module.exports = { apps: [false && {}, { script: 'a.js' }, null, undefined] };";
  const file = testFolder().put("ecosystem.config.js", text);
  expect((await loadEcosystem(file)).apps).toEqual([{ script: "a.js" }]);
});

test("the variables of each target of deploy are read", async () => {
  const text =
    '{ "apps": [{ "script": "a.js" }], "deploy": { "production": { "env": { "A": "1" } }, "staging": {} } }';
  expect((await parseEcosystem(text, "stdin")).deployed).toEqual({ production: { A: "1" } });
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
