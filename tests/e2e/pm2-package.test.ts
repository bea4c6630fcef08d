import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { frameOf } from "../../runtime/daemon/api/pm2-frames.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { installPm2, pm2Package } from "../support/pm2.ts";
import { programs } from "../support/pm2-programs.ts";
import { program } from "../support/programs.ts";

/** An app that uses PM2's own package, and writes what it was answered. */
const uses = (folder: string): string => `
const pm2 = require(${JSON.stringify(folder)});
const told = {};
const ask = (name, ...args) => new Promise((resolve) => {
  pm2[name](...args, (error, value) => {
    told[name] = error ? "error: " + (error.message ?? error) : Array.isArray(value) ? value.map(({ name }) => name) : typeof value;
    resolve(value);
  });
});
pm2.connect(async (error) => {
  told.connect = error ? String(error) : "ok";
  await ask("list");
  await ask("restart", "web");
  await ask("stop", "web");
  await ask("describe", "web");
  await ask("start", { script: ${JSON.stringify(program("hears.cjs"))}, name: "late", args: ["a b"], env: { OWN: "1" }, node_args: "--trace-warnings", out_file: "late.log" });
  const late = (await new Promise((resolve) => pm2.describe("late", (_, all) => resolve(all))))[0];
  await ask("sendLineToStdin", late.pm_id, "a line");
  pm2.disconnect();
  require("fs").writeFileSync("told.json", JSON.stringify(told));
});
setInterval(() => {}, 1 << 30);
`;

/** What a program has written to its `told.json`. */
function toldIn(folder: string): () => string {
  const file = join(folder, "told.json");
  return () => (existsSync(file) ? readFileSync(file, "utf8") : "");
}

test("an app that requires PM2's own package talks to us, and starts no daemon of PM2's in our home", async () => {
  await installPm2();
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "web");
  await home.ok("start", home.file("uses.cjs", uses(pm2Package)), "--name", "uses");
  const told = toldIn(home.folder);
  await until("its answers", () => told() !== "", { saw: () => home.log("uses-error.log") });
  expect(JSON.parse(told())).toEqual({
    connect: "ok",
    list: ["web", "uses"],
    restart: ["web"],
    stop: ["web"],
    describe: ["web"],
    start: ["late"],
    sendLineToStdin: "object",
  });
  expect((await home.process("late")).status).toBe("online");
  const log = (): string => readFileSync(join(home.folder, "late.log"), "utf8");
  await until("the line", () => log().includes('input "a line\\n"'), { saw: log });
  expect((await home.process("web")).status).toBe("stopped");
  expect((await home.process("web")).restarts).toBe(1);
  // PM2's daemon would have written its own log.
  const there = readdirSync(home.paths.home);
  expect(there).toEqual(expect.arrayContaining(["god.log", "rpc.sock", "pub.sock"]));
  expect(there).not.toContain("pm2.log");
  await home.ok("kill");
  expect(readdirSync(home.paths.home)).not.toContain("rpc.sock");
  expect(readdirSync(home.paths.home)).not.toContain("pub.sock");
});

/** Uses PM2's own package as a supervisor does: hears the bus, asks for an action, makes more processes. */
const supervises = (folder: string): string => `
const pm2 = require(${JSON.stringify(folder)});
const heard = new Set();
const asked = (name, ...args) => new Promise((resolve) => pm2[name](...args, (error, value) => resolve(error ? String(error.message ?? error) : value)));
const until = async (look) => {
  while (!(await look())) await new Promise((resolve) => setTimeout(resolve, 50));
};
pm2.connect(async () => {
  const bus = await asked("launchBus");
  bus.on("log:out", ({ process, data }) => heard.add("log:out " + process.name + " " + data.trim()));
  bus.on("process:event", ({ event, process }) => heard.add(event + " " + process.name));
  const actions = async () => (await asked("describe", "web"))[0].pm2_env.axm_actions.length > 0;
  await until(actions);
  const [{ data }] = await asked("trigger", "web", "double", { value: 21 });
  await asked("scale", "web", 3);
  const count = (await asked("describe", "web")).length;
  await asked("restart", "web");
  await until(() => heard.has("log:out web on the way") && heard.has("restart web") && heard.has("online web"));
  require("fs").writeFileSync("told.json", JSON.stringify({ answer: data.return, count }));
});
setInterval(() => {}, 1 << 30);
`;

test("PM2's own package hears our bus, triggers actions and scales", async () => {
  await installPm2();
  const home = testHome();
  await home.ok("start", join(programs, "apps/listens.cjs"), "--name", "web");
  await home.ok("start", home.file("supervises.cjs", supervises(pm2Package)), "--name", "boss");
  const told = toldIn(home.folder);
  await until("its answers", () => told() !== "", {
    saw: () => [home.log("boss-error.log"), home.godLog()],
  });
  expect(JSON.parse(told())).toEqual({ answer: 42, count: 3 });
});

test("every listener of the bus hears it: a program of PM2's opens another connection at each trigger", async () => {
  const home = testHome();
  await home.ok("ping");
  const listeners = Array.from({ length: 100 }, () => connect(home.paths.pm2BusSocket));
  onTestFinished(() => listeners.forEach((each) => void each.destroy()));
  const heard = new Set<number>();
  for (const [index, listener] of listeners.entries()) {
    await once(listener, "connect");
    let text = "";
    listener.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes("process:event")) heard.add(index);
    });
  }
  await home.ok("start", program("stays.js"), "--name", "web");
  await until("all of them", () => heard.size === listeners.length, { saw: () => heard.size });
});

test("what is no frame ends the connection it came over, and nothing else", async () => {
  const home = testHome();
  await home.ok("ping");
  const said = (bytes: Buffer | string): Promise<string> =>
    new Promise((resolve) => {
      let text = "";
      const socket = connect(home.paths.pm2Socket);
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        socket.end();
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
      socket.write(bytes);
    });
  const call = (request: unknown): Buffer => frameOf([`j:${JSON.stringify(request)}`, "s:1:0"]);
  for (const bytes of ["GET / HTTP/1.1\r\n\r\n", Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff])]) {
    expect(await said(bytes)).toBe("");
  }
  expect(await said(frameOf(["j:{", "s:1:0"]))).toContain('"error"');
  expect(await said(call({ type: "call", method: "__proto__" }))).toContain("Ex Machina");
  expect(await said(call({ type: "call", method: "stopProcessId", args: [7] }))).toContain("error");
  // PM2's client keeps most errors to itself.
  expect(home.godLog()).toMatch(/a program that uses PM2's package: .*7/);
  expect(await said(call({ type: "call", method: "getVersion", args: [{}] }))).toContain('"args"');
  await home.ok("ping");
});

test("a socket on which PM2's daemon answers is left to it", async () => {
  const home = testHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("theirs");
  });
  await new Promise<void>((resolve) => server.listen(home.paths.pm2Socket, resolve));
  onTestFinished(() => void server.close());
  await home.ok("ping");
  await until("the note", () => home.godLog().includes("belongs to a running PM2 daemon"));
  await home.ok("kill");
  const text = await new Promise<string>((resolve) => {
    connect(home.paths.pm2Socket).on("data", (bytes: Buffer) => resolve(bytes.toString()));
  });
  expect(text).toBe("theirs");
});
