import { expect, test } from "vitest";
import { appSpec } from "../../support/machines/spec.ts";
import { needs, planned, told } from "../../support/plan.ts";

const db = appSpec({ spec: { name: "db" }, policy: { readiness: "message" } });
const migrate = appSpec({
  spec: { name: "migrate", dependsOn: [needs("db")] },
  restart: { mode: "never", job: { remainsAfterExit: false, runTimeoutMs: null } },
});
const api = appSpec({
  spec: { name: "api", dependsOn: [needs("db"), needs("migrate")] },
  policy: { readiness: "message" },
});
const web = appSpec({ spec: { name: "web", dependsOn: [needs("api")] } });
/** Not in the order in which they start. */
const file = [web, api, migrate, db];
const times = { db: { bootMs: 2_500 }, migrate: { runMs: 400 }, api: { bootMs: 700 } };

test("a start is planned with its order, its waits and its longest chain", async () => {
  const plan = await planned("start", file, { times });
  expect(told(plan.moments, ["child.spawned", "child.ready", "child.exited"])).toEqual([
    "0 db child.spawned",
    "2500 db child.ready",
    "2500 migrate child.spawned",
    "2900 migrate child.exited",
    "2900 api child.spawned",
    "3600 api child.ready",
    "3600 web child.spawned",
  ]);
  expect(plan.waits).toEqual([
    { app: "migrate", for: ["db"], fromMs: 0, toMs: 2_500 },
    { app: "api", for: ["db", "migrate"], fromMs: 0, toMs: 2_900 },
    { app: "web", for: ["api"], fromMs: 0, toMs: 3_600 },
  ]);
  expect(plan.chain).toEqual([
    { app: "db", fromMs: 0, toMs: 2_500 },
    { app: "migrate", fromMs: 2_500, toMs: 2_900 },
    { app: "api", fromMs: 2_900, toMs: 3_600 },
    { app: "web", fromMs: 3_600, toMs: 3_600 },
  ]);
  expect(plan).toMatchObject({ answeredAt: 3_600, isCut: false });
  expect(plan.outcomes.every(({ ok }) => ok)).toBe(true);
});

test("what others wait for and never comes is played out, up to the answer of the command", async () => {
  const { hypotheses } = await planned("start", file, { times });
  const failing = hypotheses.map(({ app, what, outcomes }) => ({
    app,
    what,
    failed: outcomes.flatMap(({ name, ok }) => (ok ? [] : [name])).toSorted(),
  }));
  expect(failing).toEqual([
    { app: "api", what: "never ready", failed: ["web"] },
    { app: "migrate", what: "fails", failed: ["api", "web"] },
    { app: "db", what: "never ready", failed: ["api", "migrate", "web"] },
  ]);
  const [never] = hypotheses.slice(-1);
  // listen_timeout, and a minute in which nothing changes.
  expect(never?.answeredAt).toBe(3_000 + 60_000 + 10_000);
  const migrated = never?.outcomes.find(({ name }) => name === "migrate");
  expect(migrated?.message).toMatch(/waits for db \(service_healthy\), which is running, but not/);
});

test("a reload of a cluster starts each replacement first, and keeps the old one if it does not come", async () => {
  const cluster = appSpec({
    spec: { name: "c", mode: "cluster", instances: 2 },
    policy: { readiness: "listening" },
  });
  const plan = await planned("reload", [cluster]);
  expect(plan.answeredAt).toBe(2 * (1_000 + 100));
  const lives = plan.moments.flatMap(({ at, facts, event }) =>
    facts !== undefined && ["child.spawned", "remove"].includes(event)
      ? [`${at} ${facts.instance}.${facts.generation} ${event}`]
      : [],
  );
  expect(lives).toEqual([
    "0 0.1 child.spawned",
    "1000 0.0 remove",
    "1100 1.1 child.spawned",
    "2100 1.0 remove",
  ]);
  const stuck = await planned("reload", [cluster], { lives: { c: { kind: "never-ready" } } });
  expect(told(stuck.moments, ["reload.failed"])).toHaveLength(1);
  expect(stuck.outcomes.map(({ ok }) => ok)).toEqual([false, false]);
  expect(stuck.outcomes[0]?.message).toMatch(/keeps serving$/);
});

