import { parseLine } from "../../runtime/contract/log-lines/parse-line.ts";
import { plain, plainOutput } from "../../runtime/contract/plain.ts";
import type { Model, ShownLine } from "./model.ts";

export const mostLines = 2_000;
/** A longer line is cut: the screen has no room for it. */
const longestLine = 10_000;

/** Lines of the selected process that were read. */
export function withLines(
  model: Model,
  lines: readonly { readonly stream: "out" | "err"; readonly line: string }[],
): Model {
  let level = model.logs.at(-1)?.level ?? 0;
  const more = lines.slice(-mostLines).map(({ stream, line }): ShownLine => {
    const short = line.slice(0, longestLine);
    const parsed = parseLine(short);
    const usual = stream === "err" ? 50 : 30;
    // A line of a stack trace belongs to the one before it.
    if (parsed.level !== null) ({ level } = parsed as { level: number });
    else if (stream === "err" || parsed.at !== null || !/^\s/.test(short)) level = usual;
    return { text: safe(short), level };
  });
  const logs = [...model.logs, ...more].slice(-mostLines);
  // While scrolled back, the visible lines stay.
  const arrived = more.filter((each) => isOfLevel(model, each)).length;
  return { ...model, logs, back: model.back === 0 ? 0 : model.back + arrived };
}

/** The lines that the level lets through. */
export function shownLines(model: Model): readonly ShownLine[] {
  return model.level === null ? model.logs : model.logs.filter((each) => isOfLevel(model, each));
}

function isOfLevel({ level }: Model, line: ShownLine): boolean {
  return level === null || line.level >= level;
}

function safe(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the sequences that set colours
  const text = line.replaceAll(/\u001B\[[\d;]*m/g, "").replaceAll("\t", "    ");
  return plain(plainOutput(text).replaceAll("\n", " "));
}

/** What is looked for: a regular expression, or else the text as it is; without capitals, case does not count. */
export function patternOf(find: string): RegExp | null {
  if (find === "") return null;
  const flags = /\p{Lu}/u.test(find) ? "gu" : "giu";
  try {
    return new RegExp(find, flags);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new RegExp(find.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`), flags);
  }
}

/** To the next line above that matches, or below; where there is none, nothing moves. */
export function found(model: Model, direction: "older" | "newer", isFirst = false): Model {
  const pattern = patternOf(model.find);
  if (pattern === null) return model;
  const lines = shownLines(model);
  const step = direction === "older" ? -1 : 1;
  // The last line on the screen is the one that was found before.
  const start = lines.length - 1 - model.back + (isFirst ? 1 : 0);
  for (let index = start + step; index >= 0 && index < lines.length; index += step) {
    pattern.lastIndex = 0;
    if (pattern.test(lines[index]?.text ?? ""))
      return { ...model, back: lines.length - 1 - index, message: "" };
  }
  return { ...model, message: `no ${direction} line matches ${model.find}` };
}
