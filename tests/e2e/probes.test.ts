import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { freePort } from "../support/ports.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** Answers as files beside it say: 200 while `ok` is there, nothing while `hang` is there, else 503. */
const server = (home: TestHome, port: number): string =>
  home.file(
    "server.cjs",
    `
const { existsSync } = require("node:fs");
const is = (name) => existsSync(${JSON.stringify(home.folder)} + "/" + name);
require("node:http").createServer((request, response) => {
  if (is("hang")) return;
  response.writeHead(is("ok") ? 200 : 503).end();
}).listen(${port}, "127.0.0.1");
`,
  );

const declare = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

const probe = (port: number, more: object = {}): object => ({
  http_get: { path: "/healthz", port },
  period: 200,
  timeout: 1_000,
  ...more,
});

test("readiness is seen and restarts nothing; what depends on it waits for it", async () => {
  const home = testHome();
  const port = await freePort();
  const plain = home.file("plain.cjs", "setInterval(() => {}, 1_000);");
  const starting = home.xm(
    "start",
    declare(home, [
      { name: "web", script: plain, depends_on: ["api"] },
      { name: "api", script: server(home, port), readiness_probe: probe(port) },
    ]),
  );
  await until(
    "what was found",
    async () => (await home.list()).find(({ name }) => name === "api")?.health === "unhealthy",
    { withinMs: 60_000 },
  );
  const api = await home.process("api");
  // It may not listen yet.
  const found = /^(HTTP 503|ECONNREFUSED), 3 times in a row$/;
  expect([api.status, api.finding]).toEqual(["online", expect.stringMatching(found)]);
  expect((await home.process("web")).status).toBe("pending");
  expect(await home.ok("ls")).toContain("online, unhealthy");
  expect(await home.ok("why", "api")).toMatch(
    /It is unhealthy \((HTTP 503|ECONNREFUSED), 3 times in a row\)\./,
  );
  const [, entry] = JSON.parse(await home.ok("jlist")) as { pm2_env: Record<string, unknown> }[];
  expect([entry?.pm2_env["status"], entry?.pm2_env["health"]]).toEqual(["online", "unhealthy"]);
  home.file("ok", "");
  expect((await starting).code).toBe(0);
  expect([(await home.process("web")).status, (await home.process("api")).health]).toEqual([
    "online",
    "healthy",
  ]);
  expect([(await home.process("api")).restarts, (await home.process("api")).pid]).toEqual([
    0,
    api.pid,
  ]);
});

test("a service that hangs is restarted under its policy, also by the next God", async () => {
  const home = testHome();
  const port = await freePort();
  home.file("ok", "");
  await home.ok(
    "start",
    declare(home, [
      {
        name: "api",
        script: server(home, port),
        startup_probe: { tcp_socket: port, failure_threshold: 200 },
        liveness_probe: probe(port),
      },
    ]),
  );
  const healthy = () =>
    until("health", async () => (await home.process("api")).health === "healthy", {
      withinMs: 60_000,
    });
  await healthy();
  const { pid } = await home.process("api");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await healthy();
  expect((await home.process("api")).pid).toBe(pid);
  home.file("hang", "");
  // It still accepts connections, and answers nothing.
  await until(
    "the end of its life",
    async () =>
      (await home.process("api")).lastExit?.verdict?.why ===
      "no answer within 1000 ms, 3 times in a row",
    { withinMs: 60_000 },
  );
  rmSync(join(home.folder, "hang"));
  await healthy();
  const api = await home.process("api");
  expect(api.pid).not.toBe(pid);
  expect(api.restarts).toBeGreaterThan(0);
  expect(await home.ok("why", "api")).toMatch(
    /its liveness probe failed: no answer within 1000 ms, 3 times in a row\)/,
  );
});

