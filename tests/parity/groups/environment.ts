import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { until } from "../../support/condition.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

/** What the newest life of the fixture told of its variables. */
async function lastEnv(s: Stage, count = 1): Promise<unknown> {
  return (await s.untilTold("env", count)).at(-1)?.value;
}

/** What an app sees in its environment and its arguments. */
export const environment: readonly Scenario[] = [
  scenario(
    "an app sees who it is",
    async (s) => {
      const names =
        "name,pm_id,NODE_APP_INSTANCE,PM2_HOME,namespace,status,exec_mode,pm_cwd,pm_exec_path,pm_out_log_path,pm_err_log_path,pm_pid_path,exec_interpreter,instance_var,PWD,HOME,LANG,PM2_USAGE";
      await s.start({ name: "a", script: "tells.cjs", args: `env=${names}` });
      s.see("env", await lastEnv(s));
    },
    { sample: true },
  ),
  scenario("a variable of the file, of its layer and of the caller", async (s) => {
    const file = s.write("apps.json", {
      name: "a",
      script: "tells.cjs",
      args: "env=A,B,C,D",
      env: { A: "file", B: "file" },
      env_x: { B: "layer" },
    });
    await s.call(["start", file, "--env", "x"], { env: { A: "caller", C: "caller" } });
    s.see("env", await lastEnv(s));
  }),
  scenario("values that are no text arrive as text", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "env=N,T,O,L,E,Z",
      env: { N: 1.5, T: false, O: { a: 1 }, L: [1, "x"], E: "", Z: null },
    });
    s.see("env", await lastEnv(s));
  }),
  scenario("restart and reload by name keep the environment of the start", async (s) => {
    const call = (args: string[], value: string) => s.call(args, { env: { A: value } });
    await call(["start", "tells.cjs", "--", "env=A"], "1");
    await s.untilTold("up");
    await call(["restart", "tells"], "2");
    s.see("after restart", await lastEnv(s, 2));
    await call(["reload", "tells"], "3");
    s.see("after reload", await lastEnv(s, 3));
    await call(["restart", "tells", "--update-env"], "4");
    s.see("after restart --update-env", await lastEnv(s, 4));
    await call(["reload", "tells", "--update-env"], "5");
    s.see("after reload --update-env", await lastEnv(s, 5));
    await call(["stop", "tells"], "6");
    await call(["start", "tells"], "6");
    s.see("after stop and start", await lastEnv(s, 6));
  }),
  scenario("a file applies its own environment again", async (s) => {
    const app = (value: string): object => ({
      name: "a",
      script: "tells.cjs",
      args: "env=A,B",
      env: { A: value },
    });
    await s.start(app("1"));
    await s.untilTold("up");
    s.write("apps.json", app("2"));
    await s.call(["restart", "apps.json"], { env: { B: "caller" } });
    s.see("env", await lastEnv(s, 2));
  }),
  scenario("restart FILE --env lays another layer over", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      args: "env=A",
      env: { A: "1" },
      env_x: { A: "2" },
    });
    await s.untilTold("up");
    await s.ok("restart", "apps.json", "--env", "x");
    s.see("env", await lastEnv(s, 2));
  }),
  scenario("filter_env as a list of beginnings", async (s) => {
    const file = s.write("apps.json", {
      name: "a",
      script: "tells.cjs",
      args: "env=SECRET_A,MY_SECRET,OTHER,PATH",
      filter_env: ["SECRET"],
    });
    await s.call(["start", file], { env: { SECRET_A: "1", MY_SECRET: "2", OTHER: "3" } });
    s.see("OTHER", ((await lastEnv(s)) as Record<string, unknown>)["OTHER"]);
    s.see("SECRET_A", ((await lastEnv(s)) as Record<string, unknown>)["SECRET_A"]);
    s.see("MY_SECRET", ((await lastEnv(s)) as Record<string, unknown>)["MY_SECRET"]);
  }),
  scenario(
    "filter_env: true leaves the caller's variables out",
    async (s) => {
      const file = s.write("apps.json", {
        name: "a",
        script: process.execPath,
        interpreter: "none",
        args: ["tells.cjs", "env=OTHER,KEPT"],
        filter_env: true,
        env: { KEPT: "1" },
      });
      await s.call(["start", file], { env: { OTHER: "3" } });
      s.see("env", await lastEnv(s));
    },
    { differs: { "env.OTHER": "filter_env: true, or a text" } },
  ),
  scenario("instance_var and increment_var count from process to process", async (s) => {
    await s.start({
      name: "a",
      script: "tells.cjs",
      exec_mode: "fork",
      instances: 3,
      args: "env=NUMBER,NODE_APP_INSTANCE,PORT",
      instance_var: "NUMBER",
      increment_var: "PORT",
      env: { PORT: 4000 },
    });
    const told = await s.untilTold("env", 3);
    s.see("env", Object.fromEntries(told.map(({ id, value }) => [id, value])));
  }),
  scenario("arguments arrive one by one", async (s) => {
    await s.start([
      { name: "text", script: "tells.cjs", args: `a "b c" 'd "e' f=g --h` },
      { name: "list", script: "tells.cjs", args: ["a", "b c", "$HOME", "*", ""] },
    ]);
    const told = await s.untilTold("up", 2);
    s.see(
      "argv",
      Object.fromEntries(told.map(({ app, value }) => [app, (value as { argv: unknown }).argv])),
    );
  }),
  scenario("arguments after -- arrive as they are", async (s) => {
    await s.ok("start", "tells.cjs", "--", "-a", "--name", "x y", "--", "z");
    const told = await s.untilTold("up");
    s.see("argv", (told[0]?.value as { argv: unknown } | undefined)?.argv);
    s.see("name", (await s.one()).name);
  }),
  scenario(
    "node_args reach Node, and what a module sees of itself is as under plain Node",
    async (s) => {
      s.write(
        "me.cjs",
        `require("fs").writeFileSync(__dirname + "/me.json", JSON.stringify([
      process.execArgv.filter((each) => each.includes("stack-trace")), require.main === module, module.parent === null, __filename, process.argv, process.title !== "", process.cwd(), process.env.PWD]))
      ; setInterval(() => {}, 1e9)`,
      );
      await s.start({ name: "a", script: "me.cjs", node_args: "--stack-trace-limit=5", args: "x" });
      s.see("facts", JSON.parse(await waitFor(s, "me.json")));
    },
    { differs: { "facts.4.1": "process.argv[1]" } },
  ),
  scenario(
    "an ES module runs in fork mode",
    async (s) => {
      s.write(
        "me.mjs",
        `import { writeFileSync } from "node:fs"; writeFileSync(new URL("./me.json", import.meta.url), JSON.stringify([import.meta.url.endsWith("/me.mjs"), process.argv]));
      setInterval(() => {}, 1e9)`,
      );
      await s.start({ name: "a", script: "me.mjs" });
      s.see("facts", JSON.parse(await waitFor(s, "me.json")));
    },
    { differs: { "facts.1.1": "process.argv[1]" } },
  ),
  scenario("an ES module runs in cluster mode", async (s) => {
    s.write(
      "me.mjs",
      `import { writeFileSync } from "node:fs"; import { createServer } from "node:http";
      createServer().listen(0, "127.0.0.1", () => writeFileSync(new URL("./me.json", import.meta.url), JSON.stringify([process.argv.slice(2), process.env.exec_mode])));`,
    );
    await s.start({ name: "a", script: "me.mjs", exec_mode: "cluster", args: "x" });
    s.see("facts", JSON.parse(await waitFor(s, "me.json")));
  }),
  scenario(
    "require.main and argv of a cluster's worker",
    async (s) => {
      s.write(
        "me.cjs",
        `require("http").createServer().listen(0, "127.0.0.1", () => require("fs").writeFileSync(__dirname + "/me.json", JSON.stringify([
      require.main && require.main.filename, __filename, process.argv, process.env.pm_id, process.env.NODE_APP_INSTANCE])))`,
      );
      await s.start({ name: "a", script: "me.cjs", exec_mode: "cluster", args: "x y" });
      s.see("facts", JSON.parse(await waitFor(s, "me.json")));
    },
    { differs: { "facts.2.1": "process.argv[1]" } },
  ),
  scenario("a Python script finds its interpreter and runs unbuffered", async (s) => {
    s.write(
      "p.py",
      "import sys, os, time\nprint('hello', os.environ.get('PYTHONUNBUFFERED'), sys.argv[1:])\ntime.sleep(1000000)\n",
    );
    await s.ok("start", "p.py", "--", "x");
    await s.untilLog("p-out.log", "hello");
    s.see("log", s.log("p-out.log"));
    s.see("interpreter", (await s.one()).pm2_env["exec_interpreter"]);
  }),
  scenario("a shell script runs by bash", async (s) => {
    s.write("p.sh", 'echo "$0 $1 $name $BASH_VERSION" | cut -c1-40; exec sleep 1000000\n');
    await s.ok("start", "p.sh", "--", "x");
    await s.untilLog("p-out.log", "\n");
    s.see("log", s.log("p-out.log").replace(/[\d.]+\S*\n/, "VERSION\n"));
    s.see("interpreter", (await s.one()).pm2_env["exec_interpreter"]);
  }),
  scenario(
    "an executable without extension runs by itself",
    async (s) => {
      s.write("prog", '#!/bin/sh\necho "by itself $1"; exec sleep 1000000\n');
      await s.ok("start", "./prog", "--", "x");
      // PM2 gives it to Node, where it fails as JavaScript.
      const error = await until(
        "it to say something",
        () => s.log("prog-out.log") || s.log("prog-error.log"),
      );
      s.see("runs by itself", error === "by itself x\n");
      s.see("fields", [(await s.one()).name, (await s.one()).pm2_env["exec_mode"]]);
    },
    { differs: { "runs by itself": "an executable without extension" } },
  ),
  scenario(
    "an executable without extension that begins with Node's line is a Node app",
    async (s) => {
      s.write("www", `#!/usr/bin/env node\n${s.read("tells.cjs").replace(/^#!.*\n/, "")}`);
      await s.ok("start", "./www", "--", "listen");
      await s.ok("start", "./www", "--name", "many", "-i", "2", "--", "listen");
      await s.untilTold("listening", 3);
      s.see(
        "apps",
        (await s.list()).map((each) => [
          each.name,
          each.pm2_env["exec_mode"],
          each.pm2_env["exec_interpreter"],
          each.pm2_env.status,
        ]),
      );
    },
  ),
  scenario("a command in quotes runs by a shell", async (s) => {
    await s.ok("start", "echo one $((1+1)); exec sleep 1000000", "--name", "c");
    await s.untilLog("c-out.log", "one");
    s.see("log", s.log("c-out.log"));
    const { pm2_env: env } = await s.one();
    s.see("fields", [env["pm_exec_path"], env["exec_interpreter"], env["args"]]);
  }),
  scenario("a bare command is found in PATH", async (s) => {
    await s.ok("start", "sleep", "--name", "c", "--", "1000000");
    const { pm2_env: env } = await s.one();
    s.see("fields", [
      String(env["pm_exec_path"]).endsWith("/sleep"),
      env["exec_interpreter"],
      env["args"],
      env.status,
    ]);
  }),
  scenario("interpreter with a path, and interpreter none", async (s) => {
    s.write("p.txt", "console.log('by node'); setInterval(() => {}, 1e9)");
    s.write("own", "#!/bin/sh\necho own; exec sleep 1000000\n");
    await s.ok("start", "p.txt", "--interpreter", process.execPath);
    await s.ok("start", "own", "--interpreter", "none");
    await s.untilLog("p-out.log", "by node");
    await s.untilLog("own-out.log", "own");
    s.see(
      "interpreters",
      (await s.list()).map((each) => [each.name, each.pm2_env["exec_interpreter"]]),
    );
  }),
  scenario("-x runs a program without an interpreter", async (s) => {
    s.write("own.js", "#!/bin/sh\necho own; exec sleep 1000000\n");
    s.see("exit code", (await s.run("start", "own.js", "-x", "--interpreter", "none")).code);
    await s.untilLog("own-out.log", "own");
    s.see("log", s.log("own-out.log"));
  }),
  scenario(
    "cwd is where the app runs",
    async (s) => {
      s.write(
        "sub/where.cjs",
        `require("fs").writeFileSync(__dirname + "/me.json", JSON.stringify([process.cwd(), process.env.PWD])); setInterval(() => {}, 1e9)`,
      );
      await s.start({ name: "a", script: "where.cjs", cwd: "sub" });
      s.see("facts", JSON.parse(await waitFor(s, "sub/me.json")));
    },
    { differs: { "facts.1": "PWD" } },
  ),
  scenario(
    "started inside a folder that is a link, and restarted after the link has moved",
    async (s) => {
      for (const release of ["releases/41", "releases/42"]) {
        s.write(
          `${release}/server.cjs`,
          `require("fs").writeFileSync(${JSON.stringify(`${s.folder}/me.json`)}, ${JSON.stringify(JSON.stringify(release))}); setInterval(() => {}, 1e9)`,
        );
      }
      symlinkSync(`${s.folder}/releases/41`, `${s.folder}/current`);
      const inside = { cwd: `${s.folder}/current`, env: { PWD: `${s.folder}/current` } };
      await s.call(["start", "server.cjs"], inside);
      s.see("started", JSON.parse(await waitFor(s, "me.json")));
      rmSync(`${s.folder}/me.json`);
      rmSync(`${s.folder}/current`);
      symlinkSync(`${s.folder}/releases/42`, `${s.folder}/current`);
      await s.ok("restart", "server");
      s.see("restarted", JSON.parse(await waitFor(s, "me.json")));
    },
    { differs: { restarted: "a folder that is a link" } },
  ),
  scenario("NODE_PATH works", async (s) => {
    s.write("lib/thing/index.js", "module.exports = 'found'");
    s.write(
      "me.cjs",
      `require("fs").writeFileSync(__dirname + "/me.json", JSON.stringify(require("thing"))); setInterval(() => {}, 1e9)`,
    );
    await s.start({ name: "a", script: "me.cjs", env: { NODE_PATH: `${s.folder}/lib` } });
    s.see("facts", JSON.parse(await waitFor(s, "me.json")));
  }),
  scenario(
    "a shell's variable named like an option is not configuration",
    async (s) => {
      await s.call(["start", "tells.cjs", "--", "env=max_restarts,name"], {
        env: { max_restarts: "2", instances: "3" },
      });
      s.see("env", await lastEnv(s));
      s.see("processes", (await s.list()).length);
      s.see("max_restarts is the shell's", (await s.one()).pm2_env["max_restarts"] === "2");
    },
    { differs: { "max_restarts is the shell's": "a shell variable named like a field" } },
  ),
  scenario("env ID prints variables, one NAME: value a line", async (s) => {
    await s.call(["start", "tells.cjs"], { env: { COLOR: "red" } });
    const lines = (await s.ok("env", "0")).split("\n");
    s.see(
      "COLOR",
      lines.filter((line) => line.includes("COLOR")),
    );
    s.see(
      "name",
      lines.filter((line) => /^name\b/.test(line)),
    );
  }),
  scenario("the pid file holds the pid", async (s) => {
    await s.start({ name: "a", script: "tells.cjs", pid_file: "own.pid" });
    const { pid, pm2_env: env } = await s.one();
    const path = String(env["pm_pid_path"]);
    s.see("path", path);
    s.see("its pid", readFileSync(path, "utf8").trim() === String(pid));
    await s.ok("stop", "a");
    s.see("is there after stop", s.has(path));
  }),
];

function waitFor(s: Stage, file: string): Promise<string> {
  return until(file, () =>
    s.read(file).endsWith("]") || s.read(file).endsWith('"') ? s.read(file) : false,
  );
}
