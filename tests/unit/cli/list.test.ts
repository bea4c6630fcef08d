import { expect, test, vi } from "vitest";
import { renderList, renderMiniList } from "../../../cli/render/list.ts";
import { textWidth } from "../../../cli/render/table.ts";
import { matchPlain } from "../../../cli/apps/targets.ts";
import type { ProcessView } from "../../../runtime/client/connection/types.ts";

const now = 1_000_000_000;

function view(change: Partial<ProcessView>): ProcessView {
  return {
    id: 0,
    name: "api",
    namespace: "default",
    app: "api",
    instance: 0,
    mode: "fork",
    type: "simple",
    nextRunAt: null,
    status: "online",
    pid: 4_242,
    startedAt: now - 7_260_000,
    createdAt: now,
    restarts: 3,
    unstableRestarts: 0,
    restartAt: null,
    killAt: null,
    lastExit: null,
    failure: null,
    decision: null,
    script: "/srv/api.js",
    user: "deploy",
    watching: false,
    troubles: [],
    version: "1.2.3",
    logs: { out: null, error: null, combined: null },
    pidFile: null,
    memoryBytes: 48_234_496,
    generation: 0,
    health: null,
    outOfTraffic: false,
    finding: null,
    waitsFor: [],
    readiness: "ready",
    reload: null,
    cpuPercent: 1.25,
    ...change,
  };
}

const list = [
  view({}),
  view({
    id: 1,
    name: "worker",
    status: "waiting",
    pid: null,
    startedAt: null,
    restartAt: now + 4_200,
    memoryBytes: null,
    cpuPercent: null,
  }),
  view({
    id: 12,
    name: "日本語",
    status: "errored",
    pid: null,
    memoryBytes: null,
    cpuPercent: null,
    decision: "Exited with code 1 after 5 ms; it is given up.",
  }),
];

test("the table at 160 columns has every column", () => {
  vi.stubEnv("NO_COLOR", "1");
  expect(`\n${renderList(list, { width: 160, now })}\n`).toBe(`
┌────┬────────┬───────────┬─────────┬──────┬──────┬────────┬───┬────────────────────┬──────┬────────┬────────┬──────────┐
│ id │ name   │ namespace │ version │ mode │  pid │ uptime │ ↺ │ status             │  cpu │    mem │ user   │ watching │
├────┼────────┼───────────┼─────────┼──────┼──────┼────────┼───┼────────────────────┼──────┼────────┼────────┼──────────┤
│  0 │ api    │ default   │ 1.2.3   │ fork │ 4242 │     2h │ 3 │ online             │ 1.3% │ 46.0mb │ deploy │ disabled │
│  1 │ worker │ default   │ 1.2.3   │ fork │    – │      0 │ 3 │ waiting restart 5s │    – │      – │ deploy │ disabled │
│ 12 │ 日本語 │ default   │ 1.2.3   │ fork │    – │      0 │ 3 │ errored            │    – │      – │ deploy │ disabled │
└────┴────────┴───────────┴─────────┴──────┴──────┴────────┴───┴────────────────────┴──────┴────────┴────────┴──────────┘
日本語: Exited with code 1 after 5 ms; it is given up. (xm why 日本語)
`);
});

test("at 80 columns it keeps what one looks for first", () => {
  vi.stubEnv("NO_COLOR", "1");
  expect(`\n${renderList(list.slice(0, 2), { width: 80, now })}\n`).toBe(`
┌────┬────────┬──────┬──────┬────────┬───┬────────────────────┬──────┬────────┐
│ id │ name   │ mode │  pid │ uptime │ ↺ │ status             │  cpu │    mem │
├────┼────────┼──────┼──────┼────────┼───┼────────────────────┼──────┼────────┤
│  0 │ api    │ fork │ 4242 │     2h │ 3 │ online             │ 1.3% │ 46.0mb │
│  1 │ worker │ fork │    – │      0 │ 3 │ waiting restart 5s │    – │      – │
└────┴────────┴──────┴──────┴────────┴───┴────────────────────┴──────┴────────┘
`);
});

