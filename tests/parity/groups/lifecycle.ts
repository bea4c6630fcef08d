import { isThere } from "../../support/home.ts";
import { fieldsOf, statuses } from "../fields-of.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

const counters = ["status", "restart_time", "unstable_restarts", "exit_code"];

/** An app that ends in some way, where it comes to rest, and its counters there. */
const ends = (
  rule: string,
  app: object,
  status: string,
  differs?: Readonly<Record<string, string>>,
): Scenario =>
  scenario(
    `exit: ${rule}`,
    async (s) => {
      // A cluster app that ends before it listens makes the command itself a failure: what is checked is where it rests.
      // On a busy machine a life may be longer than the second below which it is unstable.
      const declared = { name: "a", script: "tells.cjs", min_uptime: 60_000, ...app };
      await s.run("start", s.write("apps.json", declared));
      const rested = await s.untilStatus(status);
      s.see("fields", fieldsOf(rested, counters));
      s.see("pid", rested.pid);
      s.see("lives", s.told("up").length);
    },
    differs === undefined ? {} : { differs },
  );

/** An app that crashes in its first lives and then stays. */
const recovers = (rule: string, app: object, lives: number): Scenario =>
  scenario(`restart: ${rule}`, async (s) => {
    // The streak of unstable exits is not ended by a look that comes late. The command fails where a life ends before it
    // is ready.
    const declared = { name: "a", script: "tells.cjs", min_uptime: 60_000, ...app };
    await s.run("start", s.write("apps.json", declared));
    await s.untilTold("up", lives);
    s.see(
      "fields",
      fieldsOf(await s.untilStatus("online"), ["status", "restart_time", "unstable_restarts"]),
    );
    s.see("lives", s.told("up").length);
  });

async function signalsOf(s: Stage): Promise<unknown> {
  return s.told("signal").map(({ value }) => value);
}

