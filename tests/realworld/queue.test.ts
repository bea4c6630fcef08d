import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { freePort } from "../support/ports.ts";
import { install } from "./framework.ts";

/** Needs Debian's package `redis-server`, which is started as an app. */

const connection = `{ host: "127.0.0.1", port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null }`;

/** A job takes half a second, so that each reload meets some in progress. */
const files = {
  "worker.cjs": `const { Worker } = require("bullmq");
const { setTimeout: work } = require("node:timers/promises");
const take = async (job) => {
  await work(500);
  console.log("done " + job.id);
};
const worker = new Worker("mail", take, { connection: ${connection}, concurrency: 4 });
worker.on("ready", () => process.send("ready"));
worker.on("error", (error) => console.error(error.message));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => worker.close().then(() => process.exit(0)));`,
  "producer.cjs": `const { Queue } = require("bullmq");
(async () => {
  const queue = new Queue("mail", { connection: ${connection} });
  await queue.addBulk(Array.from({ length: 60 }, (_, number) => ({ name: "send", data: { number } })));
  await queue.close();
})();`,
};

test("BullMQ and Redis: every job is done once, over two reloads and the daemon's death", async () => {
  const folder = await install({ name: "BullMQ", packages: ["bullmq@5"], script: "", files });
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = testHome();
  const port = await freePort();
  const env = { REDIS_PORT: port };
  const apps = [
    {
      name: "redis",
      script: "redis-server",
      args: `--port ${port} --save '' --appendonly no`,
      readiness_probe: { tcp_socket: { port }, period: "200ms" },
    },
    {
      name: "worker",
      script: join(folder, "worker.cjs"),
      exec_mode: "cluster",
      instances: 2,
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: 20_000,
      env,
      depends_on: { redis: { condition: "service_healthy" } },
    },
    {
      name: "producer",
      script: join(folder, "producer.cjs"),
      type: "oneshot",
      autostart: false,
      env,
      depends_on: { redis: { condition: "service_healthy" } },
    },
  ];
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
  await home.ok("run", "producer");
  const done = (): string[] =>
    [1, 2].flatMap((id) => home.log(`worker-out-${id}.log`).match(/^done \d+$/gm) ?? []);
  await until("the first jobs", () => done().length > 4);
  await home.ok("reload", "worker");
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await home.ok("reload", "worker");
  await until("every job", () => new Set(done()).size === 60, { saw: () => done().length });
  expect(done().length).toBe(60);
  const errors = [1, 2].map((id) => home.log(`worker-error-${id}.log`));
  expect(errors).toEqual(["", ""]);
  expect((await home.list()).map(({ lastExit }) => lastExit?.signal ?? null)).not.toContain(
    "SIGKILL",
  );
}, 300_000);
