import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";

/** Writes what happens to it, and takes a moment to start and to end. */
const service = (home: TestHome, name: string): string =>
  home.file(
    `${name}.cjs`,
    `
const { appendFileSync } = require("node:fs");
const tell = (what) => appendFileSync(${JSON.stringify(join(home.folder, "told"))}, what + " ${name}\\n");
tell("start");
setTimeout(() => { tell("ready"); process.send("ready"); }, 50);
process.on("SIGINT", () => setTimeout(() => { tell("end"); process.exit(0); }, 100));
setInterval(() => {}, 1_000);
`,
  );

const told = (home: TestHome): string[] =>
  readFileSync(join(home.folder, "told"), "utf8").trim().split("\n");

interface Declared {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly apps?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

const file = (
  home: TestHome,
  { groups, apps = ["db", "api", "web"], more = {} }: Declared,
): string =>
  home.file(
    "ecosystem.config.json",
    JSON.stringify({
      apps: apps.map((name) => ({ name, script: service(home, name), wait_ready: true, ...more })),
      groups,
    }),
  );

const settled = (home: TestHome, lines: number): Promise<unknown> =>
  until(`${lines} lines`, () => told(home).length >= lines && told(home));

async function crash(home: TestHome, name: string): Promise<void> {
  const { pid } = await home.process(name);
  process.kill(pid ?? 0, "SIGKILL");
}

const restartOfAll = [
  "end web",
  "end db",
  "start db",
  "ready db",
  "start api",
  "ready api",
  "start web",
  "ready web",
];

test("one_for_all restarts the others in order, says why, and ends when its budget is spent", async () => {
  const home = testHome();
  const group = { apps: ["db", "api", "web"], strategy: "one_for_all", max_restarts: 2 };
  await home.ok("start", file(home, { groups: { site: { ...group, restart_window: "1h" } } }));
  const begun = told(home).length;

  await crash(home, "api");
  await settled(home, begun + restartOfAll.length);
  expect(told(home).slice(begun)).toEqual(restartOfAll);
  await until("all online", async () =>
    (await home.list()).every(({ status }) => status === "online"),
  );
  expect(await home.ok("why", "web")).toContain(
    "it is restarted in its turn, because group site is one_for_all and api crashed.",
  );
  expect(await home.ok("why", "api")).toContain(
    "Its group site acted last because: group site is one_for_all and api crashed.",
  );
  expect(await home.ok("ls")).toContain(
    "group site: one_for_all, 1 of 2 restarts within 1 h, db, api, web",
  );
  expect(await home.ok("describe", "db")).toMatch(/group +site: one_for_all, 1 of 2 restarts/);
  const records = await home.client().history({ kinds: ["group"] });
  expect(records.map(({ name, states }) => `${name} ${states}`)).toEqual(
    expect.arrayContaining([
      "site restarting.stopping",
      "site restarting.starting",
      "site watching",
    ]),
  );

  // God dies, and the next one continues to count.
  const god = home.godPid();
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await until("the next God", async () => (await home.process("db")).status === "online");
  const second = told(home).length;
  await crash(home, "api");
  await settled(home, second + restartOfAll.length);
  expect(told(home).slice(second)).toEqual(restartOfAll);
  await until("all online", async () =>
    (await home.list()).every(({ status }) => status === "online"),
  );

  const third = told(home).length;
  await crash(home, "api");
  await until("the end of the group", async () =>
    (await home.list()).every(({ status }) => status === "errored"),
  );
  expect(told(home).slice(third)).toEqual(["end web", "end db"]);
  const reason =
    "group site gave up: api crashed, and that would be restart 3 within 1 h (restart_window), and max_restarts is 2";
  for (const name of ["db", "api", "web"]) expect(await home.ok("why", name)).toContain(reason);
  expect(await home.ok("ls")).toContain("group site: one_for_all, gave up");

  // A command starts it again, with a budget of its own.
  await home.ok("start", "db", "api", "web");
  expect(await home.ok("ls")).toContain("group site: one_for_all, 0 of 2 restarts within 1 h");
}, 60_000);

test("a God that dies in the middle of a restart is followed by one that finishes it", async () => {
  const home = testHome();
  const group = { apps: ["db", "api", "web"], strategy: "rest_for_one" };
  await home.ok("start", file(home, { groups: { site: group } }));
  const begun = told(home).length;
  const god = home.godPid();
  await crash(home, "db");
  await until("the first end", () => told(home).slice(begun).includes("end web"));
  process.kill(god, "SIGKILL");
  await home.nextGod(god);
  await until("all online", async () => {
    const list = await home.list();
    return list.length === 3 && list.every(({ status }) => status === "online");
  });
  expect(told(home).slice(begun)).toEqual([
    "end web",
    "end api",
    "start db",
    "ready db",
    "start api",
    "ready api",
    "start web",
    "ready web",
  ]);
}, 60_000);

test("what a user has stopped stays stopped; rest_for_one leaves what comes before", async () => {
  const home = testHome();
  const group = { apps: ["db", "api", "web"], strategy: "rest_for_one" };
  await home.ok("start", file(home, { groups: { site: group } }));
  const { pid } = await home.process("db");
  await home.ok("stop", "web");
  const begun = told(home).length;
  await crash(home, "api");
  await settled(home, begun + 2);
  await until("api online", async () => (await home.process("api")).status === "online");
  expect(told(home).slice(begun)).toEqual(["start api", "ready api"]);
  expect((await home.process("web")).status).toBe("stopped");
  expect((await home.process("db")).pid).toBe(pid);
}, 60_000);

test("a group within a group that gives up is restarted by the one around it", async () => {
  const home = testHome();
  const groups = {
    site: {
      apps: ["db"],
      strategy: "rest_for_one",
      max_restarts: 1,
      restart_window: "1h",
      groups: { front: { apps: ["api", "web"], max_restarts: 0, restart_window: "1h" } },
    },
  };
  await home.ok("start", file(home, { groups }));
  const { pid } = await home.process("db");
  const begun = told(home).length;
  await crash(home, "api");
  await settled(home, begun + 5);
  await until("all online", async () =>
    (await home.list()).every(({ status }) => status === "online"),
  );
  expect(told(home).slice(begun)).toEqual([
    "end web",
    "start api",
    "ready api",
    "start web",
    "ready web",
  ]);
  expect((await home.process("db")).pid).toBe(pid);
  await crash(home, "api");
  await until("the end of both", async () =>
    (await home.list()).every(({ status }) => status === "errored"),
  );
  expect(await home.ok("why", "db")).toContain(
    "group site gave up: group front gave up: api crashed",
  );
}, 60_000);

test("the end of a significant app shuts its group down", async () => {
  const home = testHome();
  const ecosystem = home.file(
    "ecosystem.config.json",
    JSON.stringify({
      apps: [
        { name: "db", script: service(home, "db"), wait_ready: true },
        {
          name: "batch",
          script: home.file("batch.cjs", "setTimeout(() => {}, 1_500)"),
          restart: "on-failure",
          significant: true,
          namespace: "work",
        },
      ],
      groups: { job: { apps: ["db", "batch"], auto_shutdown: "any_significant" } },
    }),
  );
  await home.ok("start", ecosystem);
  await until("the end", async () =>
    (await home.list()).every(({ status }) => status === "stopped"),
  );
  expect(await home.ok("why", "db")).toContain(
    "it stays stopped, because group job shut down, because batch exited (auto_shutdown: any_significant).",
  );
}, 60_000);

test("an app that is declared later joins the group of its namespace", async () => {
  const home = testHome();
  const groups = { shop: { namespace: "shop", strategy: "one_for_all" } };
  const more = { namespace: "shop" };
  await home.ok("start", file(home, { groups, apps: ["db"], more }));
  await home.ok("start", service(home, "late"), "--namespace", "shop", "--wait-ready");
  const begun = told(home).length;
  await crash(home, "late");
  await settled(home, begun + 5);
  expect(told(home).slice(begun)).toEqual([
    "end db",
    "start db",
    "ready db",
    "start late",
    "ready late",
  ]);
  expect(await home.ok("ls")).toContain(
    "group shop: one_for_all, 1 of 5 restarts within 10 s, db, late",
  );
}, 60_000);

test("a group that cannot be is refused by the name of its field, and nothing is started", async () => {
  const home = testHome();
  const ecosystem = file(home, {
    groups: {
      a: { apps: ["db", "nobody"], strategy: "all_for_one", max_restarts: -1, groups: ["b"] },
      b: { apps: ["db"], groups: ["a"], restart_window: 0 },
    },
  });
  const { code, stderr } = await home.xm("start", ecosystem);
  expect(code).toBe(1);
  for (const fault of [
    'groups.a.apps[1]: no app named "nobody" in this file; it has db, api, web',
    'groups.a.strategy: expected one_for_one, one_for_all, rest_for_one, got "all_for_one"',
    "groups.a.max_restarts: expected a whole number from 0 to 1000000, got -1",
    "groups.b.apps[0]: db is in two groups, a and b",
    'groups.b.restart_window: expected ms or a time such as "10s", 1 ms or longer, got 0',
  ])
    expect(stderr).toContain(fault);
  expect(await home.xm("jlist")).toMatchObject({ stdout: "[]\n" });
}, 60_000);
