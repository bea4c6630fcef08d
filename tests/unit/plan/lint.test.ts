import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { simulate } from "../../../machines/simulation.ts";
import type { ProbeSpec } from "../../../machines/probes.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Finding } from "../../../runtime/plan/index.ts";
import { lintRules } from "../../../runtime/plan/lint/finding.ts";
import { SimulatedGod, type Behaviour } from "../../support/machines/simulated-god.ts";
import { SimulatedProcess } from "../../support/machines/simulated-process.ts";
import { appSpec } from "../../support/machines/spec.ts";
import { grouped, needs, planned } from "../../support/plan.ts";

async function findings(
  specs: readonly AppSpec[],
  known: Parameters<typeof planned>[2] = {},
): Promise<readonly Finding[]> {
  const { findings: found } = await planned("start", specs, known);
  return found;
}

const rulesOf = (found: readonly Finding[]): string[] =>
  found.map(({ rule, level, about, field }) => `${level} ${rule} ${about} ${field}`);

/** The first of them, which is expected to be the only one. */
function only(found: readonly Finding[]): Finding {
  const [finding] = found;
  if (finding === undefined || found.length > 1) throw new Error(JSON.stringify(found));
  return finding;
}

/** God of the model tests, over programs that live as they are told here. */
async function god(
  specs: readonly AppSpec[],
  behaviours: Readonly<Record<string, Partial<Behaviour>>> = {},
): Promise<SimulatedGod> {
  const usual: Behaviour = { readyMs: 100, ends: [null], stopMs: 10 };
  const played = await SimulatedGod.begin({
    specs,
    behaviours: new Map(
      specs.map(({ name }) => [name, { ...usual, ...behaviours[name] }] as const),
    ),
    seen: () => {},
  });
  played.declare();
  return played;
}

const probe: ProbeSpec = {
  check: { kind: "tcp", host: "127.0.0.1", port: 1 },
  initialDelayMs: 0,
  periodMs: 1_000,
  timeoutMs: 500,
  successThreshold: 1,
  failureThreshold: 3,
};

test("a file without faults has no findings", async () => {
  const specs = [
    appSpec({ spec: { name: "db" }, policy: { readiness: "message" } }),
    appSpec({ spec: { name: "api", dependsOn: [needs("db")] } }),
  ];
  expect(await findings(specs)).toEqual([]);
});

test("dependency-deadlock: an app that waits for the end of a service", async () => {
  const db = appSpec({ spec: { name: "db" } });
  const api = appSpec({ spec: { name: "api", dependsOn: [needs("db", "succeeded")] } });
  const found = await findings([api, db]);
  expect(rulesOf(found)).toEqual(["error dependency-deadlock api depends_on"]);
  const { evidence, message } = only(found);
  expect(message).toMatch(/api is never started, although nothing fails: It starts when/);
  expect(evidence.map(({ name, event }) => `${name} ${event}`)).toEqual([
    "db child.spawned",
    "api dependencies.unmet",
  ]);
  // The same events, and an hour in which nothing else comes of them.
  const played = await god([db, api]);
  played.clock.advance(3_600_000);
  expect(played.facts("api").status).toBe("pending");
  expect(played.facts("db").status).toBe("online");
  played.actor.stop();

  const job = appSpec({
    spec: { name: "db" },
    restart: { mode: "never", job: { remainsAfterExit: false, runTimeoutMs: null } },
  });
  expect(await findings([api, job])).toEqual([]);
});

test("dependency-deadlock: what waits for a schedule, or for what does so, is started by the clock", async () => {
  const nightly = appSpec({
    spec: { name: "nightly", autostart: false },
    restart: { mode: "never", job: { remainsAfterExit: false, runTimeoutMs: null } },
    sensors: { cron: "0 3 * * *" },
  });
  const report = appSpec({ spec: { name: "report", dependsOn: [needs("nightly")] } });
  const mail = appSpec({ spec: { name: "mail", dependsOn: [needs("report", "healthy")] } });
  const specs = [mail, report, nightly];
  const { moments, findings: found } = await planned("start", specs);
  expect(moments.some(({ name, facts }) => name === "mail" && facts?.status === "pending")).toBe(
    true,
  );
  expect(found).toEqual([]);
});

