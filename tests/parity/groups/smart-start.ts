import { fieldsOf, statuses } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

const restarts = async (s: Stage): Promise<unknown> =>
  (await s.list()).map((each) => [each.name, each.pm2_env.status, each.pm2_env["restart_time"]]);

/** Starts two apps, forgets one, and does a command with the file. */
const withFile = (command: string): Scenario =>
  scenario(`${command} FILE starts what is missing and acts on the rest`, async (s) => {
    const app = (name: string): object => ({ name, script: "tells.cjs" });
    await s.start([app("a"), app("b")]);
    await s.ok("delete", "b");
    await s.code(command, "apps.json");
    s.see("restarts", await restarts(s));
  });

/** `start` of what is known already, and configuration that changes. */
export const smartStart: readonly Scenario[] = [
  withFile("start"),
  withFile("restart"),
  withFile("reload"),
  withFile("startOrRestart"),
  withFile("startOrReload"),
  withFile("startOrGracefulReload"),
  scenario("start NAME restarts what runs", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.code("start", "a");
    s.see("restarts", await restarts(s));
  }),
  scenario("start NAME of a stopped app starts it and counts no restart", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("stop", "a");
    await s.code("start", "a");
    s.see("restarts", await restarts(s));
    await s.ok("stop", "a");
    await s.code("start", "0");
    s.see("restarts by id", await restarts(s));
  }),
  scenario("restart of a stopped app starts it", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("stop", "a");
    await s.code("restart", "a");
    s.see("restarts", await restarts(s));
    await s.ok("stop", "a");
    await s.code("reload", "a");
    s.see("restarts after reload", await restarts(s));
  }),
  scenario("start SCRIPT of a stopped app with the same script", async (s) => {
    await s.ok("start", "tells.cjs");
    await s.ok("stop", "tells");
    await s.code("start", "tells.cjs");
    s.see("restarts", await restarts(s));
  }),
  scenario("start SCRIPT under another name makes another app", async (s) => {
    await s.ok("start", "tells.cjs", "--name", "a");
    await s.code("start", "tells.cjs", "--name", "b");
    s.see("restarts", await restarts(s));
  }),
  scenario(
    "start FILE applies changed configuration and environment",
    async (s) => {
      await s.start({
        name: "a",
        script: "tells.cjs",
        max_restarts: 3,
        env: { A: "1", GONE: "1" },
      });
      await s.start({
        name: "a",
        script: "tells.cjs",
        max_restarts: 7,
        args: "x",
        env: { A: "2", NEW: "1" },
      });
      s.see(
        "fields",
        fieldsOf(await s.one(), ["max_restarts", "args", "A", "NEW", "GONE", "restart_time"]),
      );
    },
    { differs: { "fields.GONE": "xm start FILE of running apps" } },
  ),
  scenario("restart FILE applies changed configuration", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", kill_timeout: 500 });
    s.write("apps.json", { name: "a", script: "tells.cjs", kill_timeout: 900, env: { A: "2" } });
    await s.code("restart", "apps.json");
    s.see("fields", fieldsOf(await s.one(), ["kill_timeout", "A", "restart_time"]));
  }),
  scenario("reload FILE applies changed environment", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", env: { A: "1" } });
    s.write("apps.json", { name: "a", script: "tells.cjs", env: { A: "2" } });
    await s.code("reload", "apps.json");
    s.see("fields", fieldsOf(await s.one(), ["A", "restart_time"]));
  }),
  scenario("restart --name renames", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.code("restart", "a", "--name", "b");
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("restart by name takes new flags", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.code("restart", "a", "--max-memory-restart", "300M");
    s.see("fields", fieldsOf(await s.one(), ["max_memory_restart", "restart_time"]));
  }),
  scenario(
    "a file that asks for more instances than run",
    async (s) => {
      const app = (instances: number): object => ({
        name: "a",
        script: "tells.cjs",
        args: "listen",
        exec_mode: "cluster",
        instances,
      });
      await s.start(app(1));
      await s.start(app(3));
      s.see("statuses", statuses(await s.list()));
    },
    { differs: { statuses: "instances changed in a file" } },
  ),
  scenario("two files of the same name force nothing twice", async (s) => {
    const app = { name: "a", script: "tells.cjs" };
    await s.start(app);
    await s.start(app);
    await s.start({ ...app, force: true });
    s.see("restarts", await restarts(s));
  }),
  scenario("several scripts at once, each with the arguments after --", async (s) => {
    s.write("b.cjs", s.read("tells.cjs"));
    await s.code("start", "tells.cjs", "b.cjs", "--", "x", "y");
    s.see(
      "apps",
      (await s.list()).map((each) => [each.name, each.pm2_env["args"] ?? []]),
    );
  }),
  scenario("a script that is not there", async (s) => {
    await s.code("start", "nothing.js");
    s.see("processes", statuses(await s.list()));
    s.write("apps.json", [
      { name: "gone", script: "nothing.js" },
      { name: "there", script: "tells.cjs" },
    ]);
    await s.code("start", "apps.json");
    s.see("processes of the file", statuses(await s.list()));
  }),
  ...["start", "restart", "reload", "startOrRestart", "startOrReload"].map((command) =>
    scenario(
      `${command} FILE with an app whose program is not there acts on the others`,
      async (s) => {
        await s.ok("start", "tells.cjs", "--name", "there");
        s.write("apps.json", [
          { name: "gone", script: "nothing.js" },
          { name: "there", script: "tells.cjs" },
          { name: "no-interpreter", script: "tells.cjs", interpreter: "no-such-interpreter" },
          { name: "new", script: "tells.cjs" },
        ]);
        await s.code(command, "apps.json");
        s.see("restarts", await restarts(s));
      },
    ),
  ),
  scenario("a wrong type in one app of a file starts none of it", async (s) => {
    s.write("apps.json", [
      { name: "wrong", script: "tells.cjs", max_restarts: "many" },
      { name: "right", script: "tells.cjs" },
    ]);
    await s.code("start", "apps.json");
    s.see("processes", statuses(await s.list()));
  }),
  scenario("an unknown interpreter", async (s) => {
    await s.code("start", "tells.cjs", "--interpreter", "no-such-interpreter");
    s.see("processes", statuses(await s.list()));
  }),
  scenario("a bad cron pattern", async (s) => {
    await s.code("start", "tells.cjs", "--cron-restart", "nonsense");
    s.see("processes", statuses(await s.list()));
  }),
  scenario("an unknown flag", async (s) => {
    await s.code("start", "tells.cjs", "--no-such-flag");
    s.see("processes", statuses(await s.list()));
  }),
  scenario("an unknown field of a file", async (s) => {
    s.write("apps.json", { name: "a", script: "tells.cjs", no_such_field: 1 });
    await s.code("start", "apps.json");
    s.see("processes", statuses(await s.list()));
  }),
  ...Object.entries({
    "a size that is none": { max_memory_restart: "300Q" },
    "a text for a number": { max_restarts: "many" },
    "a text for a switch": { autorestart: "no" },
    "a number for an environment": { env: 7 },
  }).map(([rule, fields]) =>
    scenario(`a field of a wrong type: ${rule}`, async (s) => {
      s.write("apps.json", { name: "a", script: "tells.cjs", ...fields });
      await s.code("start", "apps.json");
      s.see("processes", statuses(await s.list()));
    }),
  ),
  scenario("a file that is no configuration", async (s) => {
    s.write("broken.json", "{ apps: [ ");
    await s.code("start", "broken.json");
    s.write("empty.config.js", "module.exports = {};");
    await s.code("start", "empty.config.js");
    s.write("throws.config.js", "throw new Error('no');");
    await s.code("start", "throws.config.js");
    await s.code("start", "missing.json");
    s.see("processes", statuses(await s.list()));
  }),
];
