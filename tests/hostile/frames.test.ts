import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { testHome } from "../support/home.ts";
import { frameOf, runs, sampled } from "./generate.ts";
import { witness } from "./oracle.ts";

const framesOf = (life: string) => frameOf([
  { type: "hello", v: 1, life, pid: 4_242, isReady: false, isListening: false, said: [{ type: "axm:monitor", data: {} }] },
  { type: "listening" },
  { type: "message", data: "ready" },
  { type: "message", data: { type: "process:msg", data: { a: 1 } } },
  { type: "exception", error: { at: 1, message: "m", stack: "s", error: "Error" } },
  { type: "unwritable", stream: "stdout", why: "ENOSPC" },
  { type: "beat" },
  { type: "stopping", how: "drain" },
  { type: "give", server: "x", isHomeless: true },
  { type: "took", ticket: 1 },
]); // prettier-ignore

test("whatever comes in on the apps' socket, God and the other apps are unharmed", async () => {
  const home = testHome();
  const { unharmed } = await witness(home);
  // A life that God knows: what it says is believed as far as its shape allows.
  const idle = home.file("idle.py", "import time\nwhile True: time.sleep(100)\n");
  await home.ok("start", idle, "--name", "known", "--interpreter", "python3");
  const { pid } = await home.process("known");
  const mark = /XM_LIFE=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
  const life = mark?.split(":").at(-1) ?? "";
  expect(life).toMatch(/^[\w-]{12}$/);
  const greeting = { type: "hello", v: 1, life, pid, isReady: false, isListening: false, said: [] };
  const all = sampled(framesOf(life), runs(400));
  // A connection ends at its first fault: what is few on one is read.
  for (let from = 0; from < all.length; from += 4) {
    const greets = from % 8 === 0 ? [Buffer.from(`${JSON.stringify(greeting)}\n`)] : [];
    await say(home.paths.links, [...greets, ...all.slice(from, from + 4)]);
  }
  await unharmed();
});

test("a line that never ends is cut off, and its memory comes back", async () => {
  const home = testHome();
  const { unharmed } = await witness(home);
  const block = Buffer.alloc(2 ** 20, "x");
  await say(
    home.paths.links,
    Array.from({ length: 64 }, () => block),
  );
  await unharmed();
});

test("thousands of connections that say nothing leave God answering", async () => {
  const home = testHome();
  await witness(home);
  const sockets = Array.from({ length: 2_000 }, () =>
    connect(home.paths.links).on("error", () => {}),
  );
  await new Promise((resolve) => {
    sockets.at(-1)?.once("connect", resolve).once("close", resolve);
  });
  expect((await home.client().ping()).pid).toBe(home.godPid());
  await home.ok("restart", "bystander");
  for (const socket of sockets) socket.destroy();
  await home.ok("start", home.file("later.js", "setInterval(() => {}, 1e6);"));
  expect((await home.process("later")).status).toBe("online");
  await home.ok("delete", "later");
  expect((await home.process("bystander")).restarts).toBe(1);
});

/** Says some frames on one connection, and resolves when they are gone or the other side has had enough. */
function say(socket: string, blocks: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.end(Buffer.concat(blocks));
    });
    connection.resume();
    connection.on("error", () => {});
    connection.on("close", () => resolve());
  });
}
