import { expect, test } from "vitest";
import { filterFrom } from "../../../../cli/logs/search-flags.ts";
import { createFilter, type LogFilter } from "../../../../runtime/contract/log-lines/filter.ts";
import { fieldOf, parseLine } from "../../../../runtime/contract/log-lines/parse-line.ts";

const at = Date.UTC(2026, 10, 29, 10, 20, 3, 120);

test.each([
  ["pino", `{"level":50,"time":${at},"pid":1,"msg":"it broke"}`, 50, "it broke"],
  [
    "bunyan",
    `{"name":"a","level":30,"time":"2026-11-29T10:20:03.120Z","msg":"up","v":0}`,
    30,
    "up",
  ],
  ["winston", `{"level":"warn","message":"low","timestamp":"2026-11-29T10:20:03.120Z"}`, 40, "low"],
  [
    "logfmt",
    'time=2026-11-29T10:20:03.120Z level=info msg="it \\"runs\\"" port=80',
    30,
    'it "runs"',
  ],
  ["slog", `{"time":"2026-11-29T11:20:03.120+01:00","level":"ERROR","msg":"x"}`, 50, "x"],
  ["a time in front of a record", `2026-11-29T10:20:03.120Z: {"level":20,"msg":"d"}`, 20, "d"],
  ["seconds", `{"ts":${at / 1_000},"level":"debug","msg":"zap"}`, 20, "zap"],
])("a line of %s has a time, a level and a message", (_, line, level, message) => {
  expect(parseLine(line)).toMatchObject({ at, level, message });
});

test("a text with a time and a word in capitals has both, and stays what it is", () => {
  const line = "[2026-11-29 10:20:03,120+00:00] ERROR in db: no route";
  expect(parseLine(line)).toEqual({ at, level: 50, message: line, fields: null });
});

test.each(["hello", "", "{not json", "[1,2]", "a=b", "x = y and more", "null", '"text"'])(
  "%j says nothing of itself",
  (line) => {
    expect(parseLine(line)).toEqual({ at: null, level: null, message: line, fields: null });
  },
);

test.each([1e300, -1e300, 8.65e15])("a time of %d is none: no date can hold it", (time) => {
  expect(parseLine(`{"time":${time},"msg":"x"}`)).toMatchObject({ at: null, message: "x" });
});

test("a record that is nested deeper than any program can walk through is a text", () => {
  const nested = (levels: number): string =>
    `{"level":50,"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  expect(parseLine(nested(100)).level).toBe(50);
  expect(parseLine(nested(200_000)).fields).toBe(null);
});

test("a field is found by its path, and nothing that a record inherits is one", () => {
  const fields = JSON.parse('{"req":{"method":"GET"},"a.b":1}') as Record<string, unknown>;
  expect(fieldOf(fields, "req.method")).toBe("GET");
  expect(fieldOf(fields, "a.b")).toBe(1);
  expect(fieldOf(fields, "req.constructor")).toBe(undefined);
  expect(fieldOf(fields, "toString")).toBe(undefined);
});

const all: LogFilter = { since: null, until: null, grep: null, level: null, fields: [] };

function found(
  filter: Partial<LogFilter>,
  lines: readonly string[],
  stream: "out" | "err" = "out",
) {
  const judge = createFilter({ ...all, ...filter }, stream);
  return lines.filter((line) => {
    const judged = judge(line);
    return judged !== undefined && judged !== "over";
  });
}

test("a stack trace has the level and the time of the line that it belongs to", () => {
  const lines = [
    "2026-11-29T10:20:03Z INFO before",
    "2026-11-29T10:20:04Z ERROR it broke",
    "    at f (a.js:1:1)",
    "2026-11-29T10:20:05Z INFO after",
    "    and more of it",
  ];
  expect(found({ level: 50 }, lines)).toEqual(lines.slice(1, 3));
  expect(found({ since: Date.UTC(2026, 10, 29, 10, 20, 5) }, lines)).toEqual(lines.slice(3));
  expect(found({ until: Date.UTC(2026, 10, 29, 10, 20, 4) }, lines)).toEqual(lines.slice(0, 3));
});

test("without any level, what comes on stderr is an error, and what comes on stdout is not", () => {
  expect(found({ level: 50 }, ["plain", '{"msg":"x"}'], "err")).toEqual(["plain", '{"msg":"x"}']);
  expect(found({ level: 50 }, ["plain", '{"msg":"x"}'], "out")).toEqual([]);
  expect(found({ level: 30 }, ["plain"], "out")).toEqual(["plain"]);
});

test("a level that stands deep inside a record is not the record's", () => {
  const inner = '{"level":30,"err":{"level":60},"msg":"fine"}';
  expect(found({ level: 50 }, [inner, '{"level": "error", "msg": "bad"}'])).toEqual([
    '{"level": "error", "msg": "bad"}',
  ]);
});

test("everything that is looked for has to hold", () => {
  const lines = [
    '{"level":50,"a":{"b":"c"},"n":1}',
    '{"level":50,"a":{"b":"d"},"n":1}',
    "a.b=c n=1",
  ];
  expect(found({ fields: [["a.b", "c"]] }, lines)).toEqual([lines[0], lines[2]]);
  expect(
    found(
      {
        fields: [
          ["a.b", "c"],
          ["n", "1"],
        ],
        level: 50,
      },
      lines,
    ),
  ).toEqual([lines[0]]);
  expect(found({ grep: { source: "^a", flags: "" } }, lines)).toEqual([lines[2]]);
});

test("times are given as an age, an hour, a day or a date", () => {
  const now = new Date(2026, 10, 29, 12, 0, 0).getTime();
  const since = (text: string): number | null | undefined =>
    filterFrom({ since: text }, now)?.since;
  expect(since("2h")).toBe(now - 7_200_000);
  expect(since("3d")).toBe(now - 3 * 86_400_000);
  expect(since("10:30")).toBe(new Date(2026, 10, 29, 10, 30).getTime());
  expect(since("13:00")).toBe(new Date(2026, 10, 28, 13, 0).getTime());
  expect(since("2026-11-29")).toBe(new Date(2026, 10, 29).getTime());
  expect(since("2026-11-29T10:00:00Z")).toBe(Date.UTC(2026, 10, 29, 10));
  expect(filterFrom({}, now)).toBe(undefined);
  expect(filterFrom({ grep: "/a.c/i" }, now)?.grep).toEqual({ source: "a.c", flags: "i" });
  expect(filterFrom({ field: "a=b=c\nd=" }, now)?.fields).toEqual([
    ["a", "b=c"],
    ["d", ""],
  ]);
});
