import {
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Agent } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { isThere, processesOf, testHome, type TestHome } from "../support/home.ts";
import { askOnce, startLoad } from "../support/load.ts";
import { forgetSpawn } from "../support/journal.ts";
import { freePort } from "../support/ports.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures/cluster", name);

const declare = (home: TestHome, app: Record<string, unknown>): string =>
  home.file("ecosystem.json", JSON.stringify({ apps: [{ name: "web", ...app }] }));

function balancerPid({ paths }: TestHome): number | undefined {
  return processesOf(paths.home).find(({ command }) => command.startsWith("xm balancer: web"))?.pid;
}

test("a killed balancer is replaced, its workers end, and the app serves again", async () => {
  const home = testHome();
  const port = await freePort();
  await home.ok(
    "start",
    declare(home, { script: fixture("plain.cjs"), instances: 2, env: { PORT: port } }),
  );
  const before = (await home.list()).map(({ pid }) => pid ?? 0);
  const balancer = balancerPid(home) ?? 0;
  const slow = fetch(`http://127.0.0.1:${port}/?ms=150`);
  const load = startLoad({ port, connections: 4, keepAlive: false });
  await until("some answers", () => load.count().done > 20);
  process.kill(balancer, "SIGKILL");
  await until("the next balancer's workers", async () => {
    const now = await home.list();
    return now.every(({ pid, status }) => status === "online" && !before.includes(pid ?? 0));
  });
  // Nothing is refused any more.
  const served = load.count();
  await until(
    "answers again",
    () => load.count().done - load.count().failed > served.done - served.failed + 20,
  );
  const { failures } = await load.stop();
  // What had not been accepted yet is lost with the socket; nothing that had been is.
  const unaccepted = ["ECONNREFUSED", "ECONNRESET"];
  expect(Object.keys(failures).filter((why) => !unaccepted.includes(why))).toEqual([]);
  expect((await slow).status).toBe(200);
  expect(before.filter(isThere)).toEqual([]);
  expect(balancerPid(home)).not.toBe(balancer);
  expect(await home.ok("why", "web")).toContain("the end of its balancer asked for a restart");
  expect((await home.list()).map(({ unstableRestarts }) => unstableRestarts)).toEqual([0, 0]);
});

test("a balancer runs under the app's own interpreter, outlives God, and ends with its app", async () => {
  const home = testHome();
  const port = await freePort();
  const interpreter = join(home.folder, "node");
  symlinkSync(process.execPath, interpreter);
  const app = { script: fixture("plain.cjs"), instances: 2, interpreter, env: { PORT: port } };
  await home.ok("start", declare(home, app));
  const balancer = balancerPid(home) ?? 0;
  expect(readFileSync(`/proc/${balancer}/environ`, "utf8").split("\0")).toContain(
    "XM_BALANCER=web",
  );
  expect(readlinkSync(`/proc/${balancer}/exe`)).toBe(readlinkSync(`/proc/${process.pid}/exe`));
  const pids = (await home.list()).map(({ pid }) => pid);
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  expect((await home.list()).map(({ pid }) => pid)).toEqual(pids);
  expect(balancerPid(home)).toBe(balancer);
  await home.ok("reload", "web");
  expect(balancerPid(home)).toBe(balancer);
  await home.ok("delete", "web");
  await until("the balancer to end", () => !isThere(balancer));
  expect(readdirSync(home.paths.balancers)).toEqual([]);
});

