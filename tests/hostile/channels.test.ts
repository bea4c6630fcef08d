import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { frameOf, runs, sampled } from "./generate.ts";
import { witness } from "./oracle.ts";

const ours = (message: unknown): object => ({ cmd: "NODE_XM", message });
const payloads = frameOf([
  ours({ type: "hello", v: 1, life: "AbCdEfGhIjK1", pid: 1, isReady: true, isListening: true, said: [] }),
  ours({ type: "listening" }),
  ours({ type: "message", data: "ready" }),
  ours({ type: "exception", error: { at: 1, message: "m", stack: "s", error: "E" } }),
  ours({ type: "stopping", how: "drain" }),
  ours({ type: "drained" }),
  ours({ type: "give", server: "127.0.0.1:1:4" }),
  ours({ type: "took", ticket: 5 }),
  { cmd: "NODE_HANDLE_ACK" },
  { cmd: "NODE_HANDLE_NACK" },
  { cmd: "NODE_HANDLE", type: "net.Socket", msg: {} },
  { cmd: "NODE_CLUSTER", act: "queryServer", seq: 1, address: "/etc/xm-planted.sock", port: -1, addressType: -1, key: "k" },
  { cmd: "NODE_CLUSTER", act: "listening", seq: 2, key: "k", port: 1, addressType: 4 },
  { cmd: "NODE_CLUSTER", act: "exitedAfterDisconnect", seq: 3 },
  { cmd: "NODE_CLUSTER", act: "close", seq: 4, key: "k" },
  { cmd: "NODE_CLUSTER", ack: 0 },
  "text",
  5,
]); // prettier-ignore

/** Writes every payload to every socket and pipe that it has besides its standard streams, then keeps running. */
const attacker = `
const fs = require("node:fs");
const net = require("node:net");
net.createServer(() => {}).listen(0, "127.0.0.1");
process.on("SIGTERM", () => process.exit());
const lines = JSON.parse(fs.readFileSync(process.argv[2], "utf8")).map((each) => Buffer.from(each, "base64"));
const channels = fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => {
  if (fd < 3) return false;
  try { return /^(socket|pipe):/.test(fs.readlinkSync("/proc/self/fd/" + fd)); } catch { return false; }
});
setTimeout(() => {
  for (const line of lines) for (const fd of channels) { try { fs.writeSync(fd, line); } catch {} }
  fs.writeFileSync(process.argv[3] + "-" + process.pid, String(channels.length));
}, 300);
setInterval(() => {}, 1e6);
`;

test.each([
  { mode: "a worker", args: ["-i", "1"] },
  { mode: "a fork-mode app", args: [] },
  { mode: "a program that is node by another name", args: ["--interpreter", "env-node"] },
])(
  "whatever $mode writes to its channels, God, balancers and other apps are unharmed",
  async ({ args }) => {
    const home = testHome();
    const { unharmed } = await witness(home);
    const all = sampled(payloads, runs(90));
    for (let from = 0; from < all.length; from += 30) {
      await attack(home, all.slice(from, from + 30), args, from);
    }
    await unharmed();
    expect(existsSync("/etc/xm-planted.sock")).toBe(false);
  },
);

/** What a balancer may say to God, the life being filled in by it. */
const life = "LIFE";
const said = [{ type: "axm:monitor", data: { a: { value: 1 } } }];
const news = frameOf([
  { news: "forked", life, pid: 1 },
  { news: "failed", life, code: "ENOENT", message: "no such file" },
  { news: "told", life, message: { type: "hello", v: 1, life, pid: 7, isReady: true, isListening: true, said } },
  { news: "told", life, message: { type: "message", data: { type: "process:msg", data: {} } } },
  { news: "told", life, message: { type: "exception", error: { at: 1, message: "m", stack: "s", error: "E" } } },
  { news: "told", life, message: { type: "unwritable", stream: "stdout", why: "ENOSPC" } },
  { news: "told", life, message: { type: "stopping", how: "drain" } },
  { news: "noted", line: "a line" },
  { news: "ended", life, at: 1, up: 1, code: 0, signal: null },
  { news: "hello", v: 1, app: "api", madeOf: "", pid: 1, secret: null, workers: [], ended: [] },
]); // prettier-ignore

