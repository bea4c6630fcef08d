import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Agent } from "node:http";
import { hasReusePort } from "../../runtime/host/reuse-port.ts";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { until } from "../support/condition.ts";
import { askOnce, startLoad, type LoadResult } from "../support/load.ts";
import { ratio, type Figure } from "./figures.ts";
import { interleave, median, pause, run } from "./measure.ts";
import { put, type Manager } from "./manager.ts";

const plain = [
  'const { createServer } = require("node:http");',
  'createServer((_, response) => response.end(String(process.pid))).listen(Number(process.env.PORT), "127.0.0.1");',
].join("\n");
const ownHandler = [
  'const { createServer } = require("node:http");',
  "const server = createServer((_, response) => response.end(String(process.pid)));",
  'server.listen(Number(process.env.PORT), "127.0.0.1", () => process.send("ready"));',
  'process.on("SIGINT", () => server.close(() => process.exit(0)));',
].join("\n");
const onlyCloses = ownHandler
  .replace("() => process.exit(0)", "() => {}")
  .replace(', () => process.send("ready")', "");

/** Starts a cluster of two under a manager, and gives its port. */
async function cluster(
  each: Manager,
  script: string,
  fields: Record<string, unknown> = {},
): Promise<number> {
  const port = await freePort();
  const app = {
    name: "web",
    script: put(each, "web.cjs", script),
    instances: 2,
    exec_mode: "cluster",
    env: { PORT: port },
    ...fields,
  };
  await each.call("start", put(each, "web.json", JSON.stringify({ apps: [app] })));
  await until("it to serve", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return port;
}

/** Requests that fail while something is done to the app. */
async function failuresOf(
  port: number,
  keepAlive: boolean,
  disturb: () => Promise<unknown>,
): Promise<LoadResult> {
  const load = startLoad({ port, connections: 16, keepAlive });
  await pause(500);
  await disturb();
  await pause(500);
  return load.stop();
}

const tell = ({ failed, done }: LoadResult): string => `${failed} of ${done}`;

/** Failed requests during reloads and the daemon's death; how long a reload takes; a broken new version. */
export async function reloads(managers: readonly Manager[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (name: string, goal: string, values: Record<string, string>): void =>
    void figures.push({ name, goal, values });

  const fiveReloads = async (
    name: string,
    script: string,
    options: { keepAlive: boolean; fields?: Record<string, unknown> },
  ): Promise<void> => {
    const values: Record<string, string> = {};
    for (const each of managers) {
      const port = await cluster(each, script, options.fields);
      const result = await failuresOf(port, options.keepAlive, async () => {
        for (let round = 0; round < 5; round += 1) await each.call("reload", "web");
      });
      values[each.name] = tell(result);
      await each.call("delete", "all");
    }
    add(`failed requests, 5 reloads, ${name}`, "0", values);
  };
  await fiveReloads("16 kept-alive connections, plain app", plain, { keepAlive: true });
  await fiveReloads("a fresh connection each, plain app", plain, { keepAlive: false });
  await fiveReloads("a fresh connection each, own SIGINT handler and wait_ready", ownHandler, {
    keepAlive: false,
    fields: { wait_ready: true },
  });
  await fiveReloads("16 kept-alive connections, own SIGINT handler and wait_ready", ownHandler, {
    keepAlive: true,
    fields: { wait_ready: true },
  });

  const killed: Record<string, string> = {};
  const broken: Record<string, string> = {};
  const times: Record<string, number[]> = {};
  const closing: Record<string, number[]> = {};
  for (const each of managers) {
    await cluster(each, onlyCloses);
    for (let round = 0; round < 5; round += 1) {
      (closing[each.name] ??= []).push((await each.call("reload", "web")).ms);
    }
    await each.call("delete", "all");
    const port = await cluster(each, plain);
    for (let round = 0; round < 5; round += 1) {
      (times[each.name] ??= []).push((await each.call("reload", "web")).ms);
    }
    const before = (await each.jlist()).map(({ pid }) => pid);
    put(each, "web.cjs", 'throw new Error("broken");');
    let code: number | null = 0;
    const bad = await failuresOf(port, false, async () => {
      ({ code } = await each.call("reload", "web"));
    });
    const kept = (await each.jlist()).filter(({ pid }) => before.includes(pid)).length;
    broken[each.name] = `${kept} of 2 old ones serve, ${tell(bad)} failed, exit ${code}`;
    await each.call("delete", "all");

    const again = await cluster(each, plain);
    const result = await failuresOf(again, false, async () => {
      process.kill(each.godPid(), "SIGKILL");
      await pause(1_000);
      const reloading = each.call("reload", "web");
      await pause(150);
      process.kill(each.godPid(), "SIGKILL");
      await reloading;
      await pause(1_000);
    });
    killed[each.name] = tell(result);
    await each.call("delete", "all");
  }
  add("failed requests, daemon killed -9 under load and in the middle of a reload", "0", killed);
  const took = (of: typeof times): Record<string, string> =>
    Object.fromEntries(
      managers.map(({ name }) => [name, `${(median(of[name] ?? []) / 1_000).toFixed(2)} s`]),
    );
  add("reload of 2 instances, nothing in flight", "≤ 0.5 s", took(times));
  add(
    "the same, of a program whose shutdown code only closes its server",
    "≤ 0.5 s",
    took(closing),
  );
  add("a broken new version reloaded under load", "old ones serve, 0 failed, exit ≠ 0", broken);
  return figures;
}

/** What the preload adds to the start of a Node program, and to its memory. */
export async function preload(rounds: number): Promise<Figure[]> {
  const file = join(import.meta.dirname, "../../dist/bin/preload.cjs");
  const options = {
    v: 1,
    life: "bench",
    socket: "/nonexistent",
    parent: process.pid,
    isWorker: false,
    exits: "/nonexistent",
    drain: true,
    heartbeatMs: null,
    sourceMaps: false,
    reusesPort: false,
  };
  const env = { ...process.env, XM_PRELOAD: JSON.stringify(options) };
  const memory: Record<string, number[]> = {};
  const start = (name: string, args: readonly string[]) => async (): Promise<number> => {
    const program = "process.stdout.write(String(process.memoryUsage().rss))";
    const { ms, stdout } = await run([process.execPath, ...args, "-e", program], { env });
    (memory[name] ??= []).push(Number(stdout));
    return ms;
  };
  const times = await interleave(rounds, {
    node: start("node", []),
    preload: start("preload", ["--require", file]),
  });
  const addedMs = (times["preload"] ?? 0) - (times["node"] ?? 0);
  const addedKb = (median(memory["preload"] ?? []) - median(memory["node"] ?? [])) / 1024;
  return [
    {
      name: "the preload adds to a Node program",
      goal: "≤ 5 ms, ≤ 1 MB",
      values: { xm: `${addedMs.toFixed(1)} ms, ${addedKb.toFixed(0)} KB` },
    },
  ];
}

/** Requests per second by `wrk`, which is not slower than what it measures. */
async function requestsPerSecond(port: number, isFresh: boolean): Promise<number> {
  const header = isFresh ? ["-H", "Connection: close"] : [];
  const command = ["wrk", "-t1", "-c64", "-d2s", ...header, `http://127.0.0.1:${port}/`];
  const { stdout } = await run(command);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** The largest share of a worker over its fair one: of connections made one after the other by 64 at a time. */
async function freshUnfairness(port: number, workers: number): Promise<string> {
  const load = startLoad({ port, connections: 64, keepAlive: false });
  await pause(3_000);
  const { answers, done } = await load.stop();
  return ((Math.max(...Object.values(answers)) * workers) / done).toFixed(2);
}

/** The same, of 64 connections that come at once and stay: the worst of ten times. */
async function keptUnfairness(port: number, workers: number): Promise<string> {
  let worst = 0;
  for (let time = 0; time < 10; time += 1) {
    const agents = Array.from({ length: 64 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const pids = await Promise.all(agents.map((agent) => askOnce(port, agent)));
    const counts = new Map<string, number>();
    for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
    worst = Math.max(worst, (Math.max(...counts.values()) * workers) / pids.length);
    for (const agent of agents) agent.destroy();
    await pause(200);
  }
  return worst.toFixed(2);
}

/** New connections and requests per second of two workers, over `node:cluster` alone, and how even they are. */
export async function throughput(managers: readonly Manager[], rounds: number): Promise<Figure[]> {
  if (!existsSync("/usr/bin/wrk")) throw new Error("this part needs wrk (Debian: apt install wrk)");
  const first = managers[0] as Manager;
  const bare = put(
    first,
    "bare-cluster.cjs",
    `const cluster = require("node:cluster");
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); process.on("SIGTERM", () => process.exit()); } else { ${plain} }`,
  );
  const barePort = await freePort();
  const alone = spawn(process.execPath, [bare], {
    stdio: "ignore",
    env: { ...process.env, PORT: String(barePort) },
  });
  await until(
    "node:cluster to serve",
    async () => (await fetch(`http://127.0.0.1:${barePort}/`)).ok,
  );

  const ports: Record<string, number> = { "node:cluster": barePort };
  const fairness: Record<string, string> = {};
  for (const each of managers) ports[each.name] = await cluster(each, plain);
  const figures: Figure[] = [];
  for (const [name, isFresh, goal] of [
    ["fresh connections per second ÷ node:cluster", true, "≥ 1.3"],
    ["kept-alive requests per second ÷ node:cluster", false, "≥ 1.0"],
  ] as const) {
    const rates = await interleave(
      rounds,
      Object.fromEntries(
        Object.entries(ports).map(([who, port]) => [who, () => requestsPerSecond(port, isFresh)]),
      ),
    );
    const values = managers.map(
      (each) => [each.name, ratio(rates[each.name] ?? 0, rates["node:cluster"] ?? 1)] as const,
    );
    figures.push({ name, goal, values: Object.fromEntries(values) });
  }
  for (const each of managers) {
    const port = ports[each.name] ?? 0;
    const [fresh, kept] = [await freshUnfairness(port, 2), await keptUnfairness(port, 2)];
    fairness[each.name] = `${fresh} fresh, ${kept} kept-alive`;
    await each.call("delete", "all");
  }
  figures.push({
    name: "most connections of a worker ÷ fair share, 64 connections (kept-alive: worst of ten)",
    goal: "≤ 1.5",
    values: fairness,
  });
  alone.kill("SIGTERM");
  return figures;
}

/** The same, for each way of scheduling: what the default was chosen by. */
export async function schedulings(each: Manager): Promise<Figure[]> {
  const figures: Figure[] = [];
  const reusePort = hasReusePort(process.versions.node) ? ["reuse-port"] : [];
  for (const scheduling of ["shared", "round-robin", ...reusePort]) {
    const port = await cluster(each, plain, { scheduling, instances: 4 });
    const [fresh, kept] = [
      await requestsPerSecond(port, true),
      await requestsPerSecond(port, false),
    ];
    const uneven = [await freshUnfairness(port, 4), await keptUnfairness(port, 4)];
    figures.push({
      name: `scheduling: ${scheduling}, 4 workers`,
      goal: "",
      values: {
        [each.name]: `${fresh.toFixed(0)} fresh/s, ${kept.toFixed(0)} kept-alive/s, share ${uneven.join(" and ")}`,
      },
    });
    await each.call("delete", "all");
  }
  return figures;
}
