import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { nodeProgram } from "../support/nodes.ts";

/** Tries what may be denied, says what came of it, and serves. */
const program = `
const fs = require("node:fs");
const results = {};
const attempt = (name, work) => {
  try { work(); results[name] = "done"; } catch (error) { results[name] = error.code; }
};
attempt("own", () => fs.readFileSync(__filename));
attempt("passwd", () => fs.readFileSync("/etc/passwd"));
attempt("data", () => fs.writeFileSync(__dirname + "/data/x", "1"));
attempt("beside", () => fs.writeFileSync(__dirname + "/beside", "1"));
attempt("child", () => require("node:child_process").spawnSync("true"));
attempt("thread", () => new (require("node:worker_threads").Worker)("", { eval: true }));
results.allowed = process.permission.has("fs.read", __filename);
console.log(JSON.stringify(results));
process.on("message", (message) => process.send({ type: "axm:reply", data: { action_name: "ask", return: results } }));
process.send({ type: "axm:action", data: { action_name: "ask" } });
require("node:http").createServer((_, response) => response.end("here")).listen(process.env.PORT, "127.0.0.1", () => process.send("ready"));
if (process.env.ENDS) setTimeout(() => process.exit(7), 300);
`;

const denied = "ERR_ACCESS_DENIED";

const start = async (home: TestHome, fields: object, permissions: object): Promise<void> => {
  home.file("app.cjs", program);
  const app = { name: "app", script: "app.cjs", wait_ready: true, env: { PORT: "0" }, ...fields };
  const file = home.file(
    "ecosystem.config.json",
    JSON.stringify({ apps: [{ ...app, node_permissions: permissions }] }),
  );
  await home.ok("start", file);
};

const results = (home: TestHome, log = "app-out.log"): Promise<Record<string, unknown>> =>
  until("its results", () => {
    const line = /^\{.*\}$/m.exec(home.log(log))?.[0];
    return line !== undefined && (JSON.parse(line) as Record<string, unknown>);
  });

describe.each([20, 22, 24, 26] as const)("Node %i", (major) => {
  const node = async (): Promise<string> =>
    process.versions.node.startsWith(`${major}.`) ? process.execPath : nodeProgram(major as 22);

  test("an app has the permissions that it declares, and its link to the daemon", async () => {
    const home = testHome();
    await start(home, { interpreter: await node() }, { fs_write: ["data/"], worker: true });
    expect(await results(home)).toEqual({
      own: "done",
      passwd: denied,
      // The folder does not exist: it was let through to the kernel.
      data: "ENOENT",
      beside: denied,
      child: denied,
      thread: "done",
      allowed: true,
    });
    // Messages, readiness, actions.
    expect((await home.process("app")).readiness).toBe("ready");
    expect(await home.ok("trigger", "app", "ask")).toContain(denied);
    expect(await home.ok("describe", "app")).toMatch(
      /node_permissions +reads .*; writes .*data\/\*; worker/,
    );
  }, 180_000);

  test("workers of a cluster have them too", async () => {
    const home = testHome();
    const fields = {
      interpreter: await node(),
      instances: 2,
      exec_mode: "cluster",
      wait_ready: false,
    };
    await start(home, fields, { child_process: true });
    for (const id of [0, 1]) {
      expect(await results(home, `app-out-${id}.log`)).toMatchObject({
        own: "done",
        passwd: denied,
        beside: denied,
        child: "done",
        thread: denied,
      });
    }
    await home.ok("reload", "app");
    expect((await home.list()).map(({ status }) => status)).toEqual(["online", "online"]);
  }, 180_000);
});

test("the exit code of an app is known to the next daemon", async () => {
  const home = testHome({ env: { XM_WATCHDOG: "off" } });
  await start(home, { env: { PORT: "0", ENDS: "1" }, autorestart: false }, {});
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  const exits = join(home.paths.home, "exits");
  await until("the file with its exit code", () => readdirSync(exits).length > 0);
  await until("its end", async () => (await home.process("app")).lastExit !== null);
  expect((await home.process("app")).lastExit).toMatchObject({ code: 7 });
}, 60_000);

test("what is not Node is refused by name", async () => {
  const home = testHome();
  home.file("app.sh", "sleep 1000");
  home.file("app.cjs", program);
  const cases: [fields: object, said: RegExp][] = [
    [
      { script: "app.sh" },
      /apps\[0\]\.node_permissions: only Node has them, and \S*bash is not Node/,
    ],
    [{ script: "sleep 1000" }, /only Node has them/],
    [
      { script: "npm", args: "start" },
      /node_permissions: (only Node has them|npm starts the app as a process of its own)/,
    ],
  ];
  for (const [fields, said] of cases) {
    const app = { name: "a", node_permissions: {}, ...fields };
    const file = home.file("ecosystem.config.json", JSON.stringify({ apps: [app] }));
    const { code, stderr } = await home.xm("start", file);
    expect([fields, code, stderr]).toEqual([fields, 1, expect.stringMatching(said)]);
  }
  // A program with Node's name that is none says so in the reason.
  const odd = home.file("node", "#!/bin/sh\necho v18.20.0\n");
  const app = {
    name: "a",
    script: "app.cjs",
    interpreter: odd,
    node_permissions: {},
    max_restarts: 1,
  };
  await home.xm("start", home.file("ecosystem.config.json", JSON.stringify({ apps: [app] })));
  await until("the reason", () =>
    home.log("a-error.log").includes("is no Node 20 or newer (its version: v18.20.0)"),
  );
});
