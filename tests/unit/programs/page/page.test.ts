import { expect, test } from "vitest";
import { Pinch } from "../../../../runtime/programs/page/pinch.ts";
import { matching } from "../../../../runtime/programs/page/list/matching.ts";
import { visibleRows } from "../../../../runtime/programs/page/list/visible.ts";
import {
  around,
  between,
  fitted,
  scaled,
  shows,
} from "../../../../runtime/programs/page/chart/viewport.ts";
import { labelTaken } from "../../../../runtime/programs/page/chart/taken.ts";

const size = { width: 800, height: 600 };

test("a chart is fitted in the middle, as large as it may be", () => {
  const box = { x: 100, y: 0, width: 1_000, height: 300 };
  const view = fitted(box, size, { margin: 0, most: 2 });
  expect(view).toEqual({ scale: 0.8, x: -80, y: 180 });
  expect(fitted({ ...box, width: 10, height: 10 }, size, { margin: 0, most: 2 }).scale).toBe(2);
  expect([shows(view, box, size, 0.5), shows(view, box, size, 0.9)]).toEqual([true, false]);
});

test("zooming leaves the point under the pointer where it is", () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = scaled(before, 2, { x: 110, y: 220 });
  expect(after).toEqual({ scale: 2, x: -90, y: -180 });
  expect(scaled(before, 1_000, { x: 0, y: 0 }).scale).toBe(3);
  expect(between(before, after, 0.5)).toEqual({ x: -40, y: -80, scale: 1.5 });
});

test("the box around some holds them all, and there is none around none", () => {
  const boxes = [
    { x: 0, y: 10, width: 5, height: 5 },
    { x: 20, y: 0, width: 5, height: 5 },
  ];
  expect(around(boxes)).toEqual({ x: 0, y: 0, width: 25, height: 15 });
  expect(around([])).toBeUndefined();
});

test("a step lights the one label it took", () => {
  const edge = {
    source: "a",
    target: "b",
    labels: [
      { kind: "always", event: "always", guard: "one", actions: [] },
      { kind: "always", event: "always", guard: null, actions: [] },
    ],
  } as const;
  const steps = [{ source: "a", target: "b", event: "always", guard: null }];
  expect([0, 1].map((index) => labelTaken(edge, index, steps))).toEqual([false, true]);
});

test("of two hundred rows those in sight are drawn", () => {
  const rows = { count: 200, rowHeight: 50, height: 500, around: 2 };
  expect(visibleRows({ ...rows, scrollTop: 0 })).toEqual({ first: 0, end: 12 });
  expect(visibleRows({ ...rows, scrollTop: 5_010 })).toEqual({ first: 98, end: 113 });
  expect(visibleRows({ ...rows, scrollTop: 99_999 })).toEqual({ first: 199, end: 200 });
  expect(visibleRows({ ...rows, count: 0, scrollTop: 0 })).toEqual({ first: 0, end: 0 });
});

test("a filter's words are looked for in name, id, namespace and status", () => {
  const all = [
    { id: 1, name: "Api", namespace: "shop", status: "online" },
    { id: 2, name: "api-worker", namespace: "shop", status: "waiting" },
    { id: 12, name: "mailer", namespace: "default", status: "errored" },
  ] as const;
  const ids = (filter: string): number[] => matching(all, filter).map(({ id }) => id);
  expect([
    ids(""),
    ids("api"),
    ids("api wait"),
    ids("2"),
    ids("shop"),
    ids("err"),
    ids("x"),
  ]).toEqual([[1, 2, 12], [1, 2], [2], [2], [1, 2], [12], []]);
});

test("two fingers tell how far they went apart and where their middle is; one tells nothing", () => {
  const pinch = new Pinch();
  const at = (pointerId: number, clientX: number, clientY: number) => ({
    pointerId,
    clientX,
    clientY,
  });
  pinch.down(at(1, 100, 100));
  expect([pinch.isOn, pinch.move(at(1, 110, 100))]).toEqual([false, undefined]);
  pinch.down(at(2, 210, 100));
  pinch.down(at(3, 0, 0));
  expect(pinch.isOn).toBe(true);
  expect(pinch.move(at(2, 310, 100))).toEqual({ by: 2, x: 210, y: 100, dx: 50, dy: 0 });
  expect(pinch.move(at(3, 500, 500))).toBeUndefined();
  // As near as one finger is to itself they are taken for apart.
  expect(pinch.move(at(2, 110, 100))?.by).toBe(12 / 200);
  expect(pinch.up(at(2, 0, 0))).toEqual(at(1, 110, 100));
  expect([pinch.up(at(1, 0, 0)), pinch.isOn]).toEqual([undefined, false]);
});
