import { spawnSync } from "node:child_process";
import { connect as connectSocket } from "node:net";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import type { BusEvent } from "../../runtime/client/connection/types.ts";
import { custom, type Bus, type ExceptionPacket } from "../../runtime/client/package/index.ts";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** The programmatic API over a test's home, and a bus that ends with it. */
async function open(home: TestHome): Promise<{ xm: InstanceType<typeof custom>; bus: Bus }> {
  const xm = new custom({ pm2_home: home.paths.home, cwd: home.folder });
  await home.ok("ping");
  onTestFinished(xm.disconnectBus);
  return { xm, bus: await xm.launchBus() };
}

const ways = [
  ["an exception", ["thrown"], ["RangeError", "thrown"]],
  ["an exception while it listens", ["thrown", "listens"], ["RangeError", "thrown"]],
  ["a rejection", ["rejection"], ["RangeError", "rejected"]],
  ["a text that is thrown", ["text"], ["string", "only a text"]],
  ["an exception that its own code handles", ["handled"], ["RangeError", "thrown"]],
] as const;

test.each([
  ["fork", []],
  ["cluster", ["-i", "1", "--ready", "spawned"]],
])(
  "in %s mode uncaught exceptions are told and change nothing of how an app ends",
  async (_, flags) => {
    const home = testHome();
    const { bus } = await open(home);
    const heard: ExceptionPacket[] = [];
    bus.on("process:exception", (packet) => void heard.push(packet));
    await bus.settled();
    for (const [index, [, args]] of ways.entries()) {
      const common = ["--name", `app${index}`, "--restart", "never", ...flags];
      await home.ok("start", program("throws.cjs"), ...common, "--", ...args);
    }
    await until("every exception", () => heard.length === ways.length, { saw: () => heard });
    for (const [index, [, args, expected]] of ways.entries()) {
      const packet = heard.find(({ process }) => process.name === `app${index}`);
      expect([packet?.data.name, packet?.data.message]).toEqual(expected);
      const plain = spawnSync(process.execPath, [program("throws.cjs"), ...args], {
        encoding: "utf8",
      });
      const ended = await until(
        "its end",
        async () => (await home.process(`app${index}`)).lastExit,
      );
      expect(ended.code).toBe(plain.status);
      const log = (await home.process(`app${index}`)).logs.error ?? "";
      expect(readFileSync(log, "utf8")).toBe(plain.stderr);
    }
  },
);

test("a bus hears the next daemon, and the end of it when it is killed", async () => {
  const home = testHome();
  const { xm, bus } = await open(home);
  const heard: string[] = [];
  bus.on(
    "*",
    (name: string, { event, process }: { event?: string; process?: { name: string } }) => {
      if (name.startsWith("process") || name === "pm2:kill") {
        heard.push([name, event, process?.name].filter(Boolean).join(" "));
      }
    },
  );
  await xm.start({ script: program("stays.js"), name: "one" });
  const before = home.godPid();
  process.kill(before, "SIGKILL");
  await home.nextGod(before);
  // Restarted until one of them is heard of: the bus comes back within a second.
  await until("the next daemon's events", async () => {
    await xm.restart("one");
    return heard.includes("process:event restart one");
  });
  await xm.killDaemon();
  await until("the kill", () => heard.includes("pm2:kill"), { saw: () => heard });
  expect(heard.slice(0, 2)).toEqual(["process:event online one", "process:event start one"]);
});

test("topics are told to who asked for them, and an unknown one is an error", async () => {
  const home = testHome();
  const client = home.client();
  await client.ping();
  const wrong = client.bus(["nothing" as "logs"]);
  await expect(wrong[Symbol.asyncIterator]().next()).rejects.toThrow(
    "topics: expected of processes, messages, logs, daemon, got nothing",
  );
  const abort = new AbortController();
  const heard: BusEvent[] = [];
  let reading: Promise<void> | undefined;
  await new Promise<void>((onOpen) => {
    reading = (async () => {
      const options = { abort: abort.signal, onOpen };
      for await (const event of client.bus(["logs"], options)) heard.push(event);
    })();
  });
  const file = home.file("says.sh", "#!/bin/sh\necho old\nsleep 0.1\necho new\nexec sleep 1000\n");
  await home.ok("start", file, "--name", "says");
  await until("two lines", () => heard.length === 2, { saw: () => heard });
  abort.abort();
  await reading;
  expect(
    heard.map((event) => event.kind === "log" && [event.name, event.stream, event.line]),
  ).toEqual([
    ["says", "out", "old"],
    ["says", "out", "new"],
  ]);
});

test("who does not read the bus is cut off, and the daemon goes on", async () => {
  const home = testHome();
  await home.ok("ping");
  const socket = connectSocket(home.paths.socket);
  const closed = new Promise((resolve) => {
    socket.once("close", resolve);
  });
  socket.on("error", () => {});
  socket.write("GET /v1/bus?topics=messages HTTP/1.0\r\nhost: xm\r\n\r\n");
  await new Promise((resolve) => {
    socket.once("readable", resolve);
  });
  const talks = home.file(
    "talks.cjs",
    `const text = "x".repeat(200_000);
let said = 0;
const timer = setInterval(() => {
  if (said === 60) return clearInterval(timer), setInterval(() => {}, 60_000), console.log("said");
  said += 1;
  process.send({ type: "process:msg", data: text });
}, 5);`,
  );
  await home.ok("start", talks, "--name", "talks");
  await until("all to be said", () => home.log("talks-out.log") === "said\n");
  await home.ok("ls");
  // What is waiting in the socket is read, and then its end.
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(60 * 200_000);
});
