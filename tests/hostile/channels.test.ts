import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
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

/** Writes every payload to every socket and pipe that it has besides its standard streams, then lives on. */
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
    const server = home.file(
      "neighbour.js",
      'require("node:http").createServer((_, r) => r.end("ok")).listen(0, "127.0.0.1");',
    );
    await home.ok("start", server, "--name", "neighbour", "-i", "2");
    const neighbours = (await home.list())
      .filter(({ name }) => name === "neighbour")
      .map(({ pid }) => pid);
    const all = sampled(payloads, runs(120));
    for (let from = 0; from < all.length; from += 30) {
      await attack(home, all.slice(from, from + 30), args, from);
    }
    await unharmed();
    const after = (await home.list())
      .filter(({ name }) => name === "neighbour")
      .map(({ pid }) => pid);
    expect(after).toEqual(neighbours);
    expect(existsSync("/etc/xm-planted.sock")).toBe(false);
  },
);

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
