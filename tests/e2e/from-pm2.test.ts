import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Custom } from "../../runtime/client/package/custom.ts";
import { until } from "../support/condition.ts";
import { isThere, testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";
import { pm2Entry } from "../unit/compat/samples.ts";

const app = (name: string, change: object = {}): object =>
  pm2Entry({
    name,
    args: [],
    pm_exec_path: program("stays.js"),
    pm_out_log_path: "/dev/null",
    pm_err_log_path: "/dev/null",
    ...change,
  });

const statuses = async (home: TestHome): Promise<string[]> =>
  (await home.list()).map(({ name, status }) => `${name} ${status}`).sort();

test("a list that PM2 has saved is resurrected from where it lies, and running apps are not doubled", async () => {
  const home = testHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  writeFileSync(
    home.paths.dump,
    JSON.stringify([app("web"), app("web"), app("job", { status: "stopped" })]),
  );
  await home.ok("resurrect");
  expect(await statuses(home)).toEqual(["job stopped", "web online", "web online"]);
  const pids = (await home.list()).map(({ pid }) => pid);
  await home.ok("resurrect");
  expect((await home.list()).map(({ pid }) => pid)).toEqual(pids);

  await home.ok("save");
  await home.ok("delete", "all");
  await home.ok("cleardump");
  await home.ok("resurrect");
  expect(await home.list()).toEqual([]);
  writeFileSync(home.paths.dump, "broken");
  const { stderr } = await home.xm("resurrect");
  expect(stderr).toContain("the backup was");
  expect(await statuses(home)).toEqual(["job stopped", "web online", "web online"]);
});

test("the API resurrects a list that PM2 has saved as the command does", async () => {
  const home = testHome();
  mkdirSync(home.paths.home, { mode: 0o700 });
  const list = [
    app("web"),
    app("job", { status: "stopped" }),
    app("lost", { pm_exec_path: "/no.js" }),
  ];
  writeFileSync(home.paths.dump, JSON.stringify(list));
  const pm2 = new Custom({ pm2_home: home.paths.home });
  await pm2.resurrect();
  await pm2.disconnect();
  expect(await statuses(home)).toEqual(["job stopped", "web online"]);
});

test("nothing saved is no failure, and an empty list is saved only by force", async () => {
  const home = testHome();
  expect(await home.xm("resurrect")).toMatchObject({
    code: 0,
    stderr: "xm: nothing is saved: see `xm save`\n",
  });
  expect((await home.xm("save")).stderr).toContain("nothing to save");
  expect((await home.xm("resurrect")).stderr).toContain("nothing is saved");
  await home.ok("save", "--force");
  expect(readFileSync(home.paths.dump, "utf8")).toBe("[]\n");
});

/** A home of PM2 with a process that passes for its daemon: it ends by SIGTERM and takes its app with it. */
function pm2Home(home: TestHome): { folder: string; daemonPid: number; dump: string } {
  const folder = join(home.folder, "pm2");
  const pids = join(folder, "pids");
  mkdirSync(pids, { recursive: true });
  const daemon = spawn(
    process.execPath,
    [
      "-e",
      `process.title = "PM2 v7.0.4: God Daemon (${folder})"; setInterval(() => {}, 1e9);
       process.on("SIGTERM", () => { require("fs").writeFileSync(${JSON.stringify(join(folder, "dump.pm2"))}, "[]"); process.exit(0); });`,
    ],
    { stdio: "ignore" },
  );
  const daemonPid = daemon.pid ?? 0;
  onTestFinished(() => void daemon.kill("SIGKILL"));
  const dump = JSON.stringify([
    app("web", { pm_pid_path: join(pids, "web-0.pid") }),
    app("idle", { status: "stopped" }),
    app("lost", { pm_exec_path: "/nowhere.js" }),
  ]);
  writeFileSync(join(folder, "dump.pm2"), dump);
  writeFileSync(join(folder, "module_conf.json"), '{"web":{"level":"3"},"other":"x"}');
  writeFileSync(join(folder, "pm2.pid"), String(daemonPid));
  return { folder, daemonPid, dump };
}

test("migrate leaves a PM2 that runs alone; with --take-over it ends it and starts its apps here", async () => {
  const home = testHome();
  const { folder, daemonPid, dump } = pm2Home(home);
  await until("the title", () =>
    readFileSync(`/proc/${daemonPid}/cmdline`, "utf8").startsWith("PM2"),
  );
  await home.ok("set", "other", "mine");

  const first = await home.xm("migrate", folder);
  expect(first.code).toBe(1);
  expect(first.stderr).toBe("xm: lost is skipped: script not found: /nowhere.js\n");
  expect(first.stdout).toContain(`PM2 is still running (pid ${daemonPid})`);
  expect(isThere(daemonPid)).toBe(true);
  expect(readFileSync(join(folder, "dump.pm2"), "utf8")).toBe(dump);
  expect(await statuses(home)).toEqual(["idle stopped", "web stopped"]);
  expect(JSON.parse(readFileSync(home.paths.settings, "utf8"))).toEqual({
    web: { level: "3" },
    other: "mine",
  });

  const second = await home.xm("migrate", folder, "--take-over");
  expect(second.stdout).toContain("web (0): started");
  expect(isThere(daemonPid)).toBe(false);
  expect(await statuses(home)).toEqual(["idle stopped", "web online"]);
  expect(await home.ok("env", "web")).toContain("\nlevel: 3\n");
});

test("migrate names a home that is none", async () => {
  const home = testHome();
  const { code, stderr } = await home.xm("migrate", join(home.folder, "nowhere"));
  expect(code).toBe(1);
  expect(stderr).toContain("is not a PM2 home");
});
