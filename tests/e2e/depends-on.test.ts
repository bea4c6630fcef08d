import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** Writes what happens to it, says that it is ready when a file is there, and takes a moment to end. */
const service = (home: TestHome, name: string, when = ""): string =>
  home.file(
    `${name}.cjs`,
    `
const { appendFileSync, existsSync } = require("node:fs");
const tell = (what) => appendFileSync(${JSON.stringify(join(home.folder, "told"))}, what + " ${name}\\n");
tell("start");
const ready = () => { tell("ready"); process.send("ready"); };
const flag = ${JSON.stringify(when)};
if (flag === "") ready();
else {
  const timer = setInterval(() => { if (existsSync(flag)) { clearInterval(timer); ready(); } }, 20);
}
process.on("SIGINT", () => setTimeout(() => { tell("end"); process.exit(0); }, 100));
setInterval(() => {}, 1_000);
`,
  );

const told = (home: TestHome): string[] =>
  readFileSync(join(home.folder, "told"), "utf8").trim().split("\n");

const file = (home: TestHome, apps: readonly object[]): string =>
  home.file("ecosystem.config.json", JSON.stringify({ apps }));

test("apps start in order, whatever their order in the file, and stop in the other one", async () => {
  const home = testHome();
  const ecosystem = file(home, [
    { name: "web", script: service(home, "web"), wait_ready: true, depends_on: ["api"] },
    {
      name: "api",
      script: service(home, "api"),
      wait_ready: true,
      depends_on: {
        db: { condition: "service_healthy" },
        migrate: { condition: "service_completed_successfully" },
      },
    },
    { name: "db", script: service(home, "db"), wait_ready: true },
    {
      name: "migrate",
      script: home.file(
        "migrate.cjs",
        `require("node:fs").appendFileSync(${JSON.stringify(join(home.folder, "told"))}, "migrated\\n")`,
      ),
      restart: "never",
      depends_on: ["db"],
    },
  ]);
  await home.ok("start", ecosystem);
  const begun = [
    "start db",
    "ready db",
    "migrated",
    "start api",
    "ready api",
    "start web",
    "ready web",
  ];
  expect(told(home)).toEqual(begun);
  expect((await home.list()).map(({ id, name }) => [id, name])).toEqual([
    [0, "web"],
    [1, "api"],
    [2, "db"],
    [3, "migrate"],
  ]);
  expect(await home.ok("why", "api")).toMatch(/its dependencies are met: db, migrate/);

  await home.ok("restart", "db", "api", "web");
  expect(told(home).slice(begun.length)).toEqual([
    "end web",
    "end api",
    "end db",
    "start db",
    "ready db",
    "start api",
    "ready api",
    "start web",
    "ready web",
  ]);
  const before = told(home).length;
  await home.ok("stop", "all");
  expect(told(home).slice(before)).toEqual(["end web", "end api", "end db"]);

  // What it needs and what that needs: the job is done and stays so.
  await home.ok("start", "web");
  expect(told(home).slice(before + 3)).toEqual([
    "start db",
    "ready db",
    "start api",
    "ready api",
    "start web",
    "ready web",
  ]);
  const last = told(home).length;
  await home.ok("kill");
  expect(told(home).slice(last)).toEqual(["end web", "end api", "end db"]);
});