test("a worker that ended while no God was there has its exit code, and so has a fork-mode app", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const script = fixture("tells.cjs");
  const file = home.file(
    "ecosystem.json",
    JSON.stringify({
      apps: [
        { name: "worker", script, instances: 1, ready: "spawned", autorestart: false },
        { name: "single", script, autorestart: false },
      ],
    }),
  );
  await home.ok("start", file);
  await until("both to be set up", () =>
    ["worker-out-0", "single-out"].every((name) => home.log(`${name}.log`).includes('"child"')),
  );
  const pids = (await home.list()).map(({ pid }) => pid ?? 0);
  process.kill(home.godPid(), "SIGKILL");
  await until("God to be gone", () => !isThere(home.godPid()));
  for (const pid of pids) process.kill(pid, "SIGUSR2");
  await until("both to have ended", () => !pids.some(isThere));
  const ends = (await home.list()).map(({ name, lastExit }) => [name, lastExit?.code]);
  expect(ends).toEqual([
    ["worker", 42],
    ["single", 42],
  ]);
  expect(readdirSync(home.paths.exits)).toEqual([]);
});

test("an app is what it is under plain node, and nothing of the preload reaches its children", async () => {
  const home = testHome();
  await home.ok("start", fixture("tells.cjs"));
  const told = await until("all three to tell", () => {
    const lines = home
      .log("tells-out.log")
      .split("\n")
      .filter((line) => line.startsWith("{"));
    return lines.length === 3 && lines.map((line) => JSON.parse(line) as { who: string });
  });
  const plain = { execArgv: [], main: true, send: "" };
  const byName = told.toSorted((a, b) => a.who.localeCompare(b.who));
  expect(byName).toEqual([
    { ...plain, who: "app", send: "function" },
    { ...plain, who: "child" },
    { ...plain, who: "thread" },
  ]);
});

test.each(["fork", "cluster"])(
  "messages, actions and metrics of a %s-mode app go on under the next God",
  async (mode) => {
    const home = testHome();
    const app = { script: fixture("tells.cjs"), exec_mode: mode, instances: 1, ready: "spawned" };
    await home.ok("start", declare(home, app));
    const ask = async (): Promise<unknown> => {
      const [detail] = await home.client().details();
      if (detail?.actions.length !== 1) return undefined;
      const [answer] = await home.client().trigger({ ids: [0], action: "status" });
      return answer?.return === detail.pid && detail.metrics["users"]?.value === 7;
    };
    await until("its answer", ask);
    const god = home.godPid();
    process.kill(god, "SIGKILL");
    await home.nextGod(god);
    await until("its answer under the next God", ask);
    expect(await home.ok("trigger", "web", "status")).toMatch(/^web \(0\): \d+\n$/);
    const { code, stderr } = await home.xm("trigger", "web", "nothing");
    expect([code, stderr.includes("it offers status")]).toEqual([1, true]);
  },
);

test("an app whose event loop hangs is restarted, and why says so", async () => {
  const home = testHome();
  const hangs = join(home.folder, "hangs");
  const app = { script: fixture("hangs.cjs"), heartbeat_timeout: 300, env: { HANGS: hangs } };
  await home.ok("start", declare(home, app));
  const { pid } = await home.process("web");
  writeFileSync(hangs, "");
  await until("the hung life to be over", () => !isThere(pid ?? 0));
  rmSync(hangs);
  expect(await home.ok("why", "web")).toContain("a hung event loop (no heartbeat for 300 ms)");
});

