import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** Modules from npm's registry, which takes minutes; tests/e2e/modules.test.ts does the same with a folder, and no network. */

interface Listed {
  readonly name: string;
  readonly pm2_env: {
    readonly status: string;
    readonly restart_time: number;
    readonly axm_monitor: Readonly<Record<string, { value: unknown }>>;
    readonly axm_actions: readonly { action_name: string }[];
    readonly axm_options: Readonly<Record<string, unknown>>;
  };
}

const shown = async (home: TestHome, name: string): Promise<Listed["pm2_env"]> => {
  const list = JSON.parse(await home.ok("jlist")) as Listed[];
  const found = list.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.pm2_env;
};

test("pm2-server-monit runs, offers its actions, and is configured", async () => {
  const home = testHome();
  await home.ok("install", "pm2-server-monit", "--safe", "5s");
  const options = (): Promise<unknown> =>
    shown(home, "pm2-server-monit").then((each) => each.axm_options["module_conf"]);
  const isConfigured = async (drive: string): Promise<boolean> =>
    ((await options()) as { drive?: string } | undefined)?.drive === drive;
  await until("its settings", () => isConfigured("/"), { withinMs: 20_000, saw: options });
  await home.ok("set", "pm2-server-monit:drive", "/tmp");
  await until("its new settings", () => isConfigured("/tmp"), { withinMs: 20_000, saw: options });
  await until(
    "its actions",
    async () => (await shown(home, "pm2-server-monit")).axm_actions.length > 5,
    { withinMs: 20_000 },
  );
  expect(await home.ok("trigger", "pm2-server-monit", "uptime")).toMatch(/load average/);
  expect((await shown(home, "pm2-server-monit")).status).toBe("online");
}, 600_000);

test("pm2-prometheus-exporter reads this daemon's list with PM2's own package", async () => {
  const home = testHome();
  await home.ok("install", "pm2-prometheus-exporter");
  await home.ok("start", "sleep 1000", "--name", "other");
  const metrics = async (): Promise<string> => {
    try {
      return await (await fetch("http://127.0.0.1:9209/metrics")).text();
    } catch (error) {
      return String(error);
    }
  };
  await until(
    "its metrics",
    async () => (await metrics()).includes('pm2_up{name="other",instance="0"} 1'),
    {
      withinMs: 30_000,
      saw: metrics,
    },
  );
}, 900_000);

test("a generated module with @pm2/io reads its settings, publishes a metric and answers an action", async () => {
  const home = testHome();
  await home.ok("module:generate", "with-io");
  const folder = join(home.folder, "with-io");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object;
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ ...manifest, dependencies: { "@pm2/io": "6.1.0" } }),
  );
  writeFileSync(
    join(folder, "index.js"),
    `const io = require("@pm2/io");
const settings = io.initModule({ widget: {} });
const beats = io.metric({ name: "beats" });
let count = 0;
setInterval(() => beats.set((count += 1)), 200);
io.action("greet", (reply) => reply({ greeting: settings.greeting, own: io.getConfig().greeting }));
`,
  );
  await home.ok("install", "./with-io", "--safe", "5s");
  await home.ok("set", "with-io:greeting", "welcome");
  await until("a metric", async () => "beats" in (await shown(home, "with-io")).axm_monitor, {
    withinMs: 20_000,
    saw: () => shown(home, "with-io"),
  });
  expect(await home.ok("trigger", "with-io", "greet")).toContain("welcome");
  expect((await shown(home, "with-io")).axm_options).toMatchObject({
    isModule: true,
    module_name: "with-io",
    module_version: "1.0.0",
  });
}, 600_000);
