import { expect, test } from "vitest";
import { stateLine, sparkline } from "../../../../cli/monit/graphs.ts";
import { press } from "../../../../cli/monit/keys.ts";
import { withLines } from "../../../../cli/monit/log-lines.ts";
import {
  emptyModel,
  shownProcesses,
  withMoments,
  withProcesses,
  withRecords,
  withUsage,
  type Model,
} from "../../../../cli/monit/model.ts";
import { clicked } from "../../../../cli/monit/mouse.ts";
import { matchingCommands } from "../../../../cli/monit/palette.ts";
import { drawn } from "../../../../cli/monit/rows.ts";
import { encode, scrollOf } from "../../../../cli/monit/screen.ts";
import { textWidth } from "../../../../cli/render/table.ts";
import type { ProcessView } from "../../../../runtime/client/connection/types.ts";

function view(id: number, change: Partial<ProcessView> = {}): ProcessView {
  return {
    id,
    name: `app${id}`,
    namespace: "default",
    status: "online",
    restarts: 2,
    cpuPercent: 12.5,
    memoryBytes: 50 * 2 ** 20,
    startedAt: 0,
    pid: 100 + id,
    generation: 0,
    createdAt: 0,
    health: null,
    finding: null,
    outOfTraffic: false,
    failure: null,
    decision: null,
    waitsFor: [],
    troubles: [],
    ...change,
  } as unknown as ProcessView;
}

const keys = (model: Model, ...pressed: string[]): Model =>
  pressed.reduce((now, key) => press(now, key).model, model);

const withLine = (model: Model, line: { stream: "out" | "err"; line: string }): Model =>
  withLines(model, [line]);

const typed = (model: Model, text: string): Model => keys(model, ...Array.from(text));

const textsOf = (model: Model, width = 120, height = 40, now = 0): string[] =>
  drawn(model, { width, height, now }).rows.map((row) =>
    row
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );

const three = withProcesses(emptyModel, [view(0), view(1), view(2, { status: "errored" })]);

test("the first process is selected, arrows move, and the selection stays with its process", () => {
  expect(three.selected).toBe(0);
  const second = keys(three, "DOWN");
  expect(second.selected).toBe(1);
  expect(keys(second, "DOWN", "DOWN", "DOWN").selected).toBe(2);
  expect(keys(second, "UP", "k").selected).toBe(0);
  expect(withProcesses(second, [view(1), view(5)]).selected).toBe(1);
  expect(withProcesses(second, [view(5)]).selected).toBe(5);
  expect(withProcesses(second, []).selected).toBe(null);
});

test("a filter is typed, and Escape shows all again", () => {
  const errored = keys(three, "/", "e", "r", "r");
  expect(shownProcesses(errored).map(({ id }) => id)).toEqual([2]);
  expect(errored.selected).toBe(2);
  // Letters are text there, no commands.
  expect(keys(three, "/", "q", "d").filter).toBe("qd");
  expect(keys(errored, "ENTER", "ESCAPE").filter).toBe("");
});

test.each([
  ["s", 0, "stop"],
  ["s", 2, "start"],
  ["r", 1, "restart"],
  ["l", 1, "reload"],
  ["d", 1, "delete"],
])("`%s` on process %i asks before it is a %s", (key, id, name) => {
  const selected = keys(three, ...Array<string>(id).fill("DOWN"));
  const asked = press(selected, key);
  expect(asked.effect).toBe(undefined);
  expect(press(asked.model, "n")).toMatchObject({ model: { mode: "list", wanted: null } });
  expect(press(asked.model, "n").effect).toBe(undefined);
  expect(press(asked.model, "y").effect).toEqual({
    kind: "act",
    action: { name, ids: [id], label: `app${id} (${id})` },
  });
});

test("q and Ctrl-C quit, and any key closes the help", () => {
  expect(press(three, "q").effect).toEqual({ kind: "quit" });
  expect(press(keys(three, "/"), "CTRL_C").effect).toEqual({ kind: "quit" });
  expect(keys(three, "?").mode).toBe("help");
  expect(keys(three, "?", "q").mode).toBe("list");
});

