import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createBalancers } from "../../../runtime/daemon/balancers/balancers.ts";
import type {
  Balancers,
  WorkerEvents,
  WorkerLine,
} from "../../../runtime/daemon/balancers/contract.ts";
import { readRecords } from "../../../runtime/daemon/balancers/record.ts";
import { until } from "../../support/condition.ts";
import { testFolder } from "../../support/folder.ts";
import { createGroups } from "../../../runtime/host/groups/groups.ts";
import { isThere } from "../../support/home.ts";
import { appSpec } from "../../support/machines/spec.ts";

const built = join(import.meta.dirname, "../../../dist/bin/balancer.cjs");

/** Balancers over a folder of their own, and what became of the workers that were asked of them. */
function setUp(program = built) {
  const { path, put } = testFolder();
  const folder = join(path, "b");
  const logs: string[] = [];
  const create = (): Balancers =>
    createBalancers({
      folder,
      program,
      home: path,
      groups: createGroups({ home: path }),
      log: (line) => void logs.push(line),
    });
  const state = { balancers: create() };
  onTestFinished(async () => {
    const records = readRecords(folder);
    await state.balancers.quit();
    for (const { pid } of records) if (isThere(pid)) process.kill(pid, "SIGKILL");
  });
  const script = put("idles.cjs", "setInterval(() => {}, 1e6);");
  const fork = (life: string): { told: string[]; line: WorkerLine } => {
    const told: string[] = [];
    const events: WorkerEvents = {
      forked: (pid) => {
        told.push(`forked ${pid}`);
        onTestFinished(() => void (isThere(pid) && process.kill(pid, "SIGKILL")));
      },
      failed: (code, message) => void told.push(`failed ${code}: ${message}`),
      told: (message) => void told.push(message.type),
      ended: ({ code, signal }) => void told.push(`ended ${signal ?? code}`),
      lost: () => void told.push("lost"),
    };
    const mark = { variable: "XM_LIFE", text: `home:0:${life}` };
    const env = { XM_LIFE: mark.text, PATH: process.env["PATH"] ?? "" };
    const line = state.balancers.fork({
      app: "web",
      spec: appSpec({ spec: { mode: "cluster", interpreter: process.execPath } }),
      identity: {},
      life,
      mark,
      command: { script, args: [], execArgv: [], cwd: path, env, out: null, error: null },
      events,
    });
    return { told, line };
  };
  return { path, put, folder, logs, fork, state, create };
}

/** A program that is started as a balancer and behaves like the one of this text: `say` writes one piece of news. */
function hostile(put: (name: string, text: string) => string, onOrder: string): string {
  return put(
    "hostile.cjs",
    `const pid = process.pid;
     require("node:net").createServer((socket) => {
       const say = (news) => socket.write(JSON.stringify(news) + "\\n");
       say({ news: "hello", v: 1, app: "web", madeOf: "", pid, secret: null, workers: [], ended: [] });
       let text = "";
       socket.on("error", () => {});
       socket.on("data", (chunk) => {
         text += chunk;
         for (let end; (end = text.indexOf("\\n")) >= 0; text = text.slice(end + 1)) {
           const order = JSON.parse(text.slice(0, end));
           ${onOrder}
         }
       });
     }).listen({ fd: 3 });`,
  );
}

test("a balancer is found again by its record and its secret, with its worker", async () => {
  const { folder, fork, state, create, logs } = setUp();
  const { told } = fork("life1");
  const pid = Number((await until("the worker", () => told[0])).split(" ")[1]);
  const [record] = readRecords(folder);
  expect(record).toMatchObject({ app: "web", uid: null });
  expect(readdirSync(folder).sort()).toEqual(["1.json", "1.sock"]);

  const wrong = create();
  state.balancers = wrong;
  await wrong.find({ mayTrustOld: false });
  const heard: string[] = [];
  const events: WorkerEvents = {
    forked: () => {},
    failed: () => {},
    lost: () => {},
    told: ({ type }) => void heard.push(type),
    ended: ({ signal }) => void heard.push(`ended ${signal}`),
  };
  expect(wrong.adopt({ lifeId: "life1", pid: pid + 1 }, events)).toBeUndefined();
  const next = create();
  state.balancers = next;
  await next.find({ mayTrustOld: false });
  expect(next.adopt({ lifeId: "life1", pid }, events)).toBeDefined();
  process.kill(pid, "SIGKILL");
  await until("its end", () => heard.includes("ended SIGKILL"));
  expect(logs.filter((line) => line.includes("is ended"))).toEqual([]);
});

