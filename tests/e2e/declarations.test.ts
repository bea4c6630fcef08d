import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

const api = join(import.meta.dirname, "../../dist/bin/exmachina.cjs");

/** Writes what an app was given, and stays. */
const app = (home: TestHome): string =>
  home.file(
    "app.js",
    `require("fs").appendFileSync(__dirname + "/told", JSON.stringify({ args: process.argv.slice(2), flags: process.execArgv, env: process.env }) + "\\n"); setInterval(() => {}, 1e9);`,
  );

interface Told {
  readonly args: string[];
  readonly flags: string[];
  readonly env: Readonly<Record<string, string>>;
}

const lives = (home: TestHome, count: number): Promise<Told[]> =>
  until(`${count} lives`, () => {
    const file = join(home.folder, "told");
    const told = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return told.length >= count && told.map((line) => JSON.parse(line) as Told);
  });

/** Runs a program that uses the API; what it returns is given back. */
async function program(home: TestHome, body: string): Promise<unknown> {
  const file = home.file(
    "program.cjs",
    `const xm = require(${JSON.stringify(api)}); const lives = async (count) => {
  const told = () => { try { return require("fs").readFileSync(__dirname + "/told", "utf8").split("\\n").length - 1; } catch { return 0; } };
  for (const end = Date.now() + 20_000; told() < count; await new Promise((resolve) => setTimeout(resolve, 10))) if (Date.now() > end) throw new Error("no life " + count);
};
const failed = (promise) => promise.then(() => "no error", (error) => error.code);
(async () => { ${body} })().then((value) => { process.stdout.write(JSON.stringify(value ?? null)); xm.disconnect(); }, (error) => { console.error(error); process.exit(1); });`,
  );
  const ran = await home.run([], { program: file });
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as unknown;
}

test("what a file does to process.env reaches its apps, and what it deletes does not", async () => {
  const home = testHome({ env: { DEBUG: "app:*", FROM_SHELL: "yes" } });
  app(home);
  const file = home.file(
    "ecosystem.config.js",
    `process.env.DATABASE_URL = "postgres://db/app"; delete process.env.DEBUG; module.exports = { apps: [{ name: "web", script: "app.js" }] };`,
  );
  await home.ok("start", file);
  const [first] = await lives(home, 1);
  expect(first?.env).toMatchObject({ DATABASE_URL: "postgres://db/app", FROM_SHELL: "yes" });
  expect(first?.env["DEBUG"]).toBeUndefined();
});

test("stop and delete of a file are no failure when nothing of it runs, and need no script", async () => {
  const home = testHome();
  const file = home.file(
    "apps.json",
    JSON.stringify({ apps: [{ name: "web", script: "gone.js" }] }),
  );
  for (const command of ["stop", "delete"]) {
    const ran = await home.xm(command, file);
    expect([ran.code, ran.stderr]).toEqual([0, `xm: no app of ${file} is in the list\n`]);
  }
  expect((await home.xm("delete", "web")).code).toBe(1);
});

test("the environment of deploy.NAME is laid below env_NAME", async () => {
  const home = testHome();
  app(home);
  const file = home.file(
    "apps.json",
    `{ apps: [{ script: "app.js", env: { A: "app", B: "app", C: "app" }, env_production: { A: "production" } }], deploy: { production: { env: { A: "deploy", B: "deploy" } } } }`,
  );
  await home.ok("start", file, "--env", "production");
  const [first] = await lives(home, 1);
  expect(first?.env).toMatchObject({ A: "production", B: "deploy", C: "app" });
});

test("--node-args=null takes back what was declared", async () => {
  const home = testHome();
  await home.ok("start", app(home), "--node-args", "--no-warnings");
  await lives(home, 1);
  await home.ok("restart", "app", "--node-args=null");
  const [first, second] = await lives(home, 2);
  expect([first?.flags.includes("--no-warnings"), second?.flags.includes("--no-warnings")]).toEqual(
    [true, false],
  );
});

