import { expect, test } from "vitest";
import {
  emptyModel,
  press,
  shownProcesses,
  withLine,
  withProcesses,
  type Model,
} from "../../../../cli/monit/model.ts";
import { rowsOf } from "../../../../cli/monit/rows.ts";
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
    failure: null,
    decision: null,
    waitsFor: [],
    troubles: [],
    ...change,
  } as unknown as ProcessView;
}

const keys = (model: Model, ...pressed: string[]): Model =>
  pressed.reduce((now, key) => press(now, key).model, model);

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
  const typed = keys(three, "/", "e", "r", "r");
  expect(shownProcesses(typed).map(({ id }) => id)).toEqual([2]);
  expect(typed.selected).toBe(2);
  // Letters are text there, no commands.
  expect(keys(three, "/", "q", "d").filter).toBe("qd");
  expect(keys(typed, "ENTER", "ESCAPE").filter).toBe("");
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
    action: { name, id, app: `app${id}` },
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
    rowsOf(each, { width: 40, height: 20, now: 0 }).map((row) =>
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
  ]) {
    const rows = rowsOf(each, { width, height, now: 0 });
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
    rowsOf(withProcesses(emptyModel, [view(0, change)]), { width: 80, height: 24, now: 0 })
      .map((row) => row.map((piece) => piece.text).join(""))
      .join("\n");
  expect(text({ decision: "it exited with code 1: waits 5 s" })).toContain("it exited with code 1");
  expect(text({ failure: { at: 0, code: "E", message: "no such file" } })).toContain(
    "cannot be started: no such file",
  );
});
