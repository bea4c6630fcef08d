import { expect, test } from "vitest";
import { loadEcosystem, parseEcosystem } from "../../../../runtime/client/config/load.ts";
import { normalizeApps } from "../../../../runtime/client/config/normalize.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { testFolder } from "../../../support/folder.ts";

const program = expect.stringMatching(/\/serve\.cjs$/) as string;

test("static of a file means file servers, beside apps and alone", async () => {
  const server = {
    name: "static-page-server-8091",
    script: program,
    interpreter: "node",
    ready: "listening",
    env: {
      PM2_SERVE_PATH: "dist",
      PM2_SERVE_PORT: 8091,
      PM2_SERVE_SPA: true,
      PM2_SERVE_FTP: false,
      PM2_SERVE_BASIC_AUTH: true,
      PM2_SERVE_BASIC_AUTH_USERNAME: "me",
      PM2_SERVE_BASIC_AUTH_PASSWORD: "secret",
    },
  };
  const item = {
    path: "dist",
    port: 8091,
    spa: true,
    basic_auth: { username: "me", password: "secret" },
  };
  const alone = await parseEcosystem(JSON.stringify({ static: [item] }), "stdin");
  expect(alone.apps).toMatchObject([server]);
  const beside = { apps: [{ script: "a.js" }], static: [item], deploy: {} };
  const both = await parseEcosystem(JSON.stringify(beside), "stdin");
  expect(both.apps).toMatchObject([{ script: "a.js" }, server]);
});

test("other fields of a server are those of its app", async () => {
  const item = { path: "dist", name: "site", instances: 2, namespace: "web", env: { A: "1" } };
  const [app] = (await parseEcosystem(JSON.stringify({ static: item }), "stdin")).apps;
  expect(app).toMatchObject({ name: "site", instances: 2, namespace: "web" });
  expect(app?.["env"]).toMatchObject({ A: "1", PM2_SERVE_PORT: 8080 });
});

test('script: "serve" in a file is the file server', async () => {
  const file = testFolder().put(
    "a.json",
    '{ "apps": [{ "script": "serve" }, { "script": "./serve" }] }',
  );
  expect((await loadEcosystem(file)).apps).toMatchObject([
    { name: "serve", script: program, ready: "listening" },
    { script: "./serve" },
  ]);
});

test("faults are told with the place of the server, all at once", async () => {
  const list = [{ path: 7, port: "x" }, { spa: "maybe", basic_auth: { username: "me" } }, "dist"];
  const reading = parseEcosystem(JSON.stringify({ static: list }), "stdin");
  await expect(reading).rejects.toMatchObject({
    code: "ERR_CONFIG_INVALID",
    message: `stdin cannot be used:
  - static[0].path: expected a folder, got 7
  - static[0].port: expected a port up to 65535, got "x"
  - static[1].spa: expected true or false, got "maybe"
  - static[1].basic_auth: expected { username, password }, two texts, got {"username":"me"}
  - static[2]: expected { path, port }, got "dist"`,
  });
});

test("a fault of its app is told with its place as well", async () => {
  const { path } = testFolder();
  const raw = await parseEcosystem('{ "static": [{ "min_uptime": "lots" }] }', "stdin");
  const context = { home: homePaths(path), base: path, caller: {}, source: "stdin" };
  await expect(normalizeApps(raw.apps, context)).rejects.toThrow(
    'static[0].min_uptime: expected ms or a time such as "10s", "5m", "1h", got "lots"',
  );
});
