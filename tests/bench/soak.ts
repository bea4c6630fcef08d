import { freePort } from "../support/ports.ts";
import { until } from "../support/condition.ts";
import { startLoad } from "../support/load.ts";
import { xmManager, put } from "./manager.ts";
import { pause } from "./measure.ts";

/**
 * `npx tsx tests/bench/soak.ts [MINUTES]` (default: 10): a cluster of three under load, a reload every 5 s, a random worker
 * killed every 7 s, God killed every 60 s. Only what is in flight in a worker that is killed may fail. Each failure
 * is held against the last kill: one that is met later than `blameMs` after it has no excuse.
 */
const minutes = Number(process.argv[2] ?? 10);
const connections = 16;
const blameMs = 1_000;

const xm = xmManager();
const script = `require("node:http").createServer((_, response) => {
  setTimeout(() => response.end(String(process.pid)), Math.random() * 10);
}).listen(Number(process.env.PORT), "127.0.0.1");`;
const port = await freePort();
const app = {
  name: "web",
  script: put(xm, "web.cjs", script),
  instances: 3,
  exec_mode: "cluster",
  max_restarts: 1_000_000,
  env: { PORT: port },
};
await xm.call("start", put(xm, "web.json", JSON.stringify({ apps: [app] })));
await until("it to serve", async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);

let lastKill = 0;
let kills = 0;
let gods = 0;
let reloads = 0;
let refused = 0;
let excused = 0;
const inexcusable: string[] = [];
const onFailure = (why: string): void => {
  const afterMs = Date.now() - lastKill;
  if (afterMs <= blameMs) excused += 1;
  else inexcusable.push(`${new Date().toISOString()} ${why}, ${afterMs} ms after the last kill`);
};
const kept = startLoad({ port, connections: connections / 2, keepAlive: true, onFailure });
const fresh = startLoad({ port, connections: connections / 2, keepAlive: false, onFailure });
const end = Date.now() + minutes * 60_000;

/** Does something again and again until the end. */
async function every(seconds: number, work: () => Promise<void>): Promise<void> {
  while (Date.now() < end) {
    await pause(Math.min(seconds * 1_000, Math.max(0, end - Date.now())));
    if (Date.now() < end) await work();
  }
}

await Promise.all([
  every(5, async () => {
    const { code } = await xm.call("reload", "web");
    if (code === 0) reloads += 1;
    else refused += 1;
  }),
  every(7, async () => {
    const list = (await xm.jlist()).filter(({ pid }) => pid > 0);
    const chosen = list[Math.floor(Math.random() * list.length)];
    if (chosen === undefined) return;
    lastKill = Date.now();
    kills += 1;
    try {
      process.kill(chosen.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }),
  every(60, async () => {
    gods += 1;
    process.kill(xm.godPid(), "SIGKILL");
    await Promise.resolve();
  }),
]);
const [a, b] = [await kept.stop(), await fresh.stop()];
await pause(12_000);
const state = (await xm.jlist()).map(({ pm2_env }) => pm2_env.status);
await xm.end();
process.stdout.write(
  [
    `${minutes} min: ${a.done + b.done} requests, ${reloads} reloads (${refused} failed or cut off), ${kills} workers killed, God killed ${gods} times`,
    `failed: ${a.failed + b.failed}; expected at most ${kills * connections} (all ${connections} connections at each kill)`,
    `of these within ${blameMs} ms of a kill: ${excused}; without an excuse: ${inexcusable.length}`,
    ...inexcusable,
    `in the end: ${state.join(", ")}`,
    "",
  ].join("\n"),
);
