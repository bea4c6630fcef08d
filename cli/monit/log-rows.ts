import { plain } from "../../runtime/contract/plain.ts";
import type { Color } from "../render/colors.ts";
import { levelWord } from "../../runtime/contract/log-lines/parse-line.ts";
import { patternOf, shownLines } from "./log-lines.ts";
import { type Model, type ShownLine } from "./model.ts";
import { cut, rule, wrap, type Piece, type Row } from "./text.ts";

/** The line above the log: what is shown of it. */
export function logTitle(model: Model, width: number): Row {
  const { level, find, back } = model;
  const parts = [
    "log",
    ...(level === null ? [] : [`${levelWord(level)} and above`]),
    ...(find === "" ? [] : [`find ${plain(find)}`]),
    ...(back > 0 ? [`${back} back`] : []),
  ];
  return rule(parts.join(", "), width);
}

/** The last lines that there is room for, or those so far back. */
export function logRows(model: Model, { width, count }: { width: number; count: number }): Row[] {
  const lines = shownLines(model);
  const pattern = patternOf(model.find);
  const rows: Row[] = [];
  for (let index = lines.length - 1 - model.back; index >= 0 && rows.length < count; index -= 1) {
    const line = lines[index];
    if (line === undefined) continue;
    const parts = model.wraps ? wrap(line.text, width) : [cut(line.text, width)];
    const marked = marksIn(line.text, pattern);
    const pieces = parts.map((part, at) =>
      pieceOf(part, { line, marked, from: at === 0 ? 0 : lengthOf(parts, at) }),
    );
    for (const row of pieces.toReversed()) if (rows.length < count) rows.unshift(row);
  }
  return rows;
}

function lengthOf(parts: readonly string[], at: number): number {
  return parts.slice(0, at).reduce((sum, { length }) => sum + length, 0);
}

function colorOf({ level }: ShownLine): Color | undefined {
  if (level >= 50) return "red";
  if (level >= 40) return "yellow";
  return level < 30 && level > 0 ? "dim" : undefined;
}

type Mark = readonly [begin: number, end: number];

function marksIn(text: string, pattern: RegExp | null): Mark[] {
  if (pattern === null) return [];
  const marks: Mark[] = [];
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (match !== "") marks.push([index, index + match.length]);
    if (marks.length > 100) break;
  }
  return marks;
}

/** A part of a line, its matches set off. */
function pieceOf(
  part: string,
  { line, marked, from }: { line: ShownLine; marked: readonly Mark[]; from: number },
): Row {
  const color = colorOf(line);
  const pieces: Piece[] = [];
  let done = 0;
  for (const [begin, end] of marked) {
    const first = Math.max(done, begin - from);
    const last = Math.min(part.length, end - from);
    if (last <= first) continue;
    if (first > done) pieces.push({ text: part.slice(done, first), color });
    pieces.push({ text: part.slice(first, last), color: "yellow", isInverse: true });
    done = last;
  }
  if (done < part.length || pieces.length === 0) pieces.push({ text: part.slice(done), color });
  return pieces;
}
