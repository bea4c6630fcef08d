import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fieldsOf, statuses } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

const numbers = async (s: Stage): Promise<unknown> =>
  (await s.list()).map((each) => [
    each.pm_id,
    each.pm2_env["NODE_APP_INSTANCE"],
    each.pm2_env.status,
    each.pm2_env["restart_time"],
  ]);

const cluster = (instances: number, more: object = {}): object => ({
  name: "a",
  script: "tells.cjs",
  args: "listen",
  exec_mode: "cluster",
  instances,
  ...more,
});

/** Several instances: cluster mode, reload, scale. */
export const clusters: readonly Scenario[] = [
  scenario("each instance has an id, a number and files of its own", async (s) => {
    await s.start(cluster(3, { args: "listen out=x" }));
    s.see("numbers", await numbers(s));
    await s.untilTold("listening", 3);
    s.see("logs", readdirSync(join(s.home, "logs")).sort());
    s.see("pids", readdirSync(join(s.home, "pids")).sort());
  }),
  scenario("reload replaces each under its id and counts", async (s) => {
    await s.start(cluster(2));
    const before = (await s.list()).map(({ pid }) => pid);
    await s.code("reload", "a");
    s.see("numbers", await numbers(s));
    const after = (await s.list()).map(({ pid }) => pid);
    s.see("pids that stayed", after.filter((pid) => before.includes(pid)).length);
    s.see(
      "signals",
      s.told("signal").map(({ value }) => value),
    );
  }),
  scenario("restart of a cluster", async (s) => {
    await s.start(cluster(2));
    await s.code("restart", "a");
    s.see("numbers", await numbers(s));
  }),
  scenario("stop of one instance by id", async (s) => {
    await s.start(cluster(3));
    await s.code("stop", "1");
    s.see("numbers", await numbers(s));
    await s.code("start", "1");
    s.see("numbers after start", await numbers(s));
  }),
  scenario("delete of one instance by id", async (s) => {
    await s.start(cluster(3));
    await s.code("delete", "1");
    s.see("numbers", await numbers(s));
  }),
  scenario("scale to more", async (s) => {
    await s.start(cluster(1));
    await s.code("scale", "a", "3");
    s.see("numbers", await numbers(s));
  }),
  scenario("scale to fewer removes the lowest ids", async (s) => {
    await s.start(cluster(4));
    await s.code("scale", "a", "2");
    s.see("numbers", await numbers(s));
  }),
  scenario(
    "scale +N and -N",
    async (s) => {
      await s.start(cluster(2));
      await s.code("scale", "a", "+1");
      s.see("after +1", statuses(await s.list()).length);
      await s.code("scale", "a", "-2");
      s.see("after -2", statuses(await s.list()).length);
    },
    { differs: { "exit code of scale a -2": "scale NAME -N", "after -2": "scale NAME -N" } },
  ),
  scenario(
    "scale to what there is, and to nonsense",
    async (s) => {
      await s.start(cluster(2));
      await s.code("scale", "a", "2");
      s.see("the same", statuses(await s.list()).length);
      await s.code("scale", "a", "x");
      s.see("nonsense", statuses(await s.list()).length);
    },
    { differs: { "exit code of scale a 2": "scaling to the current number" } },
  ),
  scenario("scale down and up takes free instance numbers", async (s) => {
    await s.start(cluster(3));
    await s.ok("scale", "a", "1");
    await s.ok("scale", "a", "3");
    s.see(
      "instance numbers",
      (await s.list())
        .map((each) => each.pm2_env["NODE_APP_INSTANCE"])
        .sort((a, b) => String(a).localeCompare(String(b))),
    );
  }),
  scenario("a worker that crashes is restarted alone", async (s) => {
    await s.start(cluster(2));
    const told = await s.untilTold("listening", 2);
    process.kill(told[0]?.pid ?? 0, "SIGKILL");
    await s.untilTold("listening", 3);
    const list = await s.untilList("both online", (all) =>
      all.every((each) => each.pm2_env.status === "online"),
    );
    s.see(
      "restarts",
      list
        .map((each) => each.pm2_env["restart_time"])
        .sort((a, b) => String(a).localeCompare(String(b))),
    );
  }),
  scenario("PORT and listen: the workers share one port", async (s) => {
    const { freePort } = await import("../../support/ports.ts");
    const port = await freePort();
    s.write(
      "server.cjs",
      `require("http").createServer((_, r) => r.end(String(process.pid))).listen(${port}, "127.0.0.1", () => require("fs").appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what: "listening" }) + "\\n"))`,
    );
    await s.start({ name: "a", script: "server.cjs", exec_mode: "cluster", instances: 2 });
    await s.untilTold("listening", 2);
    const pids = (await s.list()).map(({ pid }) => String(pid));
    const bodies = await Promise.all(
      Array.from({ length: 8 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    s.see(
      "answered by the workers",
      bodies.every((each) => pids.includes(each)),
    );
    await s.ok("reload", "a");
    const after = (await s.list()).map(({ pid }) => String(pid));
    s.see(
      "answered by new workers",
      after.includes(await (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
  }),
  scenario("process.send and cluster.isWorker in a worker", async (s) => {
    s.write(
      "me.cjs",
      `const c = require("cluster"); require("http").createServer().listen(0, "127.0.0.1", () => require("fs").appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what: "me", value: [c.isWorker, c.isPrimary, typeof process.send, typeof c.worker, process.connected] }) + "\\n"))`,
    );
    await s.start({ name: "a", script: "me.cjs", exec_mode: "cluster" });
    s.see("told", (await s.untilTold("me"))[0]?.value);
  }),
  scenario("process.send in fork mode", async (s) => {
    s.write(
      "me.cjs",
      `require("fs").appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what: "me", value: [require("cluster").isWorker, typeof process.send, process.connected] }) + "\\n"); setInterval(() => {}, 1e9)`,
    );
    await s.start({ name: "a", script: "me.cjs" });
    s.see("told", (await s.untilTold("me"))[0]?.value);
  }),
  scenario("a single cluster instance", async (s) => {
    await s.start(cluster(1));
    s.see(
      "fields",
      fieldsOf(await s.one(), [
        "exec_mode",
        "instances",
        "NODE_APP_INSTANCE",
        "pm_out_log_path",
        "pm_pid_path",
      ]),
    );
  }),
  scenario("the files of a single cluster instance, and when it is scaled", async (s) => {
    await s.start(cluster(1, { args: "listen out=x" }));
    await s.untilTold("listening");
    s.see("one", readdirSync(join(s.home, "logs")).sort());
    await s.ok("scale", "a", "2");
    await s.untilTold("listening", 2);
    s.see("two", readdirSync(join(s.home, "logs")).sort());
    s.see("pids", readdirSync(join(s.home, "pids")).sort());
  }),
  scenario("a fork app that nobody counted shares its files when it is scaled", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "out=x" });
    await s.ok("scale", "a", "2");
    await s.untilTold("up", 2);
    s.see(
      "fields",
      (await s.list()).map((each) => fieldsOf(each, ["pm_out_log_path", "pm_pid_path"])),
    );
    s.see("logs", readdirSync(join(s.home, "logs")).sort());
  }),
  scenario("exec_mode fork with instances", async (s) => {
    await s.start(cluster(2, { exec_mode: "fork" }));
    s.see(
      "fields",
      (await s.list()).map((each) =>
        fieldsOf(each, [
          "exec_mode",
          "instances",
          "NODE_APP_INSTANCE",
          "pm_out_log_path",
          "pm_pid_path",
        ]),
      ),
    );
  }),
];