test("a stop ends what depends on others before them, and kills what ignores its signal", async () => {
  const plan = await planned("stop", file, { times: { ...times, web: { stopMs: 5_000 } } });
  expect(told(plan.moments, ["stop", "killTimeout"])).toEqual([
    "0 web stop",
    "1600 web killTimeout",
    "1600 api stop",
    "1700 migrate stop",
    "1700 db stop",
  ]);
  expect(plan.chain.map(({ app }) => app)).toEqual(["web", "api", "db"]);
  expect(plan.answeredAt).toBe(1_800);
});

test("an app that crashes is given up by its own policy, and with it what waits for it", async () => {
  const plan = await planned("start", [db, { ...web, dependsOn: [needs("db")] }], {
    lives: { db: { kind: "crash" } },
  });
  const ends = plan.moments.filter(({ facts }) => facts?.status === "errored");
  expect(ends.map(({ name, rule }) => `${name} ${rule}`)).toEqual([
    "db unstableTooOften",
    "web lostItsDependency",
  ]);
  expect(told(plan.moments, ["child.spawned"])).toHaveLength(db.policy.restart.maxRestarts);
});

test("what the command refuses the plan refuses with the same error", async () => {
  const round = [
    appSpec({ spec: { name: "a", dependsOn: [needs("b")] } }),
    appSpec({ spec: { name: "b", dependsOn: [needs("a")] } }),
  ];
  await expect(planned("start", round)).rejects.toMatchObject({ code: "ERR_DEPENDENCY_CIRCLE" });
  await expect(planned("start", [web])).rejects.toMatchObject({ code: "ERR_DEPENDENCY_UNKNOWN" });
});

test("probes are asked as the daemon asks them: a startup probe that runs out ends the life", async () => {
  const probe = {
    check: { kind: "tcp" as const, host: "127.0.0.1", port: 1 },
    initialDelayMs: 0,
    periodMs: 500,
    timeoutMs: 1_000,
    successThreshold: 1,
    failureThreshold: 4,
  };
  const probes = { startup: probe, readiness: null, liveness: null };
  const slow = appSpec({
    spec: { name: "slow" },
    policy: { readiness: "probe", probes },
    restart: { mode: "never" },
  });
  const plan = await planned("start", [slow], { times: { slow: { bootMs: 1_200 } } });
  expect(told(plan.moments, ["child.ready"])).toEqual(["1500 slow child.ready"]);
  const late = await planned("start", [slow], { times: { slow: { bootMs: 10_000 } } });
  expect(told(late.moments, ["child.unstarted", "child.exited"])).toEqual([
    "1500 slow child.unstarted",
    "1600 slow child.exited",
  ]);
  expect(late.outcomes[0]).toMatchObject({ ok: false });
});

test("only apps that may fare otherwise are played again, and the answer is that of all", async () => {
  const slow = appSpec({ spec: { name: "slow" }, policy: { readiness: "message" } });
  const extra = appSpec({ spec: { name: "extra", dependsOn: [needs("db")] } });
  const { hypotheses } = await planned("start", [slow, ...file, extra], {
    times: { ...times, slow: { bootMs: 2_900 } },
  });
  const fails = hypotheses.find(({ app }) => app === "migrate");
  expect([...new Set(fails?.moments.map(({ name }) => name))].toSorted()).toEqual([
    "api",
    "db",
    "migrate",
    "web",
  ]);
  const told = fails?.outcomes.map(({ id, name, ok }) => `${id} ${name} ${ok ? "ok" : "fails"}`);
  expect(told?.toSorted()).toEqual([
    "0 slow ok",
    "1 web fails",
    "2 api fails",
    "3 migrate ok",
    "4 db ok",
    "5 extra ok",
  ]);
});
