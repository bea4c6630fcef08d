import * as fc from "fast-check";
import { expect, test } from "vitest";
import { statusCodes, type Timeline } from "../../../../runtime/contract/inspector.ts";
import { Lane, Lanes } from "../../../../runtime/programs/page/timeline/lanes.ts";
import { eachSpan } from "../../../../runtime/programs/page/timeline/spans.ts";
import {
  panned,
  showing,
  tickLabel,
  ticksOf,
  zoomed,
} from "../../../../runtime/programs/page/timeline/window.ts";
import { historyEntry } from "../../../../runtime/contract/history.ts";
import { crashLoop } from "../../../support/inspector/history.ts";

const code = (status: (typeof statusCodes)[number]): number => statusCodes.indexOf(status);

function laneOf(points: readonly (readonly [at: number, code: number])[]): Lane {
  const lane = new Lane(1, "a");
  for (const [at, each] of points) lane.push(at, each);
  return lane;
}

function spansOf(lane: Lane, view: { from: number; to: number; width: number; until: number }) {
  const spans: [x: number, width: number, code: number][] = [];
  const { from, to, width, until } = view;
  eachSpan(lane, { window: { from, to }, width, until }, (...span) => spans.push(span));
  return spans;
}

test("a lane is a run of pixels for each status, from its first point until now", () => {
  const lane = laneOf([
    [100, code("online")],
    [300, code("waiting")],
    [500, code("online")],
  ]);
  expect(spansOf(lane, { from: 0, to: 1_000, width: 100, until: 800 })).toEqual([
    [10, 20, code("online")],
    [30, 20, code("waiting")],
    [50, 30, code("online")],
  ]);
  expect(spansOf(lane, { from: 400, to: 500, width: 10, until: 800 })).toEqual([
    [0, 10, code("waiting")],
  ]);
  expect(spansOf(new Lane(1, "a"), { from: 0, to: 10, width: 10, until: 10 })).toEqual([]);
});

test("of many points in one pixel the worst is seen, however short it was", () => {
  const lane = laneOf(
    Array.from({ length: 10_000 }, (_, index) => [
      index,
      index === 5_005 ? code("errored") : code("online"),
    ]),
  );
  expect(spansOf(lane, { from: 0, to: 10_000, width: 10, until: 10_000 })).toEqual([
    [0, 5, code("online")],
    [5, 1, code("errored")],
    [6, 4, code("online")],
  ]);
});

test("the runs of a lane neither overlap nor leave a gap, and end where now is", () => {
  const points = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 5 })),
    { minLength: 1, maxLength: 300 },
  );
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 400 }), (unsorted, width) => {
      const lane = laneOf(unsorted.toSorted(([one], [other]) => one - other));
      const spans = spansOf(lane, { from: 500, to: 1_500, width, until: 1_200 });
      const end = Math.min(width, Math.ceil(700 / (1_000 / width)));
      const begin = Math.max(0, Math.floor((lane.time(0) - 500) / (1_000 / width)));
      if (begin >= end) return spans.length === 0;
      const ends = spans.map(([x, length]) => x + length);
      return (
        spans[0]?.[0] === begin &&
        ends.at(-1) === end &&
        spans.every(([x], index) => index === 0 || x === ends[index - 1])
      );
    }),
  );
});

test("statuses within a range of points are found by blocks as one by one", () => {
  const codes = Array.from({ length: 700 }, (_, index) => (index * 7 + (index >> 6)) % 6);
  const lane = laneOf(codes.map((each, index) => [index, each]));
  fc.assert(
    fc.property(fc.nat(699), fc.nat(699), (one, other) => {
      const [first, last] = [Math.min(one, other), Math.max(one, other)];
      const expected = codes.slice(first, last + 1).reduce((bits, each) => bits | (1 << each), 0);
      return lane.codesWithin(first, last) === expected;
    }),
  );
});