test("a socket that nobody put there is not used, and neither is one whose secret is another", async () => {
  const { folder, fork, state, create, logs } = setUp();
  const { told } = fork("life1");
  await until("the worker", () => told[0]);
  const [record] = readRecords(folder);
  const planted = createServer((socket) => {
    socket.on("error", () => {});
    const hello = { news: "hello", v: 1, app: "api", madeOf: "", pid: process.pid };
    socket.write(`${JSON.stringify({ ...hello, workers: [], ended: [] })}\n`);
  });
  onTestFinished(() => void planted.close());
  await new Promise<void>((resolve) => planted.listen(join(folder, "7.sock"), resolve));
  writeFileSync(join(folder, "1.json"), JSON.stringify({ ...record, secret: "x".repeat(32) }));
  state.balancers = create();
  await state.balancers.find({ mayTrustOld: false });
  const said = logs.join("\n");
  expect(said).toContain("7.sock has no record");
  expect(said).toContain("is not the balancer that was started there");
  expect(existsSync(join(folder, "7.sock"))).toBe(false);
  await until("what failed to prove itself to be gone", () => !isThere(record?.pid ?? 0));
});

test("a balancer that greets with silence is waited for only so long", async () => {
  const { put, folder, state, fork } = setUp();
  const silent = put("silent.cjs", "require('net').createServer(() => {}).listen({ fd: 3 });");
  state.balancers = createBalancers({
    folder,
    program: silent,
    home: folder,
    groups: createGroups({ home: folder }),
    log: () => {},
  });
  fork("life1");
  await until("its record", () => readRecords(folder).length === 1);
  const next = createBalancers({
    folder,
    program: silent,
    home: folder,
    groups: createGroups({ home: folder }),
    log: () => {},
  });
  const began = performance.now();
  await next.find({ mayTrustOld: false });
  expect(performance.now() - began).toBeLessThan(9_000);
  expect(readRecords(folder)).toEqual([]);
}, 30_000);

test.each([
  [
    "a pid that it has not forked",
    (victim: number) =>
      `if (order.order === "fork") say({ news: "forked", life: order.life, pid: ${victim} });`,
    "which it has not forked",
  ],
  [
    "a child of its own that is not the worker",
    () =>
      `if (order.order === "fork") {
         const other = require("node:child_process").spawn("sleep", ["60"], { env: { XM_LIFE: "home:0:other" } });
         say({ news: "forked", life: order.life, pid: other.pid });
       }`,
    "which is not the worker that was ordered",
  ],
  [
    "no JSON",
    () => `if (order.order === "fork") socket.write("no json\\n");`,
    "it sent an invalid message",
  ],
  [
    "news with an odd life",
    () =>
      `if (order.order === "fork") say({ news: "ended", life: "../../x", at: 1, code: 0, signal: null });`,
    "it sent an invalid message",
  ],
  [
    "a second greeting",
    () =>
      `if (order.order === "fork") say({ news: "hello", v: 1, app: "api", madeOf: "", pid, workers: [], ended: [] });`,
    "it sent a second greeting",
  ],
])("a balancer that tells of %s is ended, and nothing else is", async (_, onOrder, why) => {
  const { put } = testFolder();
  const victim = spawn("sleep", ["60"]);
  onTestFinished(() => void victim.kill("SIGKILL"));
  const { fork, logs, folder } = setUp(hostile(put, onOrder(victim.pid ?? 0)));
  const { told } = fork("life1");
  const { pid } = await until("its record", () => readRecords(folder)[0]);
  await until("its end", () => told.includes("lost"), { saw: () => [told, logs] });
  await until("it to be gone", () => !isThere(pid));
  expect(told).toEqual(["lost"]);
  expect(logs.join("\n")).toContain(why);
  expect(readFileSync(`/proc/${victim.pid}/stat`, "utf8")).not.toMatch(/\) [ZX]/);
});

test("a balancer that nobody can reach any more ends when it has no workers", async () => {
  const { folder, fork, logs, state } = setUp();
  const { told, line } = fork("life1");
  const pid = Number((await until("the worker", () => told[0])).split(" ")[1]);
  const balancer = readRecords(folder)[0]?.pid ?? 0;
  line.release();
  process.kill(pid, "SIGKILL");
  await state.balancers.quit();
  rmSync(folder, { recursive: true, force: true });
  await until("it to be gone", () => !isThere(balancer), { withinMs: 15_000, saw: () => logs });
}, 30_000);