test("a startup probe that runs out is a failed start; one that succeeds by a line is a start", async () => {
  const home = testHome();
  const port = await freePort();
  const failing = declare(home, [
    {
      name: "api",
      script: server(home, port),
      max_restarts: 1,
      startup_probe: probe(port, { failure_threshold: 2 }),
    },
  ]);
  const { code, stderr } = await home.xm("start", failing);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/its startup probe failed: (HTTP 503|ECONNREFUSED), 2 times in a row/),
  ]);
  const speaks = home.file(
    "speaks.cjs",
    `setTimeout(() => console.log("now listening on 1"), 300); setInterval(() => {}, 1_000);`,
  );
  await home.ok(
    "start",
    declare(home, [
      {
        name: "line",
        script: speaks,
        startup_probe: { log: "listening on", failure_threshold: 200 },
      },
      {
        name: "command",
        script: speaks,
        startup_probe: { exec: 'test -n "$HERE"', failure_threshold: 200 },
        env: { HERE: "1" },
      },
    ]),
  );
  const list = await home.list();
  expect(list.slice(1).map(({ status, readiness }) => [status, readiness])).toEqual([
    ["online", "ready"],
    ["online", "ready"],
  ]);
});

test("an event loop that does not turn fails its heartbeat", async () => {
  const home = testHome();
  const script = home.file(
    "loop.cjs",
    `setTimeout(() => { if (!process.env.AGAIN) for (;;); }, 2_000); setInterval(() => {}, 100);`,
  );
  await home.ok(
    "start",
    declare(home, [
      {
        name: "loop",
        script,
        kill_timeout: 200,
        liveness_probe: { heartbeat: true, period: 500, failure_threshold: 4 },
      },
    ]),
  );
  await until(
    "the verdict",
    async () => (await home.process("loop")).lastExit?.verdict?.why.includes("is blocked"),
    { withinMs: 60_000 },
  );
});

test("what cannot be is refused with words", async () => {
  const home = testHome();
  const script = home.file("plain.cjs", "setInterval(() => {}, 1_000);");
  const { code, stderr } = await home.xm(
    "start",
    declare(home, [
      { name: "a", script, liveness_probe: { http_get: { port: 0 } } },
      { name: "b", script, liveness_probe: { log: "x" } },
      { name: "c", script, wait_ready: true, startup_probe: { tcp_socket: 1 } },
      { name: "d", script, readiness_probe: { tcp_socket: 80, grace_period: "1s" } },
      { name: "e", script, startup_probe: { event_loop: { max_delay: "1s" } } },
    ]),
  );
  expect(code).toBe(1);
  for (const words of [
    "apps[0].liveness_probe: expected { http_get",
    "apps[1].liveness_probe: log is valid only in startup_probe",
    "apps[2].startup_probe: cannot be combined with ready or wait_ready",
    "apps[3].readiness_probe: grace_period is valid only for probes that stop the process",
    "apps[4].startup_probe: event_loop is valid only in liveness_probe",
  ])
    expect(stderr).toContain(words);
});

/** A worker of a cluster that says which it is; a file with its number makes its `/ready` answer 503, another one its `/alive` nothing. */
const worker = (home: TestHome): string =>
  home.file(
    "worker.cjs",
    `
const { existsSync } = require("node:fs");
const is = (name) => existsSync(${JSON.stringify(home.folder)} + "/" + name + process.env.NODE_APP_INSTANCE);
const server = require("node:http").createServer((request, response) => {
  if (request.url === "/alive" && is("hung")) return;
  response.writeHead(request.url === "/ready" && is("busy") ? 503 : 200, { connection: "close" });
  response.end(process.env.NODE_APP_INSTANCE);
});
let listening = 0;
server.on("listening", () => console.log("listening", ++listening));
server.listen(Number(process.env.PORT), "127.0.0.1");
`,
  );

/** Who has answered of many requests. */
async function answerers(port: number, count = 60): Promise<string[]> {
  const seen = new Set<string>();
  for (let asked = 0; asked < count; asked += 1)
    seen.add(await (await fetch(`http://127.0.0.1:${port}/`)).text());
  return [...seen].sort();
}