test("logs follow, stay where they are scrolled to, and are bounded", () => {
  let model = three;
  for (let line = 1; line <= 2_500; line += 1)
    model = withLine(model, { stream: "out", line: `line ${line}` });
  expect(model.logs).toHaveLength(2_000);
  const texts = (each: Model): string[] =>
    drawn(each, { width: 40, height: 20, now: 0 }).rows.map((row) =>
      row
        .map(({ text }) => text)
        .join("")
        .trim(),
    );
  expect(texts(model)).toContain("line 2500");
  const back = keys(model, "PAGE_UP");
  expect(texts(back)).not.toContain("line 2500");
  const more = withLine(back, { stream: "out", line: "line 2501" });
  expect(texts(more).slice(0, -1)).toEqual(
    texts(back)
      .slice(0, -1)
      .map((text) => text.replace("10 back", "11 back")),
  );
  expect(texts(keys(more, "END"))).toContain("line 2501");
  expect(keys(model, "DOWN").logs).toEqual([]);
});

test.each([
  [80, 24],
  [200, 60],
  [20, 8],
  [10, 3],
  [5, 1],
])("a screen of %i by %i is filled and never overflows", (width, height) => {
  const wide = view(7, {
    name: "日本語のとても長い名前",
    namespace: "другое\u001B[2J",
    decision: "x".repeat(500),
  });
  let model = withProcesses(emptyModel, [view(0), wide, view(2, { status: "errored" })]);
  for (const line of [
    "a\tb",
    "\u001B[31mred\u001B[0m",
    "界".repeat(300),
    "x".repeat(1_000_000),
    "\u001B]0;t\u0007",
  ])
    model = withLine(model, { stream: "err", line });
  for (const each of [
    model,
    keys(model, "DOWN"),
    keys(model, "?"),
    keys(model, "/", "x"),
    keys(model, "d"),
    keys(model, "w"),
    keys(model, ":"),
    keys(model, "f", "e"),
    keys(model, "z"),
    keys(model, "v"),
  ]) {
    const { rows } = drawn(each, { width, height, now: 0 });
    expect(rows).toHaveLength(height);
    for (const row of rows) {
      const text = row.map((piece) => piece.text).join("");
      // oxlint-disable-next-line no-control-regex -- nothing that controls a terminal
      expect(text).not.toMatch(/[\u0000-\u001F\u007F]/);
      if (width >= 20) expect(textWidth(text)).toBeLessThanOrEqual(width);
    }
  }
});

test("why the selected one is where it is stands above its logs", () => {
  const text = (change: Partial<ProcessView>): string =>
    textsOf(withProcesses(emptyModel, [view(0, change)]), 80, 24).join("\n");
  expect(text({ decision: "it exited with code 1: waits 5 s" })).toContain("it exited with code 1");
  expect(text({ failure: { at: 0, code: "E", message: "no such file" } })).toContain(
    "cannot be started: no such file",
  );
});

const minute = 60_000;

test("the state line has a height for each status, the worst of a cell first, and nothing before it is known", () => {
  const now = 100 * minute;
  const text = (...moments: [minutesAgo: number, status: never][]): string =>
    stateLine(
      moments.map(([ago, status]) => ({ at: now - ago * minute, status })),
      10,
      now - 1,
    )
      .map((piece) => piece.text)
      .join("");
  expect(text([30, "online" as never])).toBe("▇▇▇▇▇▇▇▇▇▇");
  expect(text([5, "online" as never])).toBe("     ▇▇▇▇▇");
  expect(
    text(
      [30, "online" as never],
      [4.5, "waiting" as never],
      [4.4, "online" as never],
      [2.5, "errored" as never],
    ),
  ).toBe("▇▇▇▇▇▂▇×××");
});

test("a graph shows means of its steps, and gaps where nothing was kept", () => {
  const now = 100 * minute - 1;
  const values = {
    at: [0.5, 1.5, 5.5, 5.6].map((ago) => now - ago * minute),
    values: [100, 50, 20, 0],
  };
  expect(sparkline(values, { width: 10, now, least: 10 })).toBe("    ▁   ▅█");
  expect(sparkline({ at: [], values: [] }, { width: 3, now, least: 1 })).toBe("   ");
});