test("every rule is in the page about plans", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/how-to/plan.md"), "utf8");
  for (const rule of Object.keys(lintRules)) expect(page).toContain(`| \`${rule}\` |`);
});

test("probe-kills-start: a liveness that ends every slow start, and one that waits for it", async () => {
  const probes = { startup: null, readiness: null, liveness: probe };
  const spec = appSpec({ spec: { name: "api" }, policy: { probes } });
  const found = await findings([spec], { times: { api: { bootMs: 10_000 } } });
  expect(rulesOf(found)).toEqual(["error probe-kills-start api liveness_probe"]);
  const { evidence } = only(found);
  expect(evidence.map(({ at, event }) => `${at} ${event}`)).toEqual([
    "0 child.spawned",
    "1000 minUptime",
    "2000 probe.failing",
    "2000 child.signalled",
    "2100 child.exited",
  ]);
  replay(new SimulatedProcess(spec), evidence.slice(0, -1));

  const patient = { ...probe, initialDelayMs: 9_000 };
  const waits = appSpec({
    spec: { name: "api" },
    policy: { probes: { ...probes, liveness: patient } },
  });
  expect(await findings([waits], { times: { api: { bootMs: 10_000 } } })).toEqual([]);
});

test("probe-kills-start: what listen_timeout allows is a warning, and a startup probe that is too short an error", async () => {
  const probes = { startup: null, readiness: null, liveness: { ...probe, periodMs: 600 } };
  const spec = appSpec({ spec: { name: "api" }, policy: { probes, listenTimeoutMs: 3_000 } });
  expect(rulesOf(await findings([spec]))).toEqual(["warning probe-kills-start api liveness_probe"]);
  const starting = { startup: { ...probe, periodMs: 100 }, readiness: null, liveness: null };
  const short = appSpec({
    spec: { name: "api" },
    policy: { readiness: "probe", probes: starting },
  });
  const found = await findings([short]);
  expect(rulesOf(found)).toEqual(["error probe-kills-start api startup_probe"]);
  replay(new SimulatedProcess(short), only(found).evidence.slice(0, -1));
  expect(await findings([short], { times: { api: { bootMs: 150 } } })).toEqual([]);
});

/** The evidence, event by event, on the machine itself: it comes to the same states. */
function replay(process: SimulatedProcess, evidence: Finding["evidence"]): void {
  for (const { at, event, states } of evidence) {
    process.advance(at - process.clock.now());
    if (event === "probe.failing") process.finds("probe.failing");
    if (event === "child.unstarted") process.runOut();
    if (event === "child.signalled") process.signalled();
    if (event === "stop") process.command("stop");
    if (event === "child.exited") process.exit(null, "SIGINT");
    expect(leaf(process.value), event).toBe(states.split(" ")[0]?.split(".").slice(0, 2).join("."));
  }
}

/** `alive.stopping` */
function leaf(value: unknown): string {
  if (typeof value === "string") return value;
  const [[outer, inner] = ["", ""]] = Object.entries(value as Record<string, unknown>);
  return `${outer}.${typeof inner === "string" ? inner : Object.keys(inner as object)[0]}`;
}