test.each(["shared", "round-robin"])(
  "a worker whose readiness fails is out of traffic until it succeeds, the last one never: %s",
  async (scheduling) => {
    const home = testHome();
    const port = await freePort();
    await home.ok(
      "start",
      declare(home, [
        {
          name: "web",
          script: worker(home),
          instances: 2,
          exec_mode: "cluster",
          scheduling,
          env: { PORT: port },
          readiness_probe: {
            http_get: { path: "/ready", port: "$PORT" },
            period: 200,
            timeout: 10_000,
          },
        },
      ]),
    );
    const [first] = await home.list();
    const states = async (): Promise<[string | null, boolean][]> =>
      (await home.list()).map(({ health, outOfTraffic }) => [health, outOfTraffic]);
    const become = (wanted: [string, boolean][]): Promise<unknown> =>
      until(
        JSON.stringify(wanted),
        async () => JSON.stringify(await states()) === JSON.stringify(wanted),
        { withinMs: 60_000 },
      );
    await become([
      ["healthy", false],
      ["healthy", false],
    ]);
    home.file("busy0", "");
    await become([
      ["unhealthy", true],
      ["healthy", false],
    ]);
    expect(await answerers(port)).toEqual(["1"]);
    expect(await home.ok("why", String(first?.id))).toContain(
      "The other processes of its cluster take its connections.",
    );
    // The next God knows, and continues from there.
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    await become([
      ["unhealthy", true],
      ["healthy", false],
    ]);
    expect(await answerers(port)).toEqual(["1"]);
    home.file("busy1", "");
    await become([
      ["unhealthy", false],
      ["unhealthy", false],
    ]);
    await until("both answer", async () => (await answerers(port)).length === 2, {
      withinMs: 60_000,
    });
    rmSync(join(home.folder, "busy0"));
    await become([
      ["healthy", false],
      ["unhealthy", true],
    ]);
    expect(await answerers(port)).toEqual(["0"]);
    expect((await home.list()).map(({ restarts }) => restarts)).toEqual([0, 0]);
    // The app's own code was told of none of it.
    const log = await home.ok("logs", "web", "--nostream", "--raw", "--lines", "50");
    expect(log).not.toContain("listening 2");
    await home.ok("reload", "web");
  },
);

test("a hung worker is replaced first, and its time is what the probe grants", async () => {
  const home = testHome();
  const port = await freePort();
  await home.ok(
    "start",
    declare(home, [
      {
        name: "web",
        script: worker(home),
        instances: 1,
        exec_mode: "cluster",
        env: { PORT: port },
        liveness_probe: {
          http_get: { path: "/alive", port: "$PORT" },
          period: 200,
          timeout: 2_000,
          failure_threshold: 2,
          grace_period: 300,
        },
      },
    ]),
  );
  const { pid } = await home.process("web");
  home.file("hung0", "");
  await until("its replacement", async () => (await home.process("web")).pid !== pid, {
    withinMs: 60_000,
  });
  rmSync(join(home.folder, "hung0"));
  await until("health", async () => (await home.process("web")).health === "healthy", {
    withinMs: 60_000,
  });
  expect(await home.ok("why", "web")).toContain(
    "Replaced while it served, because a failed liveness probe (no answer within 2000 ms, 2 times in a row) asked for a restart.",
  );
});

test("an event loop that stands still too long fails its probe, in a cluster and alone", async () => {
  const home = testHome();
  const script = home.file(
    "busy.cjs",
    `
require("node:http").createServer(() => {}).listen(0);
setInterval(() => {
  if (process.env.CALM) return;
  const end = Date.now() + 400;
  while (Date.now() < end);
}, 500);`,
  );
  const liveness_probe = { event_loop: { max_delay: 200 }, period: 1_000, failure_threshold: 2 };
  await home.ok(
    "start",
    declare(home, [
      { name: "alone", script, liveness_probe },
      { name: "cluster", script, liveness_probe, instances: 1, exec_mode: "cluster" },
      {
        name: "calm",
        script,
        env: { CALM: 1 },
        liveness_probe: { event_loop: { max_delay: "30s" }, period: 500, timeout: "20s" },
      },
    ]),
  );
  await until(
    "a verdict",
    async () => (await home.process("alone")).lastExit?.verdict?.why.includes("was blocked for"),
    { withinMs: 60_000 },
  );
  await until(
    "a replacement",
    async () => (await home.ok("why", "cluster")).includes("its event loop was blocked for"),
    { withinMs: 60_000 },
  );
  await until("health", async () => (await home.process("calm")).health === "healthy", {
    withinMs: 60_000,
  });
});
