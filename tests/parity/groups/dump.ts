import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fieldsOf, statuses } from "../fields-of.ts";
import { shapeOf } from "../normalise.ts";
import { scenario, type Scenario } from "../scenario.ts";

/** The saved list, and the files of a home. */
export const dump: readonly Scenario[] = [
  scenario("save, kill, resurrect: what ran runs again", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs", args: "x", env: { COLOR: "red" }, max_restarts: 7 },
      { name: "b", script: "tells.cjs", instances: 2, exec_mode: "cluster", args: "listen" },
    ]);
    await s.code("save");
    await s.ok("kill");
    s.see("after kill", statuses(await s.list()));
    await s.code("resurrect");
    s.see("after resurrect", statuses(await s.list()));
    s.see("fields", fieldsOf(await s.one("a"), ["args", "COLOR", "max_restarts", "restart_time"]));
  }),
  scenario("resurrect doubles nothing that runs", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    await s.code("resurrect");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("a stopped app is saved and comes back stopped", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs" },
      { name: "b", script: "tells.cjs" },
    ]);
    await s.ok("stop", "b");
    await s.ok("save");
    await s.ok("kill");
    await s.ok("resurrect");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("dump.pm2 is an array of pm2_env, and the one before is kept", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    const saved = JSON.parse(s.read("h/dump.pm2")) as object[];
    s.see("length", saved.length);
    const keys = [
      "name",
      "pm_exec_path",
      "pm_cwd",
      "exec_mode",
      "exec_interpreter",
      "env",
      "pm_out_log_path",
      "pm_err_log_path",
      "autorestart",
      "namespace",
      "status",
      "NODE_APP_INSTANCE",
    ];
    const shape = shapeOf(saved[0] ?? {});
    s.see("shape", Object.fromEntries(keys.map((key) => [key, shape[key] ?? null])));
    await s.start({ name: "b", script: "tells.cjs" });
    await s.ok("dump");
    s.see(
      "lengths",
      ["dump.pm2", "dump.pm2.bak"].map(
        (name) => (JSON.parse(s.read(`h/${name}`)) as object[]).length,
      ),
    );
  }),
  scenario("an empty list is saved only by force", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    await s.ok("delete", "all");
    await s.code("save");
    s.see("saved", (JSON.parse(s.read("h/dump.pm2")) as object[]).length);
    await s.code("save", "--force");
    s.see("saved by force", (JSON.parse(s.read("h/dump.pm2")) as object[]).length);
  }),
  scenario("cleardump empties the saved list", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    await s.code("cleardump");
    s.see("saved", s.read("h/dump.pm2").trim());
    await s.ok("kill");
    await s.code("resurrect");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("a broken dump falls back to the one before", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    await s.ok("save");
    await s.ok("kill");
    s.write("h/dump.pm2", "{ broken");
    await s.code("resurrect");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("resurrect without a saved list", async (s) => {
    await s.code("resurrect");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("a PM2 user's dump is resurrected", async (s) => {
    // A dump as PM2 writes it, with the fields that start an app.
    await s.ok("ping");
    await s.ok("kill");
    s.write("h/dump.pm2", [
      {
        name: "old",
        namespace: "default",
        pm_exec_path: join(s.folder, "tells.cjs"),
        pm_cwd: s.folder,
        exec_mode: "fork_mode",
        exec_interpreter: "node",
        instances: 1,
        args: ["x"],
        node_args: [],
        autorestart: true,
        autostart: true,
        watch: false,
        merge_logs: true,
        vizion: true,
        pmx: true,
        automation: true,
        treekill: true,
        instance_var: "NODE_APP_INSTANCE",
        username: "root",
        windowsHide: true,
        kill_retry_time: 100,
        km_link: false,
        vizion_running: false,
        NODE_APP_INSTANCE: 0,
        pm_out_log_path: join(s.home, "logs/old-out.log"),
        pm_err_log_path: join(s.home, "logs/old-error.log"),
        pm_pid_path: join(s.home, "pids/old-0.pid"),
        env: { PATH: process.env["PATH"], COLOR: "red", PM2_HOME: s.home },
        COLOR: "red",
        status: "online",
        restart_time: 4,
        unstable_restarts: 0,
        created_at: 1,
        pm_uptime: 1,
        version: "N/A",
      },
    ]);
    await s.code("resurrect");
    await s.untilTold("up");
    s.see(
      "told",
      s.told("up").map(({ value }) => (value as { argv: unknown }).argv),
    );
    s.see(
      "fields",
      (await s.list()).map((each) =>
        fieldsOf(each, ["name", "COLOR", "args", "pm_out_log_path", "status", "exec_mode"]),
      ),
    );
  }),
  scenario("the files of a home", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("save");
    const names = (folder: string): string[] => readdirSync(join(s.home, folder)).sort();
    const known = ["logs", "pids", "pm2.pid", "pm2.log", "dump.pm2"];
    s.see(
      "in the home",
      Object.fromEntries(known.map((name) => [name, s.has(join(s.home, name))])),
    );
    s.see("logs", names("logs"));
    s.see("pids", names("pids"));
    const daemon = Number(s.read("h/pm2.pid"));
    s.see("pm2.pid is a process", readFileSync(`/proc/${daemon}/status`, "utf8").includes("Pid:"));
    s.see(
      "there is a socket",
      names("").some((name) => statSync(join(s.home, name)).isSocket()),
    );
    await s.ok("kill");
    s.see("pm2.pid after kill", s.has("h/pm2.pid"));
    s.see(
      "a socket after kill",
      names("").some((name) => statSync(join(s.home, name)).isSocket()),
    );
    s.see("pids after kill", names("pids"));
  }),
  scenario(
    "variables that choose paths: of pid, log, settings, saved lists and apps' files",
    async (s) => {
      const at = (name: string): string => `${s.folder}/elsewhere/${name}`;
      s.write("elsewhere/.keep", "");
      const env = {
        PM2_PID_FILE_PATH: at("daemon.pid"),
        PM2_LOG_FILE_PATH: at("daemon.log"),
        PM2_MODULE_CONF_FILE: at("settings.json"),
        PM2_DEFAULT_LOG_PATH: at("logs"),
        PM2_DEFAULT_PID_PATH: at("pids"),
        PM2_DUMP_FILE_PATH: at("saved.json"),
        PM2_DUMP_BACKUP_FILE_PATH: at("saved-before.json"),
        PM2_DAEMON_RPC_PORT: at("rpc.sock"),
      };
      const calls = [
        ["start", "tells.cjs", "--name", "api"],
        ["save"],
        ["save"],
        ["set", "shop:color", "red"],
        ["id", "api"],
      ];
      const codes: unknown[] = [];
      for (const args of calls) codes.push((await s.call(args, { env })).code);
      s.see("exit codes", codes);
      const files = [
        "daemon.pid",
        "daemon.log",
        "settings.json",
        "logs/api-out.log",
        "pids/api-0.pid",
        "saved.json",
        "saved-before.json",
        "rpc.sock",
      ];
      s.see("there", Object.fromEntries(files.map((name) => [name, s.has(`elsewhere/${name}`)])));
      const usual = ["pm2.pid", "pm2.log", "dump.pm2", "dump.pm2.bak", "rpc.sock"];
      s.see(
        "in the home",
        usual.filter((name) => s.has(`h/${name}`)),
      );
      s.see("kill", (await s.call(["kill"], { env })).code);
      s.see(
        "left",
        ["daemon.pid", "rpc.sock"].filter((name) => s.has(`elsewhere/${name}`)),
      );
    },
  ),
  scenario("kill ends every app with its stop signal and forgets them", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs" },
      { name: "b", script: "tells.cjs" },
    ]);
    await s.untilTold("up", 2);
    await s.code("kill");
    s.see(
      "signals",
      s
        .told("signal")
        .map(({ app, value }) => [app, value])
        .sort((a, b) => String(a).localeCompare(String(b))),
    );
    s.see("after", statuses(await s.list()));
  }),
  scenario("update keeps the apps", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.untilTold("up");
    await s.code("update");
    s.see("statuses", statuses(await s.list()));
  }),
];