/** An interpreter that is not Node: it takes the balancer's socket and says what a list holds, then waits to be ended. */
const falseBalancer = `
const fs = require("node:fs");
const net = require("node:net");
const [, , list, app, , madeOf] = process.argv;
const lines = JSON.parse(fs.readFileSync(list, "utf8"));
let next = Number(fs.readFileSync(list + ".next", "utf8"));
net.createServer((god) => {
  god.on("error", () => {});
  god.on("close", () => process.exit());
  god.write(JSON.stringify({ news: "hello", v: 1, app, madeOf, pid: process.pid, secret: null, workers: [], ended: [] }) + "\\n");
  let told = "";
  god.on("data", (data) => {
    told += data;
    const life = /"order":"fork","life":"([^"]+)"/.exec(told)?.[1];
    if (life === undefined) return;
    told = "";
    // A fault ends the connection: a few lines are what is read of one.
    const some = lines.slice(next, next + 3);
    fs.writeFileSync(list + ".next", String((next += some.length)));
    for (const line of some) god.write(Buffer.from(Buffer.from(line, "base64").toString("latin1").replaceAll("LIFE", life), "latin1"));
    if (some.length > 0) god.end();
  });
}).listen({ fd: 3 });
`;

test("whatever a balancer says to God, God, other balancers and other apps are unharmed", async () => {
  const home = testHome();
  const { unharmed } = await witness(home);
  const bait = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  onTestFinished(() => void bait.kill("SIGKILL"));
  const forged = Array.from({ length: 5 }, () =>
    Buffer.from(`${JSON.stringify({ news: "forked", life, pid: bait.pid })}\n`),
  );
  // Of a worker that was never forked.
  const early = Buffer.from(`${JSON.stringify({ news: "ended", life, at: 1, up: 1, code: 0, signal: null })}\n`); // prettier-ignore
  const all = [early, ...sampled(news, runs(45)), ...forged];
  const list = home.file("list.json", JSON.stringify(all.map((each) => each.toString("base64"))));
  const next = home.file("list.json.next", "0");
  const program = home.file("false-balancer.cjs", falseBalancer);
  const interpreter = home.file(
    "node20",
    `#!/bin/sh\nshift\nexec ${process.execPath} ${program} ${list} "$@"\n`,
  );
  const script = home.file("worker.js", "setInterval(() => {}, 1e6);");
  const restarts = ["--max-restarts", "1000000", "--restart-delay", "1"];
  // It is never up: the call ends when it is deleted, or errored.
  let call = home.xm("start", script, "--name", "bad", "-i", "1", "--interpreter", interpreter, ...restarts); // prettier-ignore
  const isSaid = async (): Promise<boolean> => {
    if (Number(readFileSync(next, "utf8")) >= all.length) return true;
    // A balancer may say that the program is not there, which is not tried again.
    const bad = (await home.list()).find(({ name }) => name === "bad");
    if (bad?.status !== "errored") return false;
    await call;
    call = home.xm("restart", "bad");
    return false;
  };
  await until("everything to be said", isSaid, {
    withinMs: 60_000 + all.length * 500,
    saw: () => [readFileSync(next, "utf8"), home.godLog().slice(-1_000)],
  });
  // Its last balancer greets and starts nothing: that ends, too.
  await home.xm("delete", "bad");
  await call;
  const isGone = async (): Promise<boolean> =>
    (await home.list()).every(({ name }) => name !== "bad");
  await until("it to be gone", isGone, { withinMs: 60_000 });
  expect(isThere(bait.pid as number)).toBe(true);
  await unharmed();
});

/** Resolves when the attacker has written everything, or was ended for it. */
async function attack(
  home: TestHome,
  payload: readonly Buffer[],
  args: readonly string[],
  turn: number,
): Promise<void> {
  const input = join(home.folder, "payload.json");
  const output = join(home.folder, `done-${turn}`);
  writeFileSync(input, JSON.stringify(payload.map((each) => each.toString("base64"))));
  const script = home.file("attacker.cjs", attacker);
  const interpreter = args.map((word) =>
    word === "env-node" ? home.file("node20", `#!/bin/sh\nexec ${process.execPath} "$@"\n`) : word,
  );
  await home.xm(
    "start",
    script,
    "--name",
    "attacker",
    ...interpreter,
    "--no-autorestart",
    "--",
    input,
    output,
  );
  const { pid } = await home.process("attacker");
  await until("the attacker to have written or ended", async () => {
    const now = await home.process("attacker");
    return (pid !== null && existsSync(`${output}-${pid}`)) || now.status !== "online";
  });
  await home.ok("delete", "attacker");
}