test("limit-unreachable: waits that grow too long for restart_window, and one that is long enough", async () => {
  const backoff = { initialMs: 100, factor: 1.5, maxMs: 60_000, jitter: 0, resetAfterMs: 30_000 };
  const restart = { maxRestarts: 10, restartWindowMs: 10_000, backoff };
  const spec = appSpec({ spec: { name: "api" }, restart });
  const found = await findings([spec]);
  expect(rulesOf(found)).toEqual(["error limit-unreachable api restart_window"]);
  const { evidence, fix } = only(found);
  // Each of the two ways that the fix names is one, and one restart more is none.
  const [, windowMs = 0, most = 0] =
    /^restart_window: (\d+), or max_restarts: (\d+)$/.exec(fix) ?? [];
  const within = (change: Partial<typeof restart>): AppSpec =>
    appSpec({ spec: { name: "api" }, restart: { ...restart, ...change } });
  expect(await findings([within({ restartWindowMs: Number(windowMs) })])).toEqual([]);
  expect(await findings([within({ maxRestarts: Number(most) })])).toEqual([]);
  expect(await findings([within({ maxRestarts: Number(most) + 1 })])).toHaveLength(1);
  // The evidence again, by the machine: lives that end when it says.
  const ends = evidence.filter(({ sentence }) => sentence !== undefined);
  const starts = evidence.filter(({ event }) => event === "child.spawned");
  const lives = ends.map(({ at }, index) => {
    return { lifeMs: at - (starts[index]?.at ?? 0), code: null, signal: "SIGSEGV", readyMs: 0 };
  });
  const stays = { lifeMs: null, code: null, signal: null, readyMs: 0 };
  const again = simulate({ spec, pattern: [...lives, stays], forMs: 3_600_000 });
  const decisions = again.events.flatMap(({ decision }) => decision ?? []);
  expect(decisions.map(({ sentence }) => sentence)).toEqual(ends.map(({ sentence }) => sentence));
  expect(decisions.some(({ rule }) => rule === "restartsTooOften")).toBe(false);
});

test("kill-timeout-below-drain: only where a drain_timeout of its own is longer", async () => {
  const spec = appSpec({
    spec: { name: "api" },
    policy: { drainTimeoutMs: 20_000, killTimeoutMs: 5_000 },
  });
  const found = await findings([spec]);
  expect(rulesOf(found)).toEqual(["warning kill-timeout-below-drain api kill_timeout"]);
  const { evidence, fix } = only(found);
  expect(evidence.map(({ at, event }) => `${at} ${event}`)).toEqual([
    "0 stop",
    "0 child.signalled",
    "5000 killTimeout",
    "5000 child.exited",
  ]);
  replay(new SimulatedProcess(spec), evidence.slice(0, 3));
  const mended = Number(/\d+/.exec(fix)?.[0]);
  expect(
    await findings([
      appSpec({ spec: { name: "api" }, policy: { drainTimeoutMs: 20_000, killTimeoutMs: mended } }),
    ]),
  ).toEqual([]);
  expect(await findings([appSpec({ spec: { name: "api" } })])).toEqual([]);
});

test("group-never-escalates: members that are never restarted, and members that are restarted too slowly", async () => {
  const group = { maxRestarts: 5, restartWindowMs: 10_000 };
  const never = ["a", "b"].map((name) => appSpec({ spec: { name }, restart: { mode: "never" } }));
  const idle = await findings(grouped("g", group, never));
  expect(rulesOf(idle)).toEqual(["error group-never-escalates g groups.g"]);
  expect(only(idle).message).toMatch(/no member is restarted after a crash$/);

  const slow = [appSpec({ spec: { name: "a" }, restart: { restartDelayMs: 5_000 } })];
  const found = await findings(grouped("g", group, slow));
  expect(rulesOf(found)).toEqual(["warning group-never-escalates g groups.g"]);
  // By God of the model tests: as many crashes at the same times, and the group goes on.
  const played = await god(grouped("g", group, slow), { a: { ends: [{ afterMs: 10, code: 1 }] } });
  const crashes = only(found).evidence.filter(({ event }) => event === "child.exited");
  played.clock.advance((crashes.at(-1)?.at ?? 0) + 1_000);
  expect(played.children.filter(({ isAlive }) => !isAlive)).toHaveLength(crashes.length);
  expect(played.groups.get("g")?.step).toBe("watching");
  played.actor.stop();

  const short = [appSpec({ spec: { name: "a" }, restart: { maxRestarts: 3 } })];
  expect(rulesOf(await findings(grouped("g", group, short)))).toEqual([
    "warning group-never-escalates g groups.g",
  ]);
  const quick = ["a", "b"].map((name) => appSpec({ spec: { name } }));
  expect(await findings(grouped("g", group, quick))).toEqual([]);
});
