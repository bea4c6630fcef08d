import { expect, test } from "vitest";
import { specsFromDump, toDumpEntry } from "../../../../runtime/compat/dump.ts";
import { specsFromPm2 } from "../../../../runtime/client/pm2/from-pm2.ts";
import { homePaths } from "../../../../runtime/host/home/paths.ts";
import { program } from "../../../support/programs.ts";
import { pm2Entry, processDetail } from "../../compat/samples.ts";

const home = homePaths("/nowhere/home");
const script = program("stays.js");

test("what xm has saved comes back as it was declared, with as many processes, and stopped if it was", () => {
  const entry = toDumpEntry(processDetail({ status: "online" }));
  const stopped = toDumpEntry(processDetail({ status: "stopped" }, { name: "idle" }));
  const { apps, foreign } = specsFromDump([entry, stopped, entry, pm2Entry()]);
  const spec = processDetail().spec;
  expect(apps).toEqual([
    { ...spec, instances: 2 },
    { ...spec, name: "idle", autostart: false },
  ]);
  expect(foreign).toEqual([pm2Entry()]);
});

test("an entry of PM2's becomes an app with its arguments, log files and environment", async () => {
  const { apps, notes } = await specsFromPm2([pm2Entry({ pm_exec_path: script })], home);
  expect(notes).toEqual([]);
  expect(apps).toHaveLength(1);
  const [app] = apps;
  expect(app).toMatchObject({
    name: "api",
    namespace: "default",
    script,
    args: ["--flag", "a b"],
    cwd: "/",
    mode: "fork",
    instances: 1,
    autostart: true,
    logs: { out: "/logs/api-out.log", error: "/logs/api-error.log" },
    pidFile: `${home.pids}/api.pid`,
  });
  expect(app?.env).toMatchObject({ HOME: "/home/me", max_restarts: "2" });
  for (const name of ["PM2_HOME", "PM2_USAGE", "unique_id", "api"]) {
    expect(app?.env).not.toHaveProperty(name);
  }
});

test("a variable that is called like a field of PM2's sets nothing, and a field does", async () => {
  const policy = async (change: object): Promise<number | undefined> => {
    const entry = pm2Entry({ pm_exec_path: script, ...change });
    return (await specsFromPm2([entry], home)).apps[0]?.policy.restart.maxRestarts;
  };
  expect(await policy({})).toBe(16);
  expect(await policy({ max_restarts: 5 })).toBe(5);
});

test("the entries of a cluster are one app, whose log files get their ids again", async () => {
  const worker = (id: number, status: string): object =>
    pm2Entry({
      pm_exec_path: script,
      exec_mode: "cluster_mode",
      instances: 2,
      merge_logs: undefined,
      pm_out_log_path: `/logs/api-out-${id}.log`,
      pm_err_log_path: `/logs/api-error-${id}.log`,
      max_memory_restart: 314_572_800,
      kill_timeout: 3_000,
      cron_restart: "0 3 * * *",
      status,
    });
  const { apps } = await specsFromPm2([worker(1, "online"), worker(2, "stopped")], home);
  expect(apps).toHaveLength(1);
  expect(apps[0]).toMatchObject({
    mode: "cluster",
    instances: 2,
    autostart: true,
    logs: { out: "/logs/api-out.log", error: "/logs/api-error.log" },
    policy: { killTimeoutMs: 3_000 },
    sensors: { maxMemoryBytes: 314_572_800, cron: "0 3 * * *" },
  });
});

test("what cannot be taken is named with the reason, and the rest is taken", async () => {
  const { apps, notes } = await specsFromPm2(
    [pm2Entry(), pm2Entry({ name: "ok", pm_exec_path: script, status: "stopped" }), { x: 1 }, null],
    home,
  );
  expect(apps.map(({ name, autostart }) => [name, autostart])).toEqual([["ok", false]]);
  expect(notes).toEqual([
    "entry 2 has no name and no script: it is skipped",
    "entry 3 has no name and no script: it is skipped",
    "api is skipped: script not found: /nowhere",
  ]);
});
