import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

const program = (home: TestHome): string =>
  home.file(
    "app.js",
    "console.log(JSON.stringify([process.env.A, process.env.B])); setInterval(() => {}, 1e9);",
  );

const names = async (home: TestHome): Promise<string[]> =>
  (await home.list()).map(({ name }) => name);

const said = (home: TestHome, name: string): Promise<unknown> =>
  until(`the line of ${name}`, () => {
    const line = home.log(`${name}-out.log`).trimEnd().split("\n").at(-1);
    return line !== undefined && line !== "" && (JSON.parse(line) as unknown);
  });

test("env_file is read when an app is declared, and not by a restart", async () => {
  const home = testHome({ env: { A: "caller" } });
  program(home);
  home.file(".env", "A=file\nB=file\n");
  const file = home.file(
    "ecosystem.config.cjs",
    'module.exports = { apps: [{ name: "web", script: "app.js", env_file: [".env", { path: "no.env", required: false }], env: { B: "env" } }] };',
  );
  await home.ok("start", file);
  expect(await said(home, "web")).toEqual(["file", "env"]);
  home.file(".env", "A=changed\n");
  await home.ok("flush", "web");
  await home.ok("restart", "web");
  expect(await said(home, "web")).toEqual(["file", "env"]);
  await home.ok("flush", "web");
  await home.ok("restart", file);
  expect(await said(home, "web")).toEqual(["changed", "env"]);
});

test("a missing env_file is named, and an error where it is required", async () => {
  const home = testHome();
  program(home);
  const file = home.file("a.json", '{ "name": "web", "script": "app.js", "env_file": "no.env" }');
  const ran = await home.xm("start", file);
  expect([ran.code, ran.stderr]).toEqual([
    0,
    expect.stringContaining(
      `apps[0].env_file: cannot read ${home.folder}/no.env: it does not exist`,
    ),
  ]);
  await home.ok("delete", "web");
  home.file("a.json", '{ "name": "web", "script": "app.js", "env_file": { "path": "no.env" } }');
  const refused = await home.xm("start", file);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("it does not exist; create it");
  expect(await home.list()).toEqual([]);
});

test("profiles choose the apps of a call; an app that is named belongs to it", async () => {
  const home = testHome();
  program(home);
  const file = home.file(
    "ecosystem.yaml",
    `interpolate: true
apps:
  - { name: web, script: app.js, env: { A: "\${FROM_CALL:-none}", B: $$5 } }
  - { name: mail, script: app.js, profiles: [dev, test] }
  - { name: seed, script: app.js, profiles: [seed] }
`,
  );
  await home.ok("start", file);
  expect(await names(home)).toEqual(["web"]);
  expect(await said(home, "web")).toEqual(["none", "$5"]);
  const started = await home.run(["start", file, "--profile", "dev", "--profile", "no"]);
  expect(started.stderr).toContain("has no app of the profile no");
  expect(await names(home)).toEqual(["web", "mail"]);
  await home.ok("delete", file);
  await home.run(["start", file], { env: { XM_PROFILES: "seed,test" } });
  expect(await names(home)).toEqual(["web", "mail", "seed"]);
  await home.ok("delete", "all");
  await home.ok("start", file, "--only", "seed");
  expect(await names(home)).toEqual(["seed"]);
  await home.ok("delete", file);
  expect(await names(home)).toEqual([]);
});

test("apps of an included file run in its folder, and extend one of another file", async () => {
  const home = testHome();
  program(home);
  home.file("base.yaml", "apps: [{ name: base, script: app.js, env: { A: base, B: base } }]\n");
  home.file("api.yaml", "apps: [{ name: api, extends: { file: base.yaml, app: base }, env: { B: api } }]\n");
  const file = home.file("all.yaml", "include: [api.yaml]\napps: [{ name: web, script: app.js }]\n");
  expect(await home.run(["start", file], { cwd: "/" })).toMatchObject({ code: 0 });
  expect(await names(home)).toEqual(["api", "web"]);
  expect(await said(home, "api")).toEqual(["base", "api"]);
  const wrong = home.file("wrong.yaml", "include: [wrong.yaml]\n");
  const ran = await home.xm("start", wrong);
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining("wrong.yaml → wrong.yaml is a cycle") as string });
}); // prettier-ignore