test("what has crashed within a minute is named with its reason while it is up again", () => {
  vi.stubEnv("NO_COLOR", "1");
  const decision = "Exited with code 1 after 300 ms; it starts again at once.";
  const exit = { at: now - 4_000, code: 1, signal: null, uptimeMs: 300, askedBy: null };
  const text = (change: Partial<ProcessView>): string =>
    renderList([view({ decision, lastExit: exit, ...change })], { width: 160, now });
  const line = `\napi: crashed 4s ago: ${decision} (xm why api)`;
  for (const status of ["online", "starting", "waiting"] as const)
    expect(text({ status })).toContain(line);
  expect(text({ lastExit: { ...exit, code: null, signal: "SIGSEGV" } })).toContain(line);
  for (const silent of [
    { status: "stopped" },
    { lastExit: null },
    { lastExit: { ...exit, code: 0 } },
    { lastExit: { ...exit, askedBy: "`xm restart`" } },
    { lastExit: { ...exit, at: now - 61_000 } },
  ] as const)
    expect(text(silent)).not.toContain("crashed");
});

test.each([40, 60, 80, 100, 160])("no line of the table is wider than %d columns", (width) => {
  vi.stubEnv("NO_COLOR", "1");
  const long = [view({ name: "a-name-that-is-much-longer-than-anyone-would-like-it-to-be" })];
  for (const line of renderList(long, { width, now }).split("\n")) {
    expect(textWidth(line)).toBeLessThanOrEqual(Math.max(width, 44));
  }
});

test("colour changes no width", () => {
  vi.stubEnv("NO_COLOR", "");
  vi.stubEnv("FORCE_COLOR", "1");
  const colored = renderList(list, { width: 160, now });
  vi.stubEnv("NO_COLOR", "1");
  // oxlint-disable-next-line no-control-regex -- the escape codes are what is taken out
  expect(colored.replaceAll(/\u001B\[\d+m/g, "")).toBe(renderList(list, { width: 160, now }));
  expect(colored).toContain("\u001B[32monline");
});

test("an app that is being reloaded is named once, with how far it is", () => {
  vi.stubEnv("NO_COLOR", "1");
  const reload = { step: "draining", by: "`xm reload`", done: 1, total: 2 };
  const each = [view({ id: 0, app: "api", reload }), view({ id: 1, app: "api", reload })];
  const [last, before] = renderList(each, { width: 160, now }).split("\n").toReversed();
  expect(last).toBe("api: is being reloaded by `xm reload`, 1 of 2 done (draining)");
  expect(before?.startsWith("└")).toBe(true);
});

test.each([
  [[], "enabled", "watching : yes"],
  [[{ sensor: "watch", reason: "no more inotify watches" }], "failing", "watching : failing"],
])("what is to be watched and is not is never shown as watched: %j", (troubles, cell, line) => {
  const watched = [view({ watching: true, troubles })];
  const text = renderList(watched, { now, width: 200 });
  expect(text).toContain(cell);
  for (const { reason } of troubles) expect(text).toContain(reason);
  expect(renderMiniList(watched, now)).toContain(line);
});

test("an empty list says what to do", () => {
  expect(renderList([], { width: 80, now })).toBe(
    "no processes; start one with `xm start <script>`",
  );
});

test("a numeric name wins over an id, and a name over a namespace", () => {
  const each = [
    view({ id: 0, name: "5", namespace: "blue" }),
    view({ id: 5, name: "blue", namespace: "red" }),
  ];
  expect(matchPlain(each, "5").map(({ id }) => id)).toEqual([0]);
  expect(matchPlain(each, "0").map(({ id }) => id)).toEqual([0]);
  expect(matchPlain(each, "blue").map(({ id }) => id)).toEqual([5]);
  expect(matchPlain(each, "red").map(({ id }) => id)).toEqual([5]);
  expect(matchPlain(each, "/^bl/").map(({ id }) => id)).toEqual([5]);
  expect(matchPlain(each, "all")).toHaveLength(2);
  expect(matchPlain(each, "nope")).toEqual([]);
});