/** Exits, restarts, stops, signals: what the policy makes of them. */
export const lifecycle: readonly Scenario[] = [
  ends("max_restarts: 3 errs at the third", { args: "exit=1", max_restarts: 3 }, "errored"),
  ends("max_restarts: 1 errs at the first", { args: "exit=1", max_restarts: 1 }, "errored"),
  // A program that ends at once: PM2 stops counting 16 s after the start.
  ends(
    "the default is sixteen",
    { script: "/bin/false", interpreter: "none", args: "" },
    "errored",
  ),
  ends("exits of 0 count too", { args: "exit=0", max_restarts: 3 }, "errored"),
  ends("autorestart: false", { args: "exit=5", autorestart: false }, "stopped"),
  ends("autorestart: false and a clean end", { args: "exit=0", autorestart: false }, "stopped"),
  ends("a code of stop_exit_codes", { args: "exit=4", stop_exit_codes: [0, 4] }, "stopped"),
  ends("stop_exit_codes as one number", { args: "exit=4", stop_exit_codes: 4 }, "stopped"),
  ends(
    "a code that is not of stop_exit_codes",
    { args: "exit=5", stop_exit_codes: [4], max_restarts: 2 },
    "errored",
  ),
  ends("death by a signal", { args: "bare dies@20=SIGKILL", autorestart: false }, "stopped"),
  ends(
    "death by SIGTERM of its own",
    { args: "bare dies@20=SIGTERM", autorestart: false },
    "stopped",
  ),
  ends("an uncaught exception", { args: "throw", autorestart: false }, "stopped"),
  ends("an unhandled rejection", { args: "reject exit=0@300", autorestart: false }, "stopped", {
    "fields.exit_code": "an unhandled rejection",
  }),
  ...["restart_delay", "exp_backoff_restart_delay"].map((field) =>
    scenario(
      `exit: ${field} until the count is full`,
      async (s) => {
        await s.start({
          name: "a",
          script: "tells.cjs",
          args: "exit=1",
          max_restarts: 3,
          min_uptime: 60_000,
          [field]: 60,
        });
        await s.untilTold("up", 3);
        const rest = (status = ""): boolean => status === "errored" || status === "waiting restart";
        const [rested] = await s.untilList("rest", ([each]) => rest(each?.pm2_env.status));
        s.see("status after the third exit", rested?.pm2_env.status);
      },
      { differs: { "status after the third exit": "max_restarts beside a delay" } },
    ),
  ),
  ends(
    "min_uptime below every life counts none as unstable",
    { args: "exit=3@150", min_uptime: 100, max_restarts: 3, stop_exit_codes: [3] },
    "stopped",
  ),
  ends(
    "cluster mode counts alike",
    { args: "exit=1", exec_mode: "cluster", max_restarts: 3 },
    "errored",
  ),
  ends(
    "cluster mode, autorestart: false",
    { args: "exit=6@50", exec_mode: "cluster", autorestart: false },
    "stopped",
  ),
  recovers("two crashes and then up", { args: "crash=2" }, 3),
  recovers("one crash with restart_delay", { args: "crash=1", restart_delay: 80 }, 2),
  recovers(
    "one crash with exp_backoff_restart_delay",
    { args: "crash=1", exp_backoff_restart_delay: 50 },
    2,
  ),
  recovers("a crash in cluster mode", { args: "crash=1 listen", exec_mode: "cluster" }, 2),
  scenario(
    "waiting restart is shown while restart_delay runs, without a pid",
    async (s) => {
      await s.start({
        name: "a",
        script: "tells.cjs",
        args: "exit=1",
        restart_delay: 30_000,
        min_uptime: 60_000,
      });
      const waiting = await s.untilStatus("waiting restart");
      s.see(
        "fields",
        fieldsOf(waiting, [
          "status",
          "restart_time",
          "unstable_restarts",
          "exit_code",
          "restart_delay",
        ]),
      );
      s.see("there is a pid", waiting.pid !== 0);
      await s.code("stop", "a");
      s.see("after stop", fieldsOf(await s.one(), ["status"]));
      await s.code("start", "a");
      await s.untilTold("up", 2);
    },
    { sample: true, differs: { "there is a pid": "the pid while waiting for a restart" } },
  ),
  scenario("exp_backoff_restart_delay grows by half", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "crash=3",
      exp_backoff_restart_delay: 100,
    });
    await s.untilTold("up", 4);
    const list = await s.untilList("the last delay", ([each]) => each?.pm2_env.status === "online");
    s.see("fields", fieldsOf(list[0]!, ["restart_time", "exp_backoff_restart_delay"]));
  }),
  scenario("restart counts, resets what was unstable and keeps the id", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "crash=2", min_uptime: 60_000 });
    await s.untilTold("up", 3);
    await s.untilStatus("online");
    await s.ok("restart", "a");
    s.see(
      "after restart",
      fieldsOf(await s.one(), ["pm_id", "status", "restart_time", "unstable_restarts"]),
    );
    await s.code("reset", "a");
    s.see("after reset", fieldsOf(await s.one(), ["restart_time", "unstable_restarts", "status"]));
  }),
  scenario("an errored app starts again by restart and by start", async (s) => {
    const limits = { max_restarts: 2, min_uptime: 60_000 };
    await s.start({ name: "a", script: "tells.cjs", args: "crash=4", ...limits });
    await s.untilStatus("errored");
    await s.code("restart", "a");
    await s.untilTold("up", 4);
    await s.untilStatus("errored");
    await s.code("start", "a");
    await s.untilTold("up", 5);
    const online = await s.untilStatus("online");
    s.see("fields", fieldsOf(online, ["status", "restart_time", "unstable_restarts"]));
  }),
  scenario("stop and start again: what is counted", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.ok("stop", "a");
    s.see("after stop", fieldsOf(await s.one(), ["status", "restart_time", "exit_code", "pm_id"]));
    await s.code("stop", "a");
    s.see("after another stop", fieldsOf(await s.one(), ["status", "restart_time"]));
    await s.ok("start", "a");
    s.see("after start", fieldsOf(await s.one(), ["status", "restart_time"]));
  }),
  scenario(
    "autostart: false is started by its name",
    async (s) => {
      await s.start({ name: "a", script: "tells.cjs", autostart: false });
      s.see("before", statuses(await s.list()));
      s.see("pid before", (await s.one()).pid);
      await s.code("start", "a");
      s.see("after", statuses(await s.list()));
      s.see("restarts", fieldsOf(await s.one(), ["restart_time"]));
    },
    { differs: { after: "starting an app with autostart: false" } },
  ),
  scenario(
    "stop sends one SIGINT",
    async (s) => {
      await s.start({ name: "a", script: "tells.cjs" });
      await s.untilTold("up");
      await s.ok("stop", "a");
      s.see("signals", await signalsOf(s));
      s.see("status", fieldsOf(await s.one(), ["status", "exit_code"]));
    },
    { sample: true },
  ),
  scenario("restart and delete send one SIGINT each", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.untilTold("up");
    await s.ok("restart", "a");
    await s.untilTold("up", 2);
    await s.ok("delete", "a");
    s.see("signals", await signalsOf(s));
  }),
  scenario("PM2_KILL_SIGNAL chooses the signal, when the daemon starts with it", async (s) => {
    await s.call(["ping"], { env: { PM2_KILL_SIGNAL: "SIGTERM" } });
    await s.call(["start", "tells.cjs"], { env: { PM2_KILL_SIGNAL: "SIGTERM" } });
    await s.untilTold("up");
    await s.ok("stop", "tells");
    s.see("signals", await signalsOf(s));
  }),
  scenario("kill_timeout: SIGKILL to one who does not listen", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "ignore=SIGINT", kill_timeout: 300 });
    await s.untilTold("up");
    const before = Date.now();
    await s.ok("stop", "a");
    s.see("within", Date.now() - before < 8_000);
    s.see("signals", await signalsOf(s));
    s.see("fields", fieldsOf(await s.one(), ["status"]));
    s.see("pid", (await s.one()).pid);
  }),
  scenario("stopping is shown meanwhile", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "slow=go", kill_timeout: 60_000 });
    await s.untilTold("up");
    const stopping = s.run("stop", "a");
    await s.untilTold("signal");
    s.see("status", (await s.one()).pm2_env.status);
    s.write("go", "");
    s.see("exit code", (await stopping).code);
    s.see("after", fieldsOf(await s.one(), ["status"]));
  }),
  scenario("shutdown_with_message sends no signal but the message", async (s) => {
    s.write(
      "listens.cjs",
      `const fs = require("fs"); const tell = (what, value) => fs.appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what, value }) + "\\n");
      process.on("SIGINT", () => tell("signal", "SIGINT"));
      process.on("message", (message) => { tell("message", message); if (message === "shutdown") process.exit(0); });
      tell("up"); setInterval(() => {}, 1e9)`,
    );
    await s.start({ name: "a", script: "listens.cjs", shutdown_with_message: true });
    await s.untilTold("up");
    await s.ok("stop", "a");
    s.see(
      "told",
      s.told().map(({ what, value }) => [what, value ?? null]),
    );
    s.see("status", fieldsOf(await s.one(), ["status"]));
  }),
  scenario("shutdown_with_message in cluster mode", async (s) => {
    s.write(
      "listens.cjs",
      `const fs = require("fs"); const tell = (what, value) => fs.appendFileSync(__dirname + "/told.ndjson", JSON.stringify({ what, value }) + "\\n");
      process.on("SIGINT", () => tell("signal", "SIGINT"));
      process.on("message", (message) => { if (message === "shutdown") { tell("message", message); process.exit(0); } });
      require("http").createServer().listen(0, "127.0.0.1", () => tell("up"))`,
    );
    await s.start({
      name: "a",
      script: "listens.cjs",
      shutdown_with_message: true,
      exec_mode: "cluster",
    });
    await s.untilTold("up");
    await s.ok("stop", "a");
    s.see(
      "told",
      s.told().map(({ what, value }) => [what, value ?? null]),
    );
  }),
  scenario("treekill reaches the children", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "child" });
    const [child] = await s.untilTold("child");
    await s.ok("stop", "a");
    s.see("the child lives", isThere(Number(child?.value)));
  }),
  scenario("treekill: false leaves the children", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", args: "child", treekill: false });
    const [child] = await s.untilTold("child");
    await s.ok("stop", "a");
    const pid = Number(child?.value);
    s.see("the child lives", isThere(pid));
    if (isThere(pid)) process.kill(pid, "SIGKILL");
  }),
  scenario("sendSignal by name and by id reaches the app and stops nothing", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.untilTold("up");
    await s.code("sendSignal", "SIGUSR2", "a");
    await s.untilTold("signal");
    await s.code("sendSignal", "SIGHUP", "0");
    await s.untilTold("signal", 2);
    s.see("signals", await signalsOf(s));
    s.see("fields", fieldsOf(await s.one(), ["status", "restart_time"]));
  }),
  scenario("sendSignal SIGTERM to an app that ends of it restarts it", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", min_uptime: 60_000 });
    await s.untilTold("up");
    await s.ok("sendSignal", "SIGTERM", "a");
    await s.untilTold("up", 2);
    s.see("fields", fieldsOf(await s.untilStatus("online"), ["restart_time", "unstable_restarts"]));
  }),
  scenario("an app that was killed from outside is restarted", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", min_uptime: 60_000 });
    const [first] = await s.untilTold("up");
    process.kill(first?.pid ?? 0, "SIGKILL");
    await s.untilTold("up", 2);
    s.see("fields", fieldsOf(await s.untilStatus("online"), ["restart_time", "unstable_restarts"]));
  }),
  scenario("wait_ready: start returns after 'ready'", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "ready@400",
      wait_ready: true,
      listen_timeout: 20_000,
    });
    s.see("said ready", s.told("ready").length);
    s.see("status", (await s.one()).pm2_env.status);
  }),
  scenario("wait_ready: launching is shown until then", async (s) => {
    const starting = s.start({
      name: "a",
      script: "tells.cjs",
      args: "ready@4000",
      wait_ready: true,
      listen_timeout: 60_000,
    });
    await s.untilTold("up");
    s.see("meanwhile", (await s.one()).pm2_env.status);
    await starting;
    s.see("after", (await s.one()).pm2_env.status);
  }),
  scenario("wait_ready: without 'ready' it is online after listen_timeout", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", wait_ready: true, listen_timeout: 500 });
    s.see("status", (await s.untilStatus("online")).pm2_env["restart_time"]);
    s.see("said ready", s.told("ready").length);
  }),
  scenario("wait_ready in cluster mode", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "listen ready@300",
      wait_ready: true,
      listen_timeout: 20_000,
      exec_mode: "cluster",
      instances: 2,
    });
    s.see("said ready", s.told("ready").length);
    s.see("statuses", statuses(await s.list()));
  }),
  scenario("a new file in the watched folder restarts the app", async (s) => {
    s.write("watched/.keep", "");
    await s.start({ name: "a", script: "tells.cjs", watch: ["watched"], watch_delay: 50 });
    await s.untilTold("up");
    let number = 0;
    const { until } = await import("../../support/condition.ts");
    await until(
      "the second life",
      () => {
        // One a second: a change puts a restart off that waits for more of them.
        if (performance.now() > number * 1_000) {
          s.write(`watched/${(number = performance.now() / 1_000 + 1)}.txt`, "x");
        }
        return s.told("up").length >= 2;
      },
      { withinMs: 30_000 },
    );
    s.see("restarted", Number((await s.untilStatus("online")).pm2_env["restart_time"]) >= 1);
    await s.ok("stop", "a");
    s.see("watch after stop", fieldsOf(await s.one(), ["status", "watch"]));
  }),
  scenario(
    "a change in an ignored folder, or of an ignored ending, restarts nothing",
    async (s) => {
      for (const folder of ["src", "src/node_modules", "src/uploads"])
        s.write(`${folder}/.keep`, "");
      const ignored = { ignore_watch: ["node_modules", "src/uploads", "*.log"] };
      await s.start([
        { name: "api", script: "tells.cjs", watch: ["src"], ...ignored },
        { name: "sees", script: "tells.cjs", watch: ["src/uploads"], watch_delay: 50 },
      ]);
      await s.untilTold("up", 2);
      const { until } = await import("../../support/condition.ts");
      let next = 0;
      const restartsOf = async (name: string): Promise<number> =>
        Number((await s.one(name)).pm2_env["restart_time"]);
      await until(
        "the second life of what watches the ignored folder",
        async () => {
          // One a second: a change puts a restart off that waits for more of them.
          if (performance.now() > next) {
            next = performance.now() + 1_000;
            for (const name of ["node_modules/a.js", "debug.log", "uploads/photo.png"])
              s.write(`src/${name}`, String(next));
          }
          return (await restartsOf("sees")) >= 1;
        },
        { withinMs: 30_000 },
      );
      s.see("restarts", await restartsOf("api"));
    },
    { differs: { restarts: 'ignore_watch: ["*.log"]' } },
  ),
  scenario(
    "cron_restart starts an app again at its time, be it running or ended by itself",
    async (s) => {
      await s.start([
        { name: "api", script: "tells.cjs", cron_restart: "* * * * * *" },
        {
          name: "job",
          script: "tells.cjs",
          args: "exit=0",
          autorestart: false,
          cron_restart: "* * * * * *",
        },
      ]);
      // A start of what has ended by itself is no restart in the counters of either.
      for (const name of ["api", "job"]) {
        const { pm_uptime: first } = (await s.one(name)).pm2_env;
        await s.untilList(`${name}'s next life`, (list) =>
          list.some((each) => each.name === name && each.pm2_env["pm_uptime"] !== first),
        );
      }
      s.see("job", fieldsOf(await s.one("job"), ["cron_restart", "autorestart"]));
      await s.code("restart", "api", "--cron-restart", "0");
    },
  ),
  scenario("max_restarts counts each life that ends before min_uptime", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "exit=1@30",
      min_uptime: 5000,
      max_restarts: 4,
    });
    s.see("fields", fieldsOf(await s.untilStatus("errored"), counters));
  }),
  scenario("restart all restarts stopped and running alike", async (s) => {
    await s.start([
      { name: "a", script: "tells.cjs" },
      { name: "b", script: "tells.cjs" },
    ]);
    await s.ok("stop", "b");
    await s.code("restart", "all");
    s.see(
      "restarts",
      (await s.list()).map((each) => [
        each.name,
        each.pm2_env.status,
        each.pm2_env["restart_time"],
      ]),
    );
  }),
  scenario("reload of a fork app is a restart", async (s) => {
    await s.start({ name: "a", script: "tells.cjs" });
    await s.untilTold("up");
    await s.code("reload", "a");
    await s.untilTold("up", 2);
    s.see("fields", fieldsOf(await s.one(), ["status", "restart_time", "pm_id"]));
    s.see("signals", await signalsOf(s));
  }),
];
