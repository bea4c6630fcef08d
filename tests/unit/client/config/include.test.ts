import { join } from "node:path";
import { expect, test } from "vitest";
import { loadEcosystem, parseEcosystem } from "../../../../runtime/client/config/load.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { testFolder } from "../../../support/folder.ts";

/** The specifications of a file, called from another folder. */
async function specsOf(file: string, base = "/") {
  const { apps } = await loadEcosystem(file);
  const fileFolder = join(file, "..");
  const context = { home: homePaths("/home/xm"), base, fileFolder, caller: {}, source: file };
  return normalizeApps(apps, context);
}

test("included apps come first, with paths that begin at their own file", async () => {
  const { path, put } = testFolder();
  put("server.js", "");
  put("api/server.js", "");
  put("api/.env", "FROM=api\n");
  put("api/more/worker.js", "");
  put("api/more/w.json", '[{ "name": "worker", "script": "worker.js" }]');
  put("api/ecosystem.yaml", "include: more/w.json\napps:\n  - { name: api, script: server.js, env_file: .env }\n");
  const file = put("ecosystem.config.cjs", 'module.exports = { include: ["./api/ecosystem.yaml", "api/more/w.json"], apps: [{ name: "web", script: "server.js" }] };');
  const specs = await specsOf(file, path);
  expect(specs.map(({ name, script }) => [name, script])).toEqual([
    ["worker", `${path}/api/more/worker.js`],
    ["api", `${path}/api/server.js`],
    ["web", `${path}/server.js`],
  ]);
  expect(specs[1]).toMatchObject({ cwd: `${path}/api`, env: { FROM: "api" } });
}); // prettier-ignore

test("a file may only include others, and stdin may", async () => {
  const { path, put } = testFolder();
  put("a.yaml", "name: a\nscript: a.js\n");
  const file = put("all.yaml", "include: [a.yaml]\n");
  expect((await loadEcosystem(file)).apps).toMatchObject([{ name: "a" }]);
  expect((await parseEcosystem("include: a.yaml\n", "stdin", path)).apps).toMatchObject([
    { name: "a" },
  ]);
});

test("a cycle is an error that shows the path", async () => {
  const { put } = testFolder();
  put("b/b.yaml", "include: [../c.yaml]\n");
  put("c.yaml", "include: [a.yaml]\n");
  const file = put("a.yaml", "include: [b/b.yaml]\napps: [{ script: a.js }]\n");
  await expect(loadEcosystem(file)).rejects.toThrow("include: ");
  await expect(loadEcosystem(file)).rejects.toThrow("b/b.yaml → ");
  await expect(loadEcosystem(file)).rejects.toThrow("is a cycle");
});

test("what is wrong with an included file names that file", async () => {
  const { path, put } = testFolder();
  const file = put("a.yaml", "include: [b.yaml]\napps: [{ script: a.js }]\n");
  await expect(loadEcosystem(file)).rejects.toMatchObject({ code: "ERR_CONFIG_UNREADABLE" });
  await expect(loadEcosystem(file)).rejects.toThrow(`${path}/b.yaml`);
  put("b.yaml", "apps: [{ name: b, script: /bin/true, restart: maybe }]\n");
  await expect(specsOf(file)).rejects.toThrow(`${path}/b.yaml: apps[0].restart: expected`);
  await expect(parseEcosystem("include: 5\nscript: a.js\n", "stdin")).rejects.toThrow("include: expected a path or a list of paths, got 5");
}); // prettier-ignore

test("two files that declare one name are refused", async () => {
  const { put } = testFolder();
  put("b.yaml", "apps: [{ name: api, script: b.js }]\n");
  const file = put("a.yaml", "include: [b.yaml]\napps: [{ name: api, script: a.js }]\n");
  await expect(loadEcosystem(file)).rejects.toThrow('an app "api" is in b.yaml and in a.yaml');
});

