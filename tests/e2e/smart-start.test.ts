import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

const rows = async (home: TestHome) =>
  (await home.list()).map(({ id, name, status, restarts }) => [id, name, status, restarts]);

const specOf = async (home: TestHome, id: number) => (await home.client().detail(id)).spec;

test("start of what is known restarts it, with what flags and words after -- say from now on", async () => {
  const home = testHome();
  const app = program("stays.js");
  await home.ok("start", app, "--name", "api");
  expect((await home.xm("start", app, "--name", "api")).stderr).toContain("already runs");
  await home.ok("start", app, "--name", "other");
  expect(await home.ok("start", "api", "--max-restarts", "5", "--", "x", "y z")).toContain(
    "api (0): changed args, policy.restart.maxRestarts",
  );
  expect(await rows(home)).toEqual([
    [0, "api", "online", 1],
    [1, "other", "online", 0],
  ]);
  expect(await specOf(home, 0)).toMatchObject({
    args: ["x", "y z"],
    policy: { restart: { maxRestarts: 5 } },
  });
  await home.ok("restart", "0", "--name", "renamed");
  await home.ok("stop", "renamed");
  await home.ok("start", "renamed");
  expect((await rows(home))[0]).toEqual([0, "renamed", "online", 2]);
  expect((await specOf(home, 1)).policy.restart.maxRestarts).toBe(16);
});

test("another script of a name is another app, and -f starts a second copy", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "n");
  await home.ok("start", program("ignores-sigint.js"), "--name", "n", "--kill-timeout", "100");
  await home.ok("start", program("stays.js"), "--name", "n", "-f");
  await home.ok("start", program("stays.js"), program("obeys.js"), "--name", "pair");
  expect(await rows(home)).toEqual(
    [0, 1, 2, 3, 4].map((id) => [id, id < 3 ? "n" : "pair", "online", 0]),
  );
  expect(await home.ok("id", "n")).toBe("[ 0, 1, 2 ]\n");
});

test("several are started at once, and one that cannot be keeps no other from it", async () => {
  const home = testHome();
  const ran = await home.xm("start", program("stays.js"), "missing.js", program("obeys.js"));
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("script not found")]);
  expect((await rows(home)).map(([, name]) => name)).toEqual(["stays", "obeys"]);
  const gone = await home.xm("delete", "nobody", program("obeys.js"), "nothing");
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/"nobody"[^]*"nothing"/)]);
  expect((await rows(home)).map(([, name]) => name)).toEqual(["stays"]);
});

test("a numeric name wins over an id, a known name over a file of that name", async () => {
  const home = testHome();
  home.file("api", "exec sleep 1000000");
  await home.ok("start", program("stays.js"), "--name", "1");
  await home.ok("start", program("stays.js"), "--name", "api");
  await home.ok("stop", "1");
  await home.ok("start", "api");
  expect(await rows(home)).toEqual([
    [0, "1", "stopped", 0],
    [1, "api", "online", 1],
  ]);
});

test("stop, restart and delete take a file, though its scripts are gone, and some of its apps", async () => {
  const home = testHome();
  const script = home.file("app.js", "setInterval(() => {}, 1e9)");
  const apps = ["a", "b", "c"].map((name) => ({ name, script }));
  const file = home.file("apps.json", JSON.stringify({ apps }));
  await home.ok("start", file, "--only", "a,b");
  await home.ok("stop", file, "--only", "a");
  expect((await rows(home)).map(([, , status]) => status)).toEqual(["stopped", "online"]);
  expect((await home.xm("start", file, "--only", "x")).stderr).toContain("it has a, b, c");
  home.file(
    "apps.json",
    JSON.stringify({ apps: apps.map((each) => ({ ...each, script: "/gone" })) }),
  );
  await home.ok("delete", file);
  expect(await rows(home)).toEqual([]);
});

test("a file's apps keep their processes when their namespace changes, and twins keep theirs each", async () => {
  const home = testHome();
  const declare = (namespace: string): string =>
    home.file(
      "apps.json",
      JSON.stringify([
        { name: "a", script: program("stays.js"), namespace },
        { name: "twin", script: program("stays.js"), args: "1" },
        { name: "twin", script: program("stays.js"), args: "2" },
      ]),
    );
  await home.ok("start", declare("red"));
  expect(await home.ok("restart", declare("blue"))).toContain("a (0): changed namespace");
  expect((await rows(home)).map(([id, , , restarts]) => [id, restarts])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
  expect([(await specOf(home, 1)).args, (await specOf(home, 2)).args]).toEqual([["1"], ["2"]]);
});

test("a file that never ends is told and stopped, and one of many faults tells them all", async () => {
  const home = testHome({ env: { XM_CONFIG_TIMEOUT: "300" } });
  const endless = await home.xm("start", home.file("ecosystem.config.cjs", "for (;;);"));
  expect([endless.code, endless.stderr]).toEqual([
    1,
    expect.stringContaining("it did not finish within 300 ms and was stopped"),
  ]);
  const warned = await home.run(["start", "-"], {
    input: JSON.stringify({ name: "w", script: program("stays.js"), max_restart: 3 }),
  });
  expect([warned.code, warned.stderr]).toEqual([
    0,
    'xm: stdin: apps[0].max_restart: no such field; did you mean "max_restarts"? It is ignored\n',
  ]);
});

test("start alone starts the ecosystem file of the folder", async () => {
  const home = testHome();
  expect((await home.xm("start")).stderr).toContain("nothing to start");
  home.file(
    "ecosystem.config.cjs",
    `module.exports = { name: "usual", script: ${JSON.stringify(program("stays.js"))} };`,
  );
  await home.ok("start");
  await home.ok("start-or-reload");
  expect(await rows(home)).toEqual([[0, "usual", "online", 1]]);
});

test("--silent says nothing, and --mini-list a few lines", async () => {
  const home = testHome();
  expect(await home.ok("start", program("stays.js"), "--name", "q", "-s")).toBe("");
  const quiet = await home.run(["restart", "q"], { env: { PM2_SILENT: "true" } });
  expect([quiet.stdout, quiet.stderr]).toEqual(["", ""]);
  expect(await home.ok("restart", "q", "-m", "--parallel", "1")).toMatch(
    /^\+--- q\nnamespace : default\nversion : N\/A\npid : \d+\npm2 id : 0\nstatus : online\n/,
  );
});

test("an app that calls xm reaches the same daemon and hands its own configuration to nobody", async () => {
  const home = testHome();
  mkdirSync(join(home.folder, "inner"));
  const told = join(home.folder, "told.json");
  const inner = home.file(
    "inner.cjs",
    `require("fs").writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.env)); setInterval(() => {}, 1e9);`,
  );
  const bin = join(import.meta.dirname, "../../dist/bin/xm.cjs");
  await home.ok(
    "start",
    `node ${bin} start ${inner} && sleep 1000000`,
    "--name",
    "outer",
    "--max-restarts",
    "3",
    "--time",
  );
  await until("the inner app", async () =>
    (await home.list()).some(({ name }) => name === "inner"),
  );
  const env = await until("its environment", () => {
    try {
      return JSON.parse(readFileSync(told, "utf8")) as Record<string, string>;
    } catch {
      return undefined;
    }
  });
  expect(env).toMatchObject({ name: "inner", pm_id: "1", PM2_HOME: home.paths.home });
  expect(env["max_restarts"]).toBeUndefined();
});
