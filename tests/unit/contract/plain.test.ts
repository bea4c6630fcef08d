import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isPlain,
  plain,
  plainLines,
  plainLogLine,
  plainOutput,
} from "../../../runtime/contract/plain.ts";

const escape = "\u001B";
const hostile = {
  "an OSC title": [`${escape}]0;title\u0007`, "\\u001b]0;title\\u0007"],
  "a clipboard (OSC 52)": [`${escape}]52;c;aGk=${escape}\\`, "\\u001b]52;c;aGk=\\u001b\\"],
  "a clear screen": [`${escape}[2J`, "\\u001b[2J"],
  C1: ["\u009B2J\u009D0;x\u009C", "\\u009b2J\\u009d0;x\\u009c"],
  "a forged line": ["a\r\nb", "a\\u000d\\u000ab"],
  "bidirectional controls": ["\u202Etxt\u2066x\u200F", "\\u202etxt\\u2066x\\u200f"],
  "zero-width": ["a\u200Bb\uFEFF\u00AD", "a\\u200bb\\ufeff\\u00ad"],
  "a tag": ["\u{E0041}", "\\udb40\\udc41"],
  "DEL and NUL": ["\u007F\u0000", "\\u007f\\u0000"],
} as const;

test.each(Object.entries(hostile))("%s becomes visible", (_, [text, shown]) => {
  expect(plain(text)).toBe(shown);
  expect([isPlain(text), isPlain(shown)]).toEqual([false, true]);
  // An escape is what JSON reads as the same text.
  expect(JSON.parse(`"${plain(text.replaceAll("\\", "\\\\"))}"`)).toBe(text);
});

test("words of any language, emoji and box drawing stay as they are", () => {
  for (const text of ["café", "日本語", "עברית", "🚀 ünï", "│ ─ ↺ …", "a\\nb"])
    expect(plain(text)).toBe(text);
});

test("a log line keeps its colours, which end with it, and nothing else", () => {
  const red = `${escape}[1;31mred`;
  expect(plainLogLine(red)).toBe(`${red}${escape}[0m`);
  expect(plainLogLine(`${escape}[38:2::1:2:3mx\ty`)).toBe(`${escape}[38:2::1:2:3mx\ty${escape}[0m`);
  expect(plainLogLine("dos\r")).toBe("dos");
  expect(plainLogLine(`${escape}[2J${escape}[1A${escape}[31`)).toBe(
    "\\u001b[2J\\u001b[1A\\u001b[31",
  );
  expect(plainLogLine(`a\rb${escape}]8;;http://x${escape}\\`)).toBe(
    "a\\u000db\\u001b]8;;http://x\\u001b\\",
  );
});

test("whatever is put in, no control comes out but those that may", () => {
  const any = fc.string({ unit: "binary", maxLength: 40 });
  const sequences = fc
    .array(
      fc.oneof(any, fc.constantFrom(`${escape}[31m`, `${escape}[2J`, escape, "\n", "\t", "\u009B")),
    )
    .map((parts) => parts.join(""));
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const controls = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/u;
  // oxlint-disable-next-line no-control-regex -- a colour begins with one
  const color = /\u001B\[[\d;:]*m/g;
  fc.assert(
    fc.property(sequences, (text) => {
      expect(plain(text)).not.toMatch(controls);
      expect(plain(plain(text))).toBe(plain(text));
      expect(plainLines(text).replaceAll("\n", "")).not.toMatch(controls);
      expect(
        plainOutput(text)
          .replaceAll(color, "")
          .replaceAll(/[\n\t]/g, ""),
      ).not.toMatch(controls);
      expect(plainLogLine(text).replaceAll(color, "").replaceAll("\t", "")).not.toMatch(controls);
    }),
  );
});