test("what happened is shown at once, and is on the state line of its process", () => {
  const record = (change: object): never =>
    ({
      kind: "process",
      id: 1,
      generation: 0,
      at: 9 * minute,
      status: "waiting",
      pid: null,
      restarts: 3,
      startedAt: null,
      decision: { sentence: "waits 5 s" },
      ...change,
    }) as never;
  const model = withRecords(three, [record({}), record({ kind: "god" }), record({ id: 7 })]);
  expect(model.processes[1]).toMatchObject({
    status: "waiting",
    restarts: 3,
    decision: "waits 5 s",
  });
  expect(model.moments.get(1)).toEqual([{ at: 9 * minute, status: "waiting" }]);
  expect(model.moments.has(7)).toBe(false);
  // Of a reload's other generation the list tells.
  const other = withRecords(three, [record({ generation: 1 })]);
  expect(other.processes[1]?.status).toBe("online");
  const past = withMoments(model, 1, [
    { at: 5 * minute, status: "online" },
    { at: 6 * minute, status: "starting" },
  ]);
  expect(past.moments.get(1)?.map(({ status }) => status)).toEqual([
    "online",
    "starting",
    "waiting",
  ]);
  const line = textsOf(keys(past, "DOWN"), 120, 40, 10 * minute).find((text) =>
    text.startsWith("10 min"),
  );
  expect(line).toMatch(/▇▄+▂+ now$/);
});

test("figures that the daemon has kept are joined, and are those of now", () => {
  const silent = withProcesses(emptyModel, [view(0, { cpuPercent: null, memoryBytes: null })]);
  const column = (at: number[], cpu: number[]) => [
    { id: 0, at, cpu, memory: cpu.map((each) => each * 2 ** 20), memoryPeak: [], cpuPeak: [] },
  ];
  const now = 20 * minute;
  const first = withUsage(
    silent,
    column([now - 11 * minute, now - 20_000, now - 10_000], [1, 2, 3]),
    now,
  );
  const second = withUsage(first, column([now - 10_000, now], [4, 50]), now);
  expect(second.usage.get(0)).toMatchObject({
    at: [now - 20_000, now - 10_000, now],
    cpu: [2, 4, 50],
  });
  expect(textsOf(second).join("\n")).toMatch(/online +[^\n]*50%[^\n]*50\.0mb/);
  // A list without figures leaves those that are known, unless it is another life.
  const again = withProcesses(second, [view(0, { cpuPercent: null, memoryBytes: null })]);
  expect(again.processes[0]?.cpuPercent).toBe(50);
  const next = withProcesses(second, [view(0, { cpuPercent: null, pid: 5 })]);
  expect(next.processes[0]?.cpuPercent).toBe(null);
});

test("the palette finds commands by their letters, completes them, and runs them with what follows", () => {
  expect(
    matchingCommands("re")
      .map(({ name }) => name)
      .slice(0, 2),
  ).toEqual(["restart", "reload"]);
  expect(matchingCommands("rss").map(({ name }) => name)).toEqual(["restart-shown"]);
  expect(matchingCommands("nonsense")).toEqual([]);
  expect(textsOf(typed(three, ":so")).join("\n")).toContain("> sort name|cpu|memory|restarts|age");
  const sorted = keys(typed(three, ":sort restarts"), "ENTER");
  expect(sorted).toMatchObject({ sort: "restarts", mode: "list", typed: "" });
  expect(keys(typed(three, ":so"), "TAB").typed).toBe("sort ");
  expect(keys(typed(three, ":go app2"), "ENTER").selected).toBe(2);
  expect(keys(typed(three, ":go nobody"), "ENTER").message).toBe('no process "nobody"');
  expect(keys(typed(three, ":level warn"), "ENTER").level).toBe(40);
  expect(keys(typed(three, ":level loud"), "ENTER").message).toContain("debug, info, warn");
  expect(keys(typed(three, ":filter errored"), "ENTER").filter).toBe("errored");
  expect(keys(typed(three, ":xyz"), "ENTER").message).toBe('no command "xyz"');
  expect(keys(three, ":", "DOWN", "DOWN", "UP", "ENTER")).toMatchObject({
    mode: "confirm",
    wanted: { name: "restart", ids: [0] },
  });
  expect(keys(three, ":", "ESCAPE").mode).toBe("list");
  expect(press(typed(three, ":quit"), "ENTER").effect).toEqual({ kind: "quit" });
});