test("a pending app says what it waits for, survives God, and stops at once", async () => {
  const home = testHome();
  const flag = join(home.folder, "db-is-ready");
  const ecosystem = file(home, [
    { name: "api", script: service(home, "api"), wait_ready: true, depends_on: ["db"] },
    {
      name: "db",
      script: service(home, "db", flag),
      wait_ready: true,
      listen_timeout: 300,
    },
  ]);
  const starting = home.xm("start", ecosystem);
  await until("the database to run", async () =>
    (await home.list()).some(({ name, status }) => name === "db" && status === "online"),
  );
  // It is online, and late: that it is not ready is seen.
  await until("the wait for readiness", async () =>
    (await home.process("api")).waitsFor[0]?.state.includes("not ready"),
  );
  expect(await home.ok("why", "api")).toMatch(
    /api .*is pending\. It waits for db: db \(service_healthy\) is running, but not ready yet\./,
  );
  expect(await home.ok("ls")).toMatch(/pending[\s\S]*api: waits for db \(service_healthy: running/);
  const [entry] = JSON.parse(await home.ok("jlist")) as {
    pm2_env: { status: string };
    pid: number;
  }[];
  expect([entry?.pm2_env.status, entry?.pid]).toEqual(["waiting restart", 0]);

  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await until("the next God", async () => (await home.process("api")).status === "pending");
  expect((await home.xm("stop", "api")).code).toBe(0);
  expect((await home.process("api")).status).toBe("stopped");
  const again = home.xm("start", "api");
  await until("the wait", async () => (await home.process("api")).status === "pending");
  home.file("db-is-ready", "");
  expect((await again).code).toBe(0);
  expect(told(home).filter((line) => line.includes("start"))).toEqual(["start db", "start api"]);
  await starting;
});

test("a wait whose condition cannot be met any more ends, and what was missing starts it again", async () => {
  const home = testHome();
  const flag = join(home.folder, "works");
  const db = home.file(
    "db.cjs",
    `if (!require("node:fs").existsSync(${JSON.stringify(flag)})) process.exit(3);
process.send("ready"); setInterval(() => {}, 1_000);`,
  );
  const ecosystem = file(home, [
    { name: "db", script: db, wait_ready: true, max_restarts: 2 },
    { name: "api", script: service(home, "api"), wait_ready: true, depends_on: ["db"] },
  ]);
  const { code, stderr } = await home.xm("start", ecosystem);
  expect(code).toBe(1);
  expect(stderr).toMatch(/api \(1\): it depends on db \(service_healthy\), which is errored/);
  expect((await home.process("api")).status).toBe("errored");
  home.file("works", "");
  await home.ok("start", "db");
  expect((await home.process("api")).status).toBe("online");
  expect((await home.xm("stop", "db")).stderr).toContain("api depends on it and keeps running");
  // Not even a crash starts it without.
  process.kill((await home.process("api")).pid ?? 0, "SIGKILL");
  await until("the end of the wait", async () => (await home.process("api")).status === "errored");
  await home.ok("start", "api", "--no-deps");
  expect([(await home.process("api")).status, (await home.process("db")).status]).toEqual([
    "online",
    "stopped",
  ]);
});

test("circles and unknown names are refused with their path, and nothing is started", async () => {
  const home = testHome();
  const script = service(home, "any");
  const circle = await home.xm(
    "start",
    file(home, [
      { name: "a", script, depends_on: ["b"] },
      { name: "b", script, depends_on: ["c"] },
      { name: "c", script, depends_on: ["a"] },
    ]),
  );
  expect([circle.code, circle.stderr]).toEqual([
    1,
    expect.stringContaining("in a circle: a → b → c → a"),
  ]);
  const unknown = await home.xm("start", file(home, [{ name: "a", script, depends_on: ["dbb"] }]));
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    expect.stringContaining('"a" depends on "dbb", which is neither declared with it'),
  ]);
  expect(await home.list()).toEqual([]);

  // Another file may have it, and `--only` takes what is needed.
  await home.ok("start", script, "--name", "dbb", "--wait-ready");
  await home.ok("start", file(home, [{ name: "a", script, depends_on: ["dbb"] }]));
  await home.ok("delete", "a");
  const two = file(home, [
    { name: "x", script, wait_ready: true },
    { name: "y", script, depends_on: ["x"] },
    { name: "z", script },
  ]);
  await home.ok("start", two, "--only", "y");
  expect((await home.list()).map(({ name }) => name)).toEqual(["dbb", "x", "y"]);
});

test("an app follows the end or the restart of what it is bound to, also over the death of God", async () => {
  const home = testHome();
  const script = home.file("plain.cjs", "setInterval(() => {}, 1_000);");
  const on = (bond: object): object => ({ script, depends_on: { db: bond } });
  await home.ok(
    "start",
    file(home, [
      { name: "db", script, restart_delay: 500 },
      { name: "follows", ...on({ restart: true }) },
      { name: "returns", ...on({ on_loss: "restart" }) },
      { name: "ends", ...on({ on_loss: "stop" }) },
      { name: "stays", ...on({}) },
    ]),
  );
  const pids = async (): Promise<Record<string, number | null>> =>
    Object.fromEntries((await home.list()).map(({ name, pid }) => [name, pid]));
  const isUp = (...names: string[]): Promise<unknown> =>
    until(
      names.join(" and "),
      async () => {
        const list = await home.list();
        return names.every((name) =>
          list.some((each) => each.name === name && each.status === "online"),
        );
      },
      { withinMs: 60_000 },
    );
  const first = await pids();
  await home.ok("restart", "db");
  await until("what follows", async () => (await pids())["follows"] !== first["follows"], {
    withinMs: 60_000,
  });
  await isUp("follows", "db");
  const second = await pids();
  for (const name of ["returns", "ends", "stays"]) expect(second[name]).toBe(first[name]);
  // It ends while no daemon looks.
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  process.kill(second["db"] ?? 0, "SIGKILL");
  await home.nextGod(god);
  await until("what returns", async () => (await pids())["returns"] !== second["returns"], {
    withinMs: 60_000,
  });
  await isUp("returns", "db");
  await until("what ends", async () => (await home.process("ends")).status === "stopped", {
    withinMs: 60_000,
  });
  const third = await pids();
  for (const name of ["follows", "stays"]) expect(third[name]).toBe(second[name]);
  expect(await home.ok("why", "ends")).toContain("because the end of db stopped it");
  expect(await home.ok("why", "follows")).toContain(
    "because the restart of db asked for a restart",
  );
  const job = { db: { condition: "service_completed", on_loss: "stop" } };
  expect((await home.xm("start", file(home, [{ name: "x", script, depends_on: job }]))).code).toBe(
    1,
  );
});