test("records that come go on where the loaded history ends, and none is taken twice", () => {
  const lanes = new Lanes(0);
  const loaded: Timeline = {
    since: 500,
    until: 1_600,
    lastSeq: 2,
    lanes: [
      {
        id: 4,
        name: "c",
        points: [500, 1, code("online"), 1_000, 2, code("waiting")],
        others: [],
        marks: [{ at: 1_000, seq: 2, kind: "exit", label: "code 1" }],
      },
    ],
    daemons: [400],
  };
  lanes.load(loaded);
  for (const record of [...crashLoop(), ...crashLoop()]) lanes.append(record, 0);
  const lane = lanes.of(4);
  const points = Array.from({ length: lane?.count ?? 0 }, (_, index) => [
    lane?.time(index),
    statusCodes[lane?.code(index) ?? 0],
  ]);
  expect(points).toEqual([
    [1_000, "online"],
    [1_500, "waiting"],
    [1_800, "starting"],
    [1_800, "online"],
    [2_300, "waiting"],
    [2_600, "starting"],
    [2_600, "online"],
    [3_100, "errored"],
  ]);
  expect(lane?.marks.map(({ at, kind, label }) => [at, kind, label])).toEqual([
    [1_500, "exit", "code 1"],
    [2_300, "exit", "code 1"],
    [3_100, "exit", "code 1"],
  ]);
});

test("while a replacement starts, the lane shows the process that serves, and below it the replacement", () => {
  const lanes = new Lanes(0);
  const put = (seq: number, generation: number, status: "online" | "starting" | "removed"): void =>
    lanes.append(
      {
        ...historyEntry({ at: seq * 10, kind: "process", event: "x", id: 1, name: "a" }),
        seq,
        generation,
        status,
      },
      0,
    );
  put(1, 0, "online");
  put(2, 1, "starting");
  expect(lanes.of(1)?.codeAt(20)).toBe(code("online"));
  expect(lanes.of(1)?.others.codeAt(20)).toBe(code("starting"));
  put(3, 0, "removed");
  expect(lanes.of(1)?.codeAt(30)).toBe(code("starting"));
  expect(lanes.of(1)?.others.codeAt(30)).toBe(code("removed"));
  put(4, 1, "online");
  expect(lanes.of(1)?.codeAt(40)).toBe(code("online"));
  put(5, 2, "starting");
  // The next God tells anew of all that there are.
  lanes.append({ ...historyEntry({ at: 60, kind: "daemon", event: "started" }), seq: 6 });
  put(7, 1, "online");
  expect([lanes.of(1)?.others.codeAt(50), lanes.of(1)?.others.codeAt(60)]).toEqual([
    code("starting"),
    code("removed"),
  ]);
});

test("two processes that had one id have a lane each", () => {
  const lanes = new Lanes(0);
  const entry = { kind: "process", event: "x", id: 1, status: "online" } as const;
  lanes.append({ ...historyEntry({ ...entry, at: 10, name: "old" }), seq: 1 });
  lanes.append({ ...historyEntry({ ...entry, at: 20, name: "new" }), seq: 2 });
  expect(lanes.all.map(({ name }) => name)).toEqual(["old", "new"]);
  expect(lanes.of(1)?.name).toBe("new");
});

test("zooming keeps the moment under the pointer where it is, within bounds", () => {
  expect(zoomed({ from: 0, to: 1_000 }, { by: 0.5, about: 250 })).toEqual({ from: 125, to: 625 });
  const { from, to } = zoomed({ from: 0, to: 200 }, { by: 0.001, about: 100 });
  expect(to - from).toBe(100);
  const wide = zoomed({ from: 0, to: 1e9 }, { by: 1e6, about: 0 });
  expect(wide.to - wide.from).toBe(16 * 24 * 3_600_000);
});

test("a window moves no more than it must to show a moment", () => {
  const window = { from: 1_000, to: 2_000 };
  expect(showing(window, 1_500)).toEqual(window);
  expect(showing(window, 500)).toEqual({ from: 420, to: 1_420 });
  expect(showing(window, 2_100)).toEqual({ from: 1_180, to: 2_180 });
  expect(panned(window, -100)).toEqual({ from: 900, to: 1_900 });
});

test("the ruler's marks are round local times, not too near to each other", () => {
  const { stepMs, at } = ticksOf(
    { from: 61_000, to: 181_000 },
    { width: 600, leastPx: 80, offsetMs: 0 },
  );
  expect([stepMs, at]).toEqual([30_000, [90_000, 120_000, 150_000, 180_000]]);
  const noon = new Date(2026, 10, 25, 12, 0, 0).getTime();
  expect(tickLabel(noon, 60_000)).toBe("12:00");
  expect(tickLabel(noon + 1_500, 1_000)).toBe("12:00:01");
  expect(tickLabel(noon + 1_500, 500)).toBe("12:00:01.500");
  expect(tickLabel(noon - 12 * 3_600_000, 3_600_000)).toBe("25 Nov");
});