test("a command for all that the filter shows asks first too", () => {
  const filtered = keys(typed(three, "/online"), "ENTER");
  const asked = keys(typed(filtered, ":restart-shown"), "ENTER");
  expect(textsOf(asked).at(-1)).toBe("restart 2 processes? y/n");
  expect(press(asked, "y").effect).toEqual({
    kind: "act",
    action: { name: "restart", ids: [0, 1], label: "2 processes" },
  });
  const none = keys(typed(three, "/nothing"), "ENTER");
  expect(keys(typed(none, ":stop-shown"), "ENTER")).toMatchObject({
    mode: "list",
    message: "no process is shown",
  });
});

test("a click selects the process under it, and the wheel scrolls the log or the list", () => {
  const logged = withLines(
    three,
    Array.from({ length: 100 }, (_, n) => ({ stream: "out" as const, line: `line ${n}` })),
  );
  const { rows, places } = drawn(logged, { width: 80, height: 24, now: 0 });
  const rowWith = (what: RegExp): number =>
    rows.findIndex((row) => what.test(row.map(({ text }) => text).join("")));
  const over = (what: RegExp) => places[rowWith(what)];
  expect(clicked(logged, "MOUSE_LEFT_BUTTON_PRESSED", over(/app1/)).selected).toBe(1);
  expect(clicked(logged, "MOUSE_LEFT_BUTTON_PRESSED", over(/^ xm monit/))).toBe(logged);
  const up = clicked(logged, "MOUSE_WHEEL_UP", over(/line 99/));
  expect(up.back).toBe(3);
  expect(clicked(up, "MOUSE_WHEEL_DOWN", over(/line 99/)).back).toBe(0);
  expect(clicked(logged, "MOUSE_WHEEL_DOWN", over(/app1/)).selected).toBe(1);
  // Nothing is done by a click while something is asked.
  const asked = keys(logged, "d");
  expect(clicked(asked, "MOUSE_LEFT_BUTTON_PRESSED", over(/app1/))).toBe(asked);
  expect(press(logged, "m").effect).toEqual({ kind: "mouse", isOn: false });
});

test("the log is searched by text or by expression, from the newest match to older ones", () => {
  const lines = ["GET /a 200", "GET /b 500", "(odd", "GET /c 200", "last"];
  const model = withLines(
    three,
    lines.map((line) => ({ stream: "out" as const, line })),
  );
  const last = (each: Model): string | undefined =>
    textsOf(each, 80, 24)
      .slice(0, -1)
      .findLast((text) => text !== "");
  const first = keys(typed(model, "f/. 200"), "ENTER");
  expect(last(first)).toBe("GET /c 200");
  expect(last(keys(first, "n"))).toBe("GET /a 200");
  expect(keys(first, "n", "n").message).toBe("no older line matches /. 200");
  expect(last(keys(first, "n", "N"))).toBe("GET /c 200");
  // No expression: the text itself. Without capitals case does not count.
  expect(last(keys(typed(model, "f(odd"), "ENTER"))).toBe("(odd");
  expect(last(keys(typed(model, "fget /b"), "ENTER"))).toBe("GET /b 500");
  const marked = drawn(first, { width: 80, height: 24, now: 0 }).rows.flatMap((row) =>
    row.filter(({ color, isInverse }) => isInverse && color === "yellow"),
  );
  expect(marked.map(({ text }) => text)).toEqual(["/a 200", "/c 200"]);
  expect(keys(first, "ESCAPE").find).toBe("");
});

