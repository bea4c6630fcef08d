import { createSocket } from "node:dgram";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificate, reloadUnder, startCluster } from "../support/cluster.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome } from "../support/home.ts";
import { startHttp2Load } from "../support/http2-load.ts";
import { startLoad } from "../support/load.ts";
import { freePort } from "../support/ports.ts";

const keptAlive = { connections: 6, keepAlive: true };

test.each([
  ["a CommonJS app", "commonjs.js"],
  ["an ES module with a top-level await", "awaits.mjs"],
  ["a TypeScript app", "typed.mts"],
  ["an Express app", "express.js"],
  ["a Fastify app", "fastify.js"],
  ["an app with shutdown code for another signal than its stop signal", "custom-server.js"],
])("%s is reloaded under load and fails no request", async (_, program) => {
  const port = await freePort();
  const app = await startCluster(testHome(), { program, env: { PORT: port } });
  await reloadUnder(app, [startLoad({ port, ...keptAlive })]);
});

test("a custom server that shuts itself down gets its signal at a reload and fails no request", async () => {
  const home = testHome();
  const port = await freePort();
  const app = await startCluster(home, {
    program: "custom-server.js",
    env: { PORT: port },
    fields: { kill_signal: "SIGTERM", merge_logs: true },
  });
  const before = await app.pids();
  await reloadUnder(app, [startLoad({ port, ...keptAlive })]);
  expect(home.log("app-out.log")).toBe(before.map((pid) => `${pid} shuts down\n`).join(""));
});

test("an app with two ports is reloaded under load on both and fails no request", async () => {
  const [port, other] = [await freePort(), await freePort()];
  const app = await startCluster(testHome(), {
    program: "two-ports.js",
    env: { PORT: port, OTHER_PORT: other },
  });
  await reloadUnder(app, [
    startLoad({ port, ...keptAlive }),
    startLoad({ port: other, ...keptAlive }),
  ]);
});

test("an app on a unix socket is reloaded under load and fails no request", async () => {
  const home = testHome();
  const socketPath = join(home.folder, "app.sock");
  const app = await startCluster(home, { program: "unix-socket.js", env: { SOCKET: socketPath } });
  await reloadUnder(app, [startLoad({ socketPath, ...keptAlive })]);
});

test("port 0 is one port for every process, before and after a reload that fails no request", async () => {
  const home = testHome();
  const app = await startCluster(home, { program: "port-zero.js", fields: { merge_logs: true } });
  const lines = (): string[] => home.log("app-out.log").split("\n");
  const [line = ""] = await until("two ports", () => lines().length > 2 && lines());
  await reloadUnder(app, [startLoad({ port: Number(line.slice("port ".length)), ...keptAlive })]);
  expect(lines()).toEqual([line, line, line, line, ""]);
});

const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);
test.skipIf(!hasIpv6)(
  "an app on an IPv6 address is reloaded under load and fails no request",
  async () => {
    const port = await freePort("::1");
    const app = await startCluster(testHome(), { program: "ipv6.js", env: { PORT: port } });
    await reloadUnder(app, [startLoad({ host: "::1", port, ...keptAlive })]);
  },
);

test("an HTTPS app is reloaded under load and fails no request", async () => {
  const home = testHome();
  const { key, cert, ca } = certificate(home);
  const port = await freePort();
  const env = { PORT: port, KEY: key, CERT: cert };
  const app = await startCluster(home, { program: "https.js", env });
  await reloadUnder(app, [startLoad({ port, ca, ...keptAlive })]);
});

test("an HTTP/2 app without TLS is told to go away at a reload and fails no stream", async () => {
  const port = await freePort();
  const app = await startCluster(testHome(), { program: "http2.js", env: { PORT: port } });
  const load = startHttp2Load({ url: `http://127.0.0.1:${port}`, sessions: 4, streams: 3 });
  await reloadUnder(app, [load]);
  expect(load.opened()).toBeGreaterThan(4);
});

test("an HTTP/2 app over TLS is told to go away at a reload and fails no stream", async () => {
  const home = testHome();
  const { key, cert, ca } = certificate(home);
  const port = await freePort();
  const env = { PORT: port, KEY: key, CERT: cert };
  const app = await startCluster(home, { program: "http2.js", env });
  const load = startHttp2Load({ url: `https://127.0.0.1:${port}`, ca, sessions: 4, streams: 3 });
  await reloadUnder(app, [load]);
  expect(load.opened()).toBeGreaterThan(4);
});

test("the GOAWAY of a reload names the last stream that was taken, so that a later one is asked elsewhere", async () => {
  const port = await freePort();
  const app = await startCluster(testHome(), { program: "http2.js", env: { PORT: port } });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const told: number[][] = [];
  let isClosed = false;
  session.on("goaway", (code, lastStream) => told.push([code, lastStream]));
  session.on("close", () => (isClosed = true));
  let answer = "";
  const stream = session.request({ ":path": "/" });
  stream.setEncoding("utf8").on("data", (text: string) => (answer += text));
  await until("the answer", () => stream.closed);
  expect(await app.pids()).toContain(Number(answer));
  await app.reload();
  await until("the end of the session", () => isClosed);
  expect(told[0]).toEqual([0, stream.id]);
});

test("a UDP app answers before and after a reload", async () => {
  const port = await freePort();
  const app = await startCluster(testHome(), { program: "udp.js", env: { PORT: port } });
  const socket = createSocket("udp4");
  const answers: number[] = [];
  socket.on("message", (message) => answers.push(Number(message.toString())));
  const answered = (pids: readonly number[]): Promise<unknown> =>
    until("an answer", () => {
      // A datagram may get lost: that is UDP's, and not the reload's.
      socket.send("who?", port, "127.0.0.1");
      return answers.some((pid) => pids.includes(pid));
    });
  const before = await app.pids();
  await answered(before);
  await app.reload();
  const after = await app.pids();
  await answered(after);
  socket.close();
  expect(new Set([...before, ...after]).size).toBe(4);
});

test("an upgraded connection stays usable during a reload until drain_timeout, and then ends", async () => {
  const port = await freePort();
  const drainMs = 2_000;
  const app = await startCluster(testHome(), {
    program: "upgrades.js",
    env: { PORT: port },
    fields: { drain_timeout: drainMs },
  });
  const socket = connect(port, "127.0.0.1");
  let said = "";
  let endedAt: number | undefined;
  socket.setEncoding("utf8").on("data", (text: string) => (said += text));
  socket.on("close", () => (endedAt = performance.now()));
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  const [, told] = await until("the upgrade", () => /\r\n\r\n(\d+)\n/.exec(said));
  const pid = Number(told);
  said = "";

  const beganAt = performance.now();
  const reloading = reloadUnder(app, [startLoad({ port, ...keptAlive })]);
  await until("the process to be replaced", async () => !(await app.pids()).includes(pid));
  socket.write("still there?");
  await until("the echo", () => said === "still there?");
  expect([isThere(pid), endedAt]).toEqual([true, undefined]);
  const drainedMs = (await until("its end", () => endedAt)) - beganAt;
  await reloading;
  expect([drainedMs >= drainMs, isThere(pid)]).toEqual([true, false]);
});