test("an app extends another of its file: objects are merged, the rest is replaced", async () => {
  const text = `
apps:
  - name: base
    profiles: [template]
    script: server.js
    args: [a]
    instances: 4
    env: { A: 1, B: 1 }
    limits: { nofile: 10, nproc: 5 }
    env_production: { P: 1 }
  - name: api
    extends: base
    exec: api.js
    args: [b]
    env: { B: 2, C: 2 }
    limits: { nofile: 20 }
    instances: null
`;
  const { apps } = await parseEcosystem(text, "stdin");
  expect(apps[1]).toEqual({
    name: "api",
    exec: "api.js",
    args: ["b"],
    env: { A: 1, B: 2, C: 2 },
    limits: { nofile: 20, nproc: 5 },
    env_production: { P: 1 },
    instances: null,
  });
});

test("an app extends one of another file, whose paths begin there, over several steps", async () => {
  const { path, put } = testFolder();
  put("common/server.js", "");
  put("common/.env", "FROM=common\n");
  put("common/base.yaml", "apps:\n  - { name: root, env: { A: '1' }, kill_timeout: 5000 }\n  - { name: node, extends: root, script: server.js, env_file: .env, env: { B: '1' } }\n");
  const file = put("a.yaml", "apps:\n  - { name: api, extends: { file: common/base.yaml, app: node }, env: { B: '2' } }\n");
  const [spec] = await specsOf(file);
  expect(spec).toMatchObject({
    name: "api",
    script: `${path}/common/server.js`,
    env: { A: "1", B: "2", FROM: "common" },
    policy: { killTimeoutMs: 5000 },
  });
}); // prettier-ignore

test.each([
  ["[{ name: a, extends: b }, { name: b, extends: c }, { name: c, extends: a }]", "extends: a → b → c → a is a cycle"],
  ["[{ name: a, extends: a, script: x }]", "extends: a → a is a cycle"],
  ["[{ name: a, extends: { file: other.yaml, app: o } }, { name: b, script: x }]", "extends: a → o (other.yaml) → a is a cycle"],
  ["[{ name: a, extends: no }, { name: b, script: x }]", 'extends: "a" extends "no", which a.yaml does not have; it has b'],
  ["[{ name: a, extends: 5 }]", 'extends of "a": expected the name of an app, or { file, app }, got 5'],
  ["[{ name: a, extends: { app: b, x: 1 } }]", "expected the name of an app"],
])("%s is an error: %s", async (apps, message) => {
  const { put } = testFolder();
  put("other.yaml", "apps: [{ name: o, extends: { file: a.yaml, app: a } }]\n");
  const file = put("a.yaml", `apps: ${apps}\n`);
  await expect(loadEcosystem(file)).rejects.toThrow(message);
}); // prettier-ignore

test("notify of a file is for all its apps, beside their own; that of a file is not for the file that includes it", async () => {
  const { put } = testFolder();
  const rule = (exec: string) => ({ on: ["crash"], exec });
  put("b.json", JSON.stringify({ notify: rule("b"), apps: [{ name: "b", script: "b.js" }] }));
  put(
    "base.json",
    JSON.stringify({ notify: rule("no"), apps: [{ name: "base", notify: rule("base") }] }),
  );
  const apps = [
    { name: "a", script: "a.js", notify: [rule("own")] },
    { name: "c", script: "c.js", extends: { file: "base.json", app: "base" } },
  ];
  const file = put("a.json", JSON.stringify({ include: ["b.json"], notify: [rule("all")], apps }));
  const commands = (await loadEcosystem(file)).apps.map(({ name, notify }) => [
    name,
    (notify as { exec: string }[]).map(({ exec }) => exec),
  ]);
  expect(commands).toEqual([
    ["b", ["b", "all"]],
    ["a", ["own", "all"]],
    ["c", ["base", "all"]],
  ]);
  const only = put("only.json", JSON.stringify({ include: "b.json", notify: rule("only") }));
  const [b] = (await loadEcosystem(only)).apps;
  expect(b?.["notify"]).toEqual([rule("b"), rule("only")]);
  const alone = put("alone.json", JSON.stringify({ script: "a.js", notify: rule("own") }));
  expect((await loadEcosystem(alone)).apps).toEqual([{ script: "a.js", notify: rule("own") }]);
});