test("a level hides lines below it; lines of a stack trace belong to the line before", () => {
  const model = withLines(three, [
    { stream: "out", line: '{"level":20,"msg":"fine"}' },
    { stream: "out", line: "2026-01-01T00:00:00Z WARN careful" },
    { stream: "out", line: "  at one (a.js:1)" },
    { stream: "out", line: "plain" },
    { stream: "err", line: "broken" },
  ]);
  const shown = (each: Model): string => textsOf(each, 80, 24).join("\n");
  expect(shown(keys(model, "v"))).toContain("fine");
  const warn = keys(model, "v", "v", "v");
  expect(shown(warn)).toContain("log, warn and above");
  for (const text of ["careful", "at one", "broken"]) expect(shown(warn)).toContain(text);
  for (const text of ["fine", "plain"]) expect(shown(warn)).not.toContain(text);
  expect(keys(warn, "v", "v").level).toBe(null);
});

test("the whole screen is the log after z, and Escape leaves it first", () => {
  const model = withLine(keys(typed(three, "/app"), "ENTER", "z"), {
    stream: "out",
    line: "hello",
  });
  expect(textsOf(model).join("\n")).not.toContain("app0");
  expect(textsOf(model).join("\n")).toContain("hello");
  expect(keys(model, "ESCAPE")).toMatchObject({ isLogOnly: false, filter: "app" });
});

test("namespaces and groups have titles, health has its column, and what its probe found is told", () => {
  const group = {
    name: "core",
    strategy: "one_for_all",
    step: "watching",
    restarts: 1,
    maxRestarts: 5,
    why: "it restarted all",
  };
  const model = withProcesses(emptyModel, [
    view(0, { namespace: "shop", health: "unhealthy", finding: "status 503" }),
    view(1, { namespace: "shop", group: group as never }),
    view(2, { outOfTraffic: true, health: "unhealthy" }),
  ]);
  const texts = textsOf(model);
  const at = (what: RegExp): number => texts.findIndex((text) => what.test(text));
  expect(texts[0]).toContain("2 unhealthy");
  expect(at(/^default$/)).toBeLessThan(at(/app2 .*no traff/));
  expect(at(/^shop$/)).toBeLessThan(at(/app0 .*unhealthy/));
  expect(texts[at(/group core/)]).toBe("shop, group core: one_for_all, watching, 1 of 5 restarts");
  expect(at(/group core/)).toBe(at(/app1/) - 1);
  expect(textsOf(keys(model, "DOWN")).join("\n")).toContain("unhealthy: status 503");
  expect(textsOf(keys(model, "DOWN", "DOWN")).join("\n")).toContain("group core: it restarted all");
  // Another order has no titles.
  expect(textsOf(keys(typed(model, ":sort memory"), "ENTER")).join("\n")).not.toContain(
    "one_for_all",
  );
});

test.each([
  [1, "\u001B[0;7m>\u001B[0;7m online"],
  [4, "\u001B[0;7m>\u001B[0;7;32m online"],
  [8, "\u001B[0;38;5;231;48;5;24m>\u001B[0;38;5;231;48;5;24;92m online"],
  [
    24,
    "\u001B[0;38;2;255;255;255;48;2;24;74;120m>\u001B[0;38;2;255;255;255;48;2;24;74;120;92m online",
  ],
] as const)("with %i bits of colour the selected row is set off", (depth, expected) => {
  const row = [
    { text: ">", isSelected: true },
    { text: " online", isSelected: true, color: "green" as const },
  ];
  expect(encode(row, depth)).toBe(expected);
});

test("rows of a log that have moved up are moved by the terminal", () => {
  const list = ["head", "a", "b", "rule"];
  const log = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  const before = [...list, ...log, "foot"];
  const after = [...list, ...log.slice(2), "new", "newer", "foot"];
  expect(scrollOf(before, after)).toEqual({ top: 4, bottom: 24, by: 2 });
  expect(scrollOf(before, before)).toBeUndefined();
  expect(scrollOf(before, [...list, ...log.map((line) => `${line}!`), "foot"])).toBeUndefined();
  // The list has changed as well: only the log moves.
  expect(
    scrollOf(before, ["head", "x", "b", "rule", ...log.slice(1), "new", "foot"]),
  ).toMatchObject({ top: 4, by: 1 });
});