test("a stop finishes what is in flight, and drain: false does not", async () => {
  for (const drain of [true, false]) {
    const home = testHome();
    const port = await freePort();
    const app = { script: fixture("plain.cjs"), instances: 1, drain, env: { PORT: port } };
    await home.ok("start", declare(home, app));
    const slow = fetch(`http://127.0.0.1:${port}/?ms=${drain ? 500 : 30_000}`).then(
      ({ status }) => status,
      () => "cut",
    );
    await until("it to serve", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    await home.ok("stop", "web");
    expect(await slow).toBe(drain ? 200 : "cut");
    await home.ok("kill");
  }
});

test("each process has its own port by increment_var and its own number by instance_var", async () => {
  const home = testHome();
  const app = {
    script: fixture("tells.cjs"),
    exec_mode: "fork",
    instances: 2,
    increment_var: "PORT",
    instance_var: "NODE_APP_INSTANCE",
    env: { PORT: 4_000 },
  };
  await home.ok("start", declare(home, app));
  const lines = (id: number): string => home.log(`web-out-${id}.log`);
  await until("both to tell", () => lines(0).includes("port") && lines(1).includes("port"));
  expect(lines(0)).toContain("instance 0 port 4000");
  expect(lines(1)).toContain("instance 1 port 4001");
});

test("a probe decides when a process is online", async () => {
  const home = testHome();
  const port = await freePort();
  const mark = join(home.folder, "up");
  const base = { script: fixture("plain.cjs"), listen_timeout: "60s", env: { PORT: port } };
  for (const ready of [
    { http: `http://127.0.0.1:${port}/` },
    { tcp: port },
    { command: `test -f ${mark}` },
  ]) {
    rmSync(mark, { force: true });
    const starting = home.ok("start", declare(home, { ...base, ready }));
    if ("command" in ready) {
      await until("it to be starting", async () => (await home.list())[0]?.status === "starting");
      writeFileSync(mark, "");
    }
    await starting;
    const { status, readiness } = await home.process("web");
    expect([status, readiness]).toEqual(["online", "ready"]);
    await home.ok("delete", "web");
  }
});

test("stack traces show the source when a map lies beside the script", async () => {
  const home = testHome();
  const { build } = await import("esbuild");
  const entry = home.file("thrower.ts", "const at: string = 'source';\nthrow new Error(at);\n");
  const outfile = join(home.folder, "thrower.cjs");
  await build({ entryPoints: [entry], outfile, sourcemap: true, minify: true });
  await home.ok("start", outfile, "--no-autorestart");
  await until("its end", () => home.log("thrower-error.log").includes("Node.js v"));
  expect(home.log("thrower-error.log")).toContain("thrower.ts:2");
});

test.each(["SIGCONT", "SIGKILL"])(
  "workers share connections that come at once; a stopped one's wait for its %s, and nobody's is lost",
  async (signal) => {
    const home = testHome();
    const port = await freePort();
    const app = { script: fixture("plain.cjs"), instances: 2, env: { PORT: port } };
    await home.ok("start", declare(home, app));
    const [first = 0, second = 0] = (await home.list()).map(({ pid }) => pid ?? 0);
    process.kill(second, "SIGSTOP");
    const agents = Array.from({ length: 40 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    onTestFinished(() => {
      for (const agent of agents) agent.destroy();
    });
    const counts: Record<string, number> = {};
    const count = (who: string): void => void (counts[who] = (counts[who] ?? 0) + 1);
    const asked = agents.map((agent) =>
      askOnce(port, agent).then(count, (error: NodeJS.ErrnoException) => count(error.code ?? "")),
    );
    await until("the first worker to serve what it keeps", () => (counts[first] ?? 0) >= 12);
    process.kill(second, signal);
    await Promise.all(asked);
    const pids = (await home.list()).map(({ pid }) => String(pid));
    expect(Object.keys(counts).filter((who) => !pids.includes(who))).toEqual([]);
    if (signal === "SIGKILL") return;
    const kept = counts[first] ?? 0;
    expect([kept >= 12, kept <= 30, Object.keys(counts).length]).toEqual([true, true, 2]);
  },
);

test("workers whose spawn the journal never told of are found and adopted", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  const port = await freePort();
  const app = { script: fixture("plain.cjs"), instances: 2, env: { PORT: port } };
  await home.ok("start", declare(home, app));
  const before = (await home.list()).map(({ pid }) => pid);
  process.kill(home.godPid(), "SIGKILL");
  await until("God to be gone", () => !isThere(home.godPid()));
  forgetSpawn(home.paths.state);
  await home.ok("ping");
  expect((await home.list()).map(({ pid, status }) => [pid, status])).toEqual(
    before.map((pid) => [pid, "online"]),
  );
});
