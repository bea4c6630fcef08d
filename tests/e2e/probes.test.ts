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
    async () => (await home.process("loop")).lastExit?.verdict?.why.includes("does not turn"),
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
      { name: "d", script, instances: 2, readiness_probe: { tcp_socket: 80 } },
    ]),
  );
  expect(code).toBe(1);
  for (const words of [
    "apps[0].liveness_probe: expected { http_get",
    "apps[1].liveness_probe: log is for startup_probe alone",
    "apps[2].startup_probe: contradicts ready and wait_ready",
    "apps[3].readiness_probe: the processes of a cluster share their port",
  ])
    expect(stderr).toContain(words);
});
