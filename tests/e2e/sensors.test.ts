import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { startCluster } from "../support/cluster.ts";
import { testHome } from "../support/home.ts";
import { startLoad } from "../support/load.ts";
import { freePort } from "../support/ports.ts";

/** Answers its pid, and grows with each request. */
const growing = `
const kept = [];
require("node:http").createServer((request, response) => {
  if (kept.length < 600) kept.push(Buffer.alloc(2 ** 18, 1));
  setTimeout(() => response.end(String(process.pid)), 5);
}).listen(process.env.PORT);
`;

test.each([
  ["a memory limit", { max_memory_restart: "110M" }, "the memory limit"],
  ["a cron pattern", { cron_restart: "*/4 * * * * *" }, "cron */4 * * * * *"],
  ["a watched file", { watch: ["src"] }, "a change of src/a.js"],
])("no request fails when %s restarts a cluster of two", async (_, fields, by) => {
  const home = testHome({ env: { PM2_WORKER_INTERVAL: "200" } });
  const port = await freePort();
  mkdirSync(join(home.folder, "src"));
  const app = await startCluster(home, {
    program: "plain.cjs",
    env: { PORT: port },
    fields: { script: home.file("grows.cjs", growing), cwd: home.folder, ...fields },
  });
  const before = await app.pids();
  const loads = [true, false].map((keepAlive) => startLoad({ port, connections: 2, keepAlive }));
  if ("watch" in fields) {
    await until("answers", () => loads.every((load) => load.count().done > 20));
    home.file("src/a.js", "");
  }
  await until(
    "two other processes that answer",
    async () => {
      const pids = await app.pids();
      const answers = loads.flatMap((load) => Object.keys(load.count().answers));
      return pids.every((pid) => pid > 0 && !before.includes(pid) && answers.includes(String(pid)));
    },
    { withinMs: 60_000, saw: () => loads.map((load) => load.count()) },
  );
  const results = await Promise.all(loads.map((load) => load.stop()));
  expect(results.map(({ failed, failures }) => ({ failed, failures }))).toEqual([
    { failed: 0, failures: {} },
    { failed: 0, failures: {} },
  ]);
  expect((await home.process("app")).decision).toContain(by);
  expect(await home.ok("why", "app")).toContain(by);
});

test("logs and the pid file in the watched folder lead to no restart, a change does to one", async () => {
  const home = testHome();
  const folder = join(home.folder, "app");
  mkdirSync(folder);
  const script = home.file("app/talks.cjs", 'setInterval(() => console.log("line"), 5);');
  const files = { out_file: "out.log", error_file: "err.log", pid_file: "app.pid" };
  const app = { name: "t", script, cwd: folder, watch: true, ignore_watch: [], ...files };
  await home.ok("start", home.file("apps.json", JSON.stringify({ apps: [app] })));
  await until(
    "lines",
    () => readFileSync(join(folder, "out.log"), "utf8").split("line").length > 50,
  );
  home.file("app/data.txt", "1");
  const restarted = await until("a restart", async () => {
    const process = await home.process("t");
    return process.decision === null ? undefined : process;
  });
  expect(restarted.decision).toContain("a change of data.txt asked for a restart");
  expect(restarted.restarts).toBe(1);
});

test("describe shows what restarts it: the pattern and its next run, what is watched, the limit", async () => {
  const home = testHome();
  const text = `module.exports = { apps: [{
    name: "d", script: "/bin/sleep", args: "1000", cwd: ${JSON.stringify(home.folder)},
    watch: ["src/**/*.ts", "later"], ignore_watch: [/\\.test\\.ts$/, "logs"],
    cron_restart: "0 3 * * *", cron_timezone: "Asia/Tokyo", max_memory_restart: "300M",
    max_memory_scope: "tree", max_memory_for: "1m", max_cpu: 90, max_age: "24h", max_age_jitter: "1h",
  }] };`;
  await home.ok("start", home.file("d.config.cjs", text));
  const shown = await home.ok("describe", "d");
  expect(shown).toMatch(/memory above +300\.0mb, including its descendants for 1m/);
  expect(shown).toMatch(/CPU above +90 % for 30s/);
  expect(shown).toMatch(/age above +1D, up to 1h later/);
  expect(shown).toMatch(/cron +0 3 \* \* \* in Asia\/Tokyo/);
  expect(shown).toMatch(/next run +20\d\d-/);
  expect(shown).toMatch(/watch +src\/\*\*\/\*\.ts, later/);
  expect(shown).toMatch(/ignored +\/\\\.test\\\.ts\$\/, logs/);
  await home.ok("stop", "d");
  expect(await home.ok("describe", "d")).toMatch(/next run +off/);
});

test("`--watch a --watch b` watches both, and `restart --watch` ends the watch only of what runs", async () => {
  const home = testHome();
  for (const name of ["a", "b"]) mkdirSync(join(home.folder, name));
  const at = (name: string): string => join(home.folder, name);
  await home.ok(
    "start",
    "/bin/sleep",
    "--name",
    "w",
    "--watch",
    at("a"),
    "--watch",
    at("b"),
    "--",
    "1000",
  );
  const watchOf = async () => {
    const [view] = await home.list();
    return (await home.client().detail(view?.id ?? 0)).spec.sensors.watch?.paths ?? null;
  };
  expect(await watchOf()).toEqual([at("a"), at("b")]);
  await home.ok("stop", "w");
  await home.ok("restart", "w", "--watch");
  expect(await watchOf()).toEqual([at("a"), at("b")]);
  await home.ok("restart", "w", "--watch");
  expect(await watchOf()).toBe(null);
  await home.ok("start", "w", "--watch");
  expect(await watchOf()).not.toBe(null);
});

test("what is too old or too busy is restarted, one process after the other, and why says it", async () => {
  const home = testHome();
  const script = home.file("plain.cjs", "setInterval(() => {}, 1_000);");
  const busy = home.file(
    "busy.cjs",
    "setInterval(() => { const end = Date.now() + 90; while (Date.now() < end); }, 100);",
  );
  const apps = [
    { name: "old", script, instances: 2, exec_mode: "fork", max_age: "2s", max_age_jitter: "1s" },
    { name: "busy", script: busy, max_cpu: 5, max_cpu_for: "3s" },
  ];
  await home.ok("start", home.file("ecosystem.config.json", JSON.stringify({ apps })));
  const decisions = async (): Promise<string> => home.ok("why", "all");
  await until(
    "restarts of each",
    async () => (await home.list()).every(({ restarts }) => restarts > 0),
    { withinMs: 60_000 },
  );
  const told = await decisions();
  expect(told).toMatch(/because its age \(\d+ s, max_age is 2 s\) asked for a restart/);
  expect(told).toMatch(
    /because the CPU limit of 5 % \(it used \d+ %, and more than the limit for 3 s\)/,
  );
});
