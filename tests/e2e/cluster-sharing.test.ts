import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";

const script = join(import.meta.dirname, "../fixtures/cluster/tells-pid.cjs");

const start = (home: TestHome, app: Record<string, unknown>): Promise<string> => {
  const apps = [{ name: "web", script, instances: 2, ...app }];
  return home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps })));
};

/** A connection that stays, and the pid that answers it. */
async function stay(port: number, localAddress = "127.0.0.1"): Promise<string> {
  const socket: Socket = connect({ port, host: "127.0.0.1", localAddress });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  const [pid] = (await once(socket, "data")) as [Buffer];
  return pid.toString().trim();
}

const countsOf = (pids: readonly string[]): number[] =>
  [...new Set(pids)].map((pid) => pids.filter((each) => each === pid).length).sort((a, b) => a - b);

test("few connections that stay are spread evenly, be they opened at once or one after the other", async () => {
  for (const atOnce of [true, false]) {
    const home = testHome();
    const port = await freePort();
    await start(home, { env: { PORT: port } });
    const pids: string[] = [];
    if (atOnce) pids.push(...(await Promise.all([1, 2, 3, 4, 5, 6].map(() => stay(port)))));
    else for (let count = 0; count < 6; count += 1) pids.push(await stay(port));
    // Two that accept in the same instant do not know of one another's yet.
    if (atOnce) expect(Math.max(...countsOf(pids))).toBeLessThanOrEqual(4);
    else expect(countsOf(pids)).toEqual([3, 3]);
    await home.ok("kill");
  }
}, 120_000);

test("sticky: one client's connections go to one worker, other clients' to others, and a reload keeps them together", async () => {
  const home = testHome();
  const port = await freePort();
  await start(home, { scheduling: "sticky", instances: 3, env: { PORT: port } });
  const addresses = Array.from({ length: 24 }, (_, index) => `127.0.0.${index + 1}`);
  const workersOf = async (): Promise<string[]> =>
    Promise.all(
      addresses.map(async (address) => {
        const pids = await Promise.all([1, 2, 3].map(() => stay(port, address)));
        expect(new Set(pids).size).toBe(1);
        return pids[0] ?? "";
      }),
    );
  const before = await workersOf();
  expect(new Set(before).size).toBe(3);
  const ids = new Map((await home.list()).map(({ id, pid }) => [String(pid), id]));
  const idsBefore = before.map((pid) => ids.get(pid));
  await home.ok("reload", "web");
  const after = new Map((await home.list()).map(({ id, pid }) => [String(pid), id]));
  expect((await workersOf()).map((pid) => after.get(pid))).toEqual(idsBefore);
}, 120_000);

test.each([
  ["without shutdown code", {}],
  ["with shutdown code of its own", { OWN_CODE: "1" }],
])(
  "sticky: all the while a reload of an app %s goes on, each client's connections go to the same instance",
  async (_, env) => {
    const home = testHome();
    const port = await freePort();
    const own = join(import.meta.dirname, "../fixtures/cluster/tells-instance.cjs");
    const sticky = { scheduling: "sticky", instances: 3, env: { PORT: port, ...env } };
    await start(home, { script: own, ...sticky });
    const state = { isOver: false };
    const visits = Array.from({ length: 12 }, async (_, index) => {
      const counts: Record<string, number> = {};
      while (!state.isOver) {
        const instance = await stay(port, `127.0.0.${index + 1}`);
        counts[instance] = (counts[instance] ?? 0) + 1;
      }
      return counts;
    });
    await home.ok("reload", "web");
    await home.ok("reload", "web");
    state.isOver = true;
    const seen = await Promise.all(visits);
    expect(seen.map((counts) => Object.keys(counts).length)).toEqual(seen.map(() => 1));
  },
  120_000,
);

