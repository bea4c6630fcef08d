import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../runtime/client/client.ts";
import { until } from "../support/condition.ts";
import { processesOf, testHome } from "../support/home.ts";
import { packPackage, type Packed } from "../support/packed.ts";
import {
  compilePrograms,
  observedFile,
  programNames,
  runProgram,
} from "../support/pm2-programs.ts";

const run = promisify(execFile);
const observed = JSON.parse(readFileSync(observedFile, "utf8")) as Record<string, unknown>;
let packed: Packed;

beforeAll(async () => {
  packed = await packPackage();
});
afterAll(() => packed.remove());

test.each(programNames)(
  "%s, written for PM2, sees with the packed package what it saw with PM2",
  async (name) => {
    const home = testHome();
    const { folder } = packed;
    const ran = await runProgram({ name, folder, package: "exmachina", home: home.paths.home });
    expect(ran.report, ran.output).toEqual(observed[name]);
    expect(ran.code).toBe(0);
  },
);

test("programs that are typed for PM2 compile against the packed package, and so does what only it has", async () => {
  const names = ["program.mts", "program.cts", "ours.mts"];
  const { folder } = packed;
  expect(await compilePrograms({ names, folder, package: "exmachina" })).toBe("");
});

test("import, require and import() in one program give one instance, with its class and its errors", async () => {
  const file = join(packed.folder, "both.mjs");
  writeFileSync(
    file,
    `import { createRequire } from "node:module";
import xm, { custom, XmError } from "exmachina";
import { connect } from "exmachina/client";
import io from "exmachina/io";
const require = createRequire(import.meta.url);
const required = require("exmachina");
const { connect: connectMethod } = required;
console.log(JSON.stringify([
  required === xm, (await import("exmachina")).default === xm, xm.custom === custom,
  new custom({ pm2_home: "/tmp/x" }).pm2_home, new XmError({ code: "X" }) instanceof Error,
  typeof connectMethod, typeof connect, typeof io.gauge, typeof require("exmachina/io").gauge,
]));`,
  );
  const { stdout } = await run(process.execPath, [file]);
  const kinds = ["function", "function", "function", "function"];
  expect(JSON.parse(stdout)).toEqual([true, true, true, "/tmp/x", true, ...kinds]);
});

test("with noDaemon the daemon and its apps end with the program, however it ends", async () => {
  const home = testHome();
  const file = join(packed.folder, "inside.cjs");
  writeFileSync(
    file,
    `const xm = require("exmachina");
xm.connect(true, () => xm.start("apps/tells-env.cjs", { name: "inside" }, (error, [app]) => console.log(error, app.pid)));`,
  );
  const env = { ...process.env, XM_HOME: home.paths.home };
  const child = execFile(process.execPath, [file], { cwd: packed.folder, env });
  const pid = await until("the app's pid", async () => {
    const client = connect({ home: home.paths.home, autostart: false });
    const [process] = await client.list().catch(() => []);
    return process?.status === "online" && process.pid;
  });
  expect(processesOf(home.paths.home).map((each) => each.pid)).toContain(pid);
  child.kill("SIGKILL");
  await until("everything to be gone", () => processesOf(home.paths.home).length === 0, {
    saw: () => processesOf(home.paths.home),
  });
  expect(home.godLog()).toContain("the program that it was started in has ended");
});

test("an instance of another home has apps of its own", async () => {
  const home = testHome();
  const file = join(packed.folder, "homes.mjs");
  writeFileSync(
    file,
    `import xm from "exmachina";
const own = new xm.custom({ pm2_home: process.env.XM_HOME, cwd: "apps" });
await own.start("tells-env.cjs", { name: "mine" });
console.log(JSON.stringify([xm.pm2_home, (await own.list()).map(({ name, pm2_env: { pm_cwd } }) => [name, pm_cwd])]));
await own.killDaemon();`,
  );
  const env = { ...process.env, XM_HOME: home.paths.home };
  const { stdout } = await run(process.execPath, [file], { cwd: packed.folder, env });
  expect(JSON.parse(stdout)).toEqual([home.paths.home, [["mine", join(packed.folder, "apps")]]]);
});
