import { expect, test } from "vitest";
import {
  LogBuffer,
  mostSearched,
  mostShown,
  nothingWanted,
  partsOf,
  patternOf,
  type Line,
} from "../../../../runtime/programs/page/panel/log-buffer.ts";

const now = Date.parse("2026-05-01T12:00:00Z");

const lines = (...texts: string[]): Line[] =>
  texts.map((text, number) => ({
    number,
    stream: text.startsWith("!") ? "err" : "out",
    text,
    at: null,
  }));

const all = lines(
  "2026-05-01T09:00:00Z INFO GET /a",
  "2026-05-01T11:59:00Z WARN get slow",
  '{"level":20,"msg":"details"}',
  "!broken (a.js:1)",
);

function shown(change: Partial<typeof nothingWanted>): number[] {
  const buffer = new LogBuffer();
  buffer.want({ ...nothingWanted, ...change }, now);
  buffer.add(all);
  const live = buffer.shown.map(({ number }) => number);
  // The same comes of a search that begins later.
  const later = new LogBuffer();
  later.add(all);
  later.want({ ...nothingWanted, ...change }, now);
  expect(later.shown.map(({ number }) => number)).toEqual(live);
  expect(later.found).toBe(live.length);
  return live;
}

test("a text is looked for as it is, an expression between slashes", () => {
  expect(shown({})).toEqual([0, 1, 2, 3]);
  expect(shown({ text: "get" })).toEqual([0, 1]);
  expect(shown({ text: "/GET .a$/" })).toEqual([0]);
  expect(shown({ text: "(a.js" })).toEqual([3]);
  expect(() => patternOf("/(/")).toThrow(SyntaxError);
  // Half typed, it is a text.
  expect(patternOf("/(")?.source).toBe(String.raw`\/\(`);
});

test("levels and times are those of `xm logs`", () => {
  expect(shown({ level: "warn" })).toEqual([1, 3]);
  expect(shown({ level: "debug" })).toEqual([0, 1, 2, 3]);
  expect(shown({ level: "info" })).toEqual([0, 1, 3]);
  expect(shown({ withinMs: 3_600_000, text: "get" })).toEqual([1]);
});

test("an expression that is none changes nothing", () => {
  const buffer = new LogBuffer();
  buffer.add(all);
  buffer.want({ ...nothingWanted, text: "get" }, now);
  expect(() => buffer.want({ ...nothingWanted, text: "/[/" }, now)).toThrow(SyntaxError);
  expect(buffer.shown).toHaveLength(2);
});

test("what is kept and what is drawn are bounded", () => {
  const buffer = new LogBuffer();
  for (let round = 0; round < 3; round += 1)
    buffer.add(lines(...Array.from({ length: 6_000 }, (_, each) => `line ${round} ${each}`)));
  expect(buffer.count).toBe(mostSearched);
  expect(buffer.shown).toHaveLength(mostShown);
  expect(buffer.shown.at(-1)?.text).toBe("line 2 5999");
  buffer.want({ ...nothingWanted, text: "line 1 5999" }, now);
  expect(buffer.shown.map(({ text }) => text)).toEqual(["line 1 5999"]);
  buffer.clear();
  expect([buffer.count, buffer.shown.length, buffer.found]).toEqual([0, 0, 0]);
});

test("matches are set off, and the whole text stays", () => {
  expect(partsOf("a GET b get c", patternOf("get"))).toEqual(["a ", "GET", " b ", "get", " c"]);
  expect(partsOf("abc", null)).toEqual(["abc"]);
  expect(partsOf("abc", /x*/)).toEqual(["abc"]);
});