test("API: an object or a file with the name of an environment", async () => {
  const home = testHome();
  const script = app(home);
  const file = home.file(
    "apps.json",
    JSON.stringify({ apps: [{ name: "web", script: "app.js", env_staging: { A: "staging" } }] }),
  );
  await program(
    home,
    `await xm.start({ name: "web", script: ${JSON.stringify(script)}, env_production: { A: "production" } }, { env: "production" });
     await lives(1);
     await xm.restart(${JSON.stringify(file)}, { env: "staging" });`,
  );
  const told = await lives(home, 2);
  expect(told.map(({ env }) => env["A"])).toEqual(["production", "staging"]);
});

test("API: an object without a script changes what is known under its name", async () => {
  const home = testHome();
  const script = app(home);
  const errors = await program(
    home,
    `await xm.start({ name: "web", script: ${JSON.stringify(script)}, env: { A: "1", B: "1" } });
     await lives(1);
     await xm.restart({ name: "web", args: "p q", env: { A: "2" } });
     await lives(2);
     await xm.restart("web", { env: { B: "3" } });
     return [await failed(xm.restart({ name: "nobody" })), await failed(xm.restart({ args: "p" })), await failed(xm.restart("web", { env: "production" }))];`,
  );
  expect(errors).toEqual(["ERR_PROCESS_NOT_FOUND", "ERR_CONFIG_INVALID", "ERR_USAGE"]);
  const told = await lives(home, 3);
  expect(told.map(({ args, env }) => [args, env["A"], env["B"]])).toEqual([
    [[], "1", "1"],
    [["p", "q"], "2", "1"],
    [["p", "q"], "2", "3"],
  ]);
});

test("API: dump keeps the saved list when nothing is there, and clearDump empties it", async () => {
  const home = testHome();
  const script = app(home);
  const dump = JSON.stringify(home.paths.dump);
  const seen = await program(
    home,
    `const saved = () => JSON.parse(require("fs").readFileSync(${dump}, "utf8")).length;
     await xm.start({ name: "web", script: ${JSON.stringify(script)} });
     await xm.dump();
     await xm.delete("web");
     return [await failed(xm.dump()), saved(), await xm.dump(true), saved(), await xm.clearDump(), saved()];`,
  );
  expect(seen).toEqual(["ERR_NO_PROCESSES", 1, { success: true }, 0, { success: true }, 0]);
});

test("API: Client calls the daemon's methods by PM2's names", async () => {
  const home = testHome();
  const script = app(home);
  const seen = await program(
    home,
    `const call = (method, ...args) => new Promise((resolve) => xm.Client[method](...args, (error, result) => resolve(error === null ? result : error.code)));
     await xm.start({ name: "web", script: ${JSON.stringify(script)} });
     const list = await call("executeRemote", "getMonitorData", {});
     return [list.map(({ name, pm2_env }) => [name, pm2_env.status]), await call("getProcessIdByName", "web"), await call("executeRemote", "nothing", {}), (await call("executeRemote", "stopProcessId", 0)).name, (await xm.describe("web"))[0].pm2_env.status];`,
  );
  expect(seen).toEqual([[["web", "online"]], [0], "ERR_USAGE", "web", "stopped"]);
});

test("API: a program that is connected lives until it disconnects", async () => {
  const home = testHome();
  await home.ok("ping");
  const file = home.file(
    "connected.cjs",
    `const xm = require(${JSON.stringify(api)});
     xm.connect(() => { setTimeout(() => { process.stdout.write("alive"); xm.disconnect(); }, 300).unref(); });`,
  );
  const ran = await home.run([], { program: file });
  expect([ran.code, ran.stdout]).toEqual([0, "alive"]);
});

test("API: destroy ends the daemon and removes its home, and nothing that is no home", async () => {
  const home = testHome();
  const other = JSON.stringify(home.folder);
  const seen = await program(
    home,
    `const own = new xm.custom({ independent: true }); await own.connect();
     await own.destroy(); own.disconnect();
     return [require("fs").existsSync(own.pm2_home), await failed(new xm.custom({ pm2_home: ${other} }).destroy())];`,
  );
  expect(seen).toEqual([false, "ERR_USAGE"]);
  expect(existsSync(home.folder)).toBe(true);
});
