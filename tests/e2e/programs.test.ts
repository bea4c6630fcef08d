import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../runtime/client/connection/client.ts";
import { until } from "../support/condition.ts";
import xm from "../../runtime/client/package/index.ts";
import { processesOf, testHome } from "../support/home.ts";
import { packPackage, type Packed } from "../support/packed.ts";
import { freePort } from "../support/ports.ts";
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
  expect(home.godLog()).toContain("the program that started it has exited");
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

test("attach joins a process to the program's terminal until its input ends, and calls back then", async () => {
  const home = testHome();
  const echo = home.file(
    "echo.cjs",
    `require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => console.log("heard " + line));`,
  );
  await home.ok("start", echo, "--name", "echo");
  const file = join(packed.folder, "attached.cjs");
  writeFileSync(
    file,
    `const xm = require("exmachina");
xm.attach(0, (error, result) => console.error("ENDED", error, result));`,
  );
  const env = { ...process.env, XM_HOME: home.paths.home };
  const child = execFile(process.execPath, [file], { cwd: packed.folder, env });
  let [out, errors] = ["", ""];
  child.stdout?.on("data", (text: string) => (out += text));
  child.stderr?.on("data", (text: string) => (errors += text));
  const ended = new Promise((resolve) => child.on("close", resolve));
  const lines = ["one", "two ü", "three"];
  for (const [index, line] of lines.entries()) {
    child.stdin?.write(`${line}\n`);
    const heard = lines.slice(0, index + 1).map((each) => `heard ${each}\n`);
    await until(`the answer to ${line}`, () => out === heard.join(""), { saw: () => out + errors });
  }
  child.stdin?.end();
  expect(await ended).toBe(0);
  expect(errors).toBe("ENDED null undefined\n");
});

test("attach to nobody is an error", async () => {
  const home = testHome();
  const own = new xm.custom({ pm2_home: home.paths.home });
  await expect(own.attach(7)).rejects.toMatchObject({ code: "ERR_PROCESS_NOT_FOUND" });
});

test("profile writes the file that it gives, speedList prints the table, serve serves, and what is not here says what to do", async () => {
  const home = testHome();
  home.file("index.html", "home");
  const port = await freePort();
  const file = join(packed.folder, "machine.mjs");
  writeFileSync(
    file,
    `import { readFileSync } from "node:fs";
import xm from "exmachina";
const told = (call) => new Promise((done) => call((error, result) => done([error?.code ?? null, error?.fix, result])));
const [failed, , { file }] = await told((back) => xm.profile("cpu", 50, back));
const heap = await xm.profile("mem", 50);
await xm.serve(${JSON.stringify(home.folder)}, ${port}, { name: "files" });
const page = await (await fetch("http://127.0.0.1:${port}/")).text();
await told((back) => xm.speedList(back));
const absent = [];
for (const name of ["startup", "uninstallStartup", "install", "uninstall", "launchSysMonitoring"]) {
  const [code, fix] = await told((back) => xm[name]("x", back));
  absent.push([name, code, fix.length > 10]);
}
const [wrong] = await told((back) => xm.profile("disk", 50, back));
const sizes = [file, heap.file].map((each) => Object.keys(JSON.parse(readFileSync(each, "utf8"))));
console.log("REPORT " + JSON.stringify({ failed, sizes, page, absent, wrong }));`,
  );
  const env = { ...process.env, XM_HOME: home.paths.home, NO_COLOR: "1" };
  const { stdout } = await run(process.execPath, [file], { cwd: packed.folder, env });
  const [table = "", report = ""] = stdout.split("REPORT ");
  expect(table).toMatch(/│ +0 │ files +│/);
  const refused = (name: string): unknown[] => [name, "ERR_COMMAND_ABSENT", true];
  expect(JSON.parse(report)).toEqual({
    failed: null,
    sizes: [expect.arrayContaining(["nodes", "samples"]), expect.arrayContaining(["head"])],
    page: "home",
    absent: ["startup", "uninstallStartup", "install", "uninstall", "launchSysMonitoring"].map(
      refused,
    ),
    wrong: "ERR_INPUT_INVALID",
  });
});
