import { expect, test, vi } from "vitest";
import { loadEcosystem } from "../../../../runtime/client/config/load.ts";
import { oddKind } from "../../../../runtime/client/config/odd-values.ts";
import { testFolder } from "../../../support/folder.ts";

const reasonOf = (text: string, name = "ecosystem.config.js"): Promise<string> => {
  const file = testFolder().put(name, text);
  return loadEcosystem(file).then(
    () => "it was read",
    (error: Error) => error.message.replace(`${file} cannot be read: `, ""),
  );
};

test.each([
  ["while (true);", "it did not finish within 300 ms and was stopped"],
  ["await new Promise(() => setInterval(() => {}, 1000));", "it did not finish within 300 ms and was stopped"],
])("a file that never ends is told and stopped: %s", async (text, reason) => {
  vi.stubEnv("XM_CONFIG_TIMEOUT", "300");
  expect(await reasonOf(text, "ecosystem.config.mjs")).toBe(reason);
  vi.unstubAllEnvs();
}); // prettier-ignore

test.each([
  ["process.exit(3);", "it ended the process with code 3 before it returned a value"],
  ["throw new Error('no database');", /^no database\n/],
  ["throw null;", "null"],
  ["const a = { apps: [] }; a.apps.push(a); module.exports = a;", "it contains a circular reference"],
  ["require('not-installed');", /Cannot find module 'not-installed'/],
  ["module.exports = { apps: [{ script: 'a.js', env: { constructor: '1' } }] };", /"constructor" is refused/],
  ["module.exports = { apps: [JSON.parse('{\"__proto__\": {\"script\": 1}}')] };", /"__proto__" is refused/],
  ["module.exports = { deploy: { production: {} } };", /it declares no apps, only deploy/],
  ["module.exports = 5;", /it contains no object/],
])("what goes wrong in a file is said: %s", async (text, reason) => {
  expect(await reasonOf(text)).toMatch(reason);
}); // prettier-ignore

test("a file may compute: other files, the words of the call and the environment are there", async () => {
  const { put } = testFolder();
  put("shared.json", '{ "cwd": "/srv" }');
  vi.stubEnv("STAGE", "test");
  const file = put(
    "pm2.config.cjs",
    "const shared = require('./shared.json'); module.exports = { apps: [{ ...shared, name: process.env.STAGE, script: 'a.js', args: process.argv.length > 1 ? 'yes' : 'no', deploy: undefined }] };",
  );
  expect((await loadEcosystem(file)).apps).toEqual([
    { cwd: "/srv", name: "test", script: "a.js", args: "yes" },
  ]);
  vi.unstubAllEnvs();
});

test("a module may wait at its top level", async () => {
  const file = testFolder().put(
    "ecosystem.config.mjs",
    "export default await Promise.resolve({ script: 'a.js' });",
  );
  expect((await loadEcosystem(file)).apps).toEqual([{ script: "a.js" }]);
});

test("what JSON has no form for is told apart from every text", async () => {
  const file = testFolder().put(
    "ecosystem.config.js",
    "module.exports = { script: 'a.js', instances: () => 4, ignore_watch: [/\\.log$/i], env: { A: 1n } };",
  );
  const [app] = (await loadEcosystem(file)).apps;
  const {
    instances,
    ignore_watch: ignored,
    env,
  } = app as {
    instances: unknown;
    ignore_watch: unknown[];
    env: Record<string, unknown>;
  };
  expect([oddKind(instances), oddKind(env["A"])]).toEqual(["function", "bigint"]);
  expect(ignored[0]).toEqual({ regexp: "\\.log$", flags: "i" });
  expect(oddKind("[function]")).toBeUndefined();
});

test("what a file does to process.env is given back", async () => {
  vi.stubEnv("XM_TEST_GONE", "1");
  const file = testFolder().put(
    "ecosystem.config.js",
    "process.env.FROM_FILE = 'yes'; delete process.env.XM_TEST_GONE; module.exports = { script: 'a.js' };",
  );
  expect((await loadEcosystem(file)).variables).toEqual({ FROM_FILE: "yes", XM_TEST_GONE: null });
  vi.unstubAllEnvs();
});

test("module.exports in a package of type module is read", async () => {
  const { put } = testFolder();
  put("package.json", '{ "type": "module" }');
  put("shared.cjs", "exports.script = 'a.js';");
  const file = put(
    "ecosystem.config.js",
    "module.exports = { apps: [{ script: require('./shared.cjs').script, cwd: __dirname }] };",
  );
  expect((await loadEcosystem(file)).apps).toMatchObject([{ script: "a.js" }]);
});

test.each([
  ["a mistake in its grammar", "module.exports = {\n  apps: [{ script: 'a.js' }\n};", 3, "};"],
  ["what it throws", "const a = 1;\nmodule.exports = { apps: nothing };", 2, "module.exports = { apps: nothing };"],
])("the place of %s is shown with its line", async (_, text, line, code) => {
  const { put, path } = testFolder();
  const file = put("ecosystem.config.js", text);
  const shown = await loadEcosystem(file).then(() => "", (error: Error) => error.message);
  expect(shown).toContain(`${path}/ecosystem.config.js:${line}\n${code}\n`);
  expect(shown).toMatch(/\n *\^/);
}); // prettier-ignore

test("TypeScript is read, by Node itself or by the tsx beside the file", async () => {
  const file = new URL("../../../fixtures/config/ecosystem.config.ts", import.meta.url).pathname;
  expect((await loadEcosystem(file)).apps).toEqual([
    { name: "typed", script: "typed.ts", instances: 2 },
  ]);
});

test("a yaml anchor within itself is told", async () => {
  expect(await reasonOf("apps: &a\n  - *a\n", "a.yaml")).toBe("it contains a circular reference");
});