test("a replacement is ready when every port is there that the process before listened on", async () => {
  const home = testHome();
  const [port, second] = [await freePort(), await freePort()];
  const env = { PORT: port, SECOND: second, LATER_MS: 1_500 };
  await start(home, { instances: 1, listen_timeout: 30_000, env });
  await until("the second port", () => stay(second).catch(() => false));
  let failed = 0;
  const state = { isOver: false };
  const asks = (async () => {
    while (!state.isOver) {
      const socket = connect(second, "127.0.0.1");
      const isAnswered = await Promise.race([
        once(socket, "data").then(
          () => true,
          () => false,
        ),
        once(socket, "close").then(() => false),
      ]);
      if (!isAnswered) failed += 1;
      socket.destroy();
    }
  })();
  await home.ok("reload", "web");
  state.isOver = true;
  await asks;
  expect(failed).toBe(0);
}, 120_000);

test("each worker of two clusters with --inspect has a port of its own", async () => {
  const home = testHome();
  const ports = [await freePort(), await freePort()];
  const inspect = await freePort();
  const apps = ports.map((port, index) => ({
    name: `web${index}`,
    script,
    instances: 2,
    node_args: `--inspect=127.0.0.1:${inspect}`,
    env: { PORT: port },
    listen_timeout: 30_000,
  }));
  await home.ok("start", home.file("ecosystem.json", JSON.stringify({ apps })));
  const list = await home.list();
  expect(list.map(({ status, restarts }) => [status, restarts])).toEqual(
    list.map(() => ["online", 0]),
  );
  const errorLogs = (): string => {
    const logs = [0, 1].flatMap((app) =>
      [0, 1, 2, 3].map((id) => home.log(`web${app}-error-${id}.log`)),
    );
    return [...logs, home.log("web0-error.log"), home.log("web1-error.log")].join("");
  };
  const opened = (): number[] =>
    [...errorLogs().matchAll(/listening on ws:\/\/127\.0\.0\.1:(\d+)\//g)].map(([, at]) =>
      Number(at),
    );
  const said = await until("all inspectors", () => opened().length >= 4 && opened(), {
    saw: errorLogs,
  });
  expect(new Set(said).size).toBe(4);
  expect(Math.min(...said)).toBeGreaterThanOrEqual(inspect);
}, 120_000);

test("a second app on the port of another ends, and its log names the other", async () => {
  const home = testHome();
  const port = await freePort();
  const app = {
    script,
    instances: 1,
    autorestart: false,
    listen_timeout: 20_000,
    env: { PORT: port },
  };
  const apps = ["first", "second"].map((name) => ({ ...app, name }));
  await home.ok("start", home.file("first.json", JSON.stringify({ apps: apps.slice(0, 1) })));
  await home.xm("start", home.file("second.json", JSON.stringify({ apps: apps.slice(1) })));
  const said = (): string => home.log("second-error-1.log") + home.log("second-error.log");
  await until("the reason", () => said().includes("EADDRINUSE"));
  expect(said()).toContain(
    `xm: port ${port} belongs to the app "first"; two apps do not share a port`,
  );
}, 120_000);

test("a worker that never listens since a library leaves that to a primary says what to do", async () => {
  const home = testHome();
  const folder = join(home.folder, "node_modules/@socket.io/sticky");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "index.js"),
    "exports.setupWorker = () => process.on('message', ({ type }) => type === 'sticky:connection');",
  );
  const file = home.file("chat.js", `require("@socket.io/sticky").setupWorker();`);
  const started = await home.ok("start", file, "-i", "1", "--listen-timeout", "2000");
  expect(started).toContain("has not listened on any port within its listen_timeout");
  expect(await home.ok("why", "chat")).toContain("has not listened on any port");
  const said = (): string => home.log("chat-error-0.log") + home.log("chat-error.log");
  await until("the reason", () => said().includes("setupWorker"), { saw: said });
  expect(said()).toContain("@socket.io/sticky leaves that to a primary");
  expect(said()).toContain('scheduling: "sticky"');
});
