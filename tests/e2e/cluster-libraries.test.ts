import { expect, test } from "vitest";
import { reloadUnder, startCluster } from "../support/cluster.ts";
import { until } from "../support/condition.ts";
import { testHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { startPolling } from "../support/polling-load.ts";
import { freePort } from "../support/ports.ts";

test("log4js for PM2, prom-client's AggregatorRegistry and close-with-grace: a reload fails no request, and each has its line", async () => {
  const home = testHome();
  const port = await freePort();
  const fields = { merge_logs: true, kill_timeout: 20_000 };
  const app = await startCluster(home, { program: "libraries.js", env: { PORT: port }, fields });
  const load = startLoad({ port, connections: 4, keepAlive: true });
  await reloadUnder(app, [load]);
  const { done } = load.count();
  const count = (line: string): number => home.log("app-out.log").split(`${line}\n`).length - 1;
  await until("a line for each request", () => count("served") >= done, {
    saw: () => [count("served"), done],
  });
  expect(count("served")).toBe(done);
  await home.ok("stop", "app");
  const ends = (await home.list()).map(({ lastExit }) => lastExit?.signal ?? null);
  expect(ends).not.toContain("SIGKILL");
});

test("Socket.IO's polling works on a sticky cluster, before and after a reload", async () => {
  const port = await freePort();
  const fields = { scheduling: "sticky" };
  const app = await startCluster(testHome(), {
    program: "polling.js",
    env: { PORT: port },
    fields,
  });
  await reloadUnder(app, [startPolling(port)]);
});
