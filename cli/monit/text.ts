import { textWidth } from "../render/table.ts";
import type { Color } from "../render/colors.ts";

/** A piece of a row, in one colour. */
export interface Piece {
  readonly text: string;
  readonly color?: Color | undefined;
  readonly isInverse?: boolean;
  /** Of the selected row. */
  readonly isSelected?: boolean;
}

export type Row = readonly Piece[];

/** At most this wide; the last character shows that there was more. */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  return textWidth(text) <= width ? text : `${take(text, width - 1)}…`;
}

/** The beginning of a text, not wider than this. */
export function take(text: string, width: number): string {
  // oxlint-disable-next-line no-control-regex -- plain ASCII needs no look at each character
  if (/^[\u0020-\u007E]*$/.test(text.slice(0, width))) return text.slice(0, width);
  let used = 0;
  let taken = "";
  for (const character of text) {
    used += textWidth(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** No line has more rows than a large screen. */
const mostParts = 100;

export function wrap(text: string, width: number): string[] {
  const parts: string[] = [];
  let rest = text;
  do {
    const part = take(rest, Math.max(2, width));
    parts.push(part);
    rest = rest.slice(part.length);
  } while (rest !== "" && parts.length < mostParts);
  return parts;
}

/** A line with a title in it, across the screen. */
export function rule(title: string, width: number): Row {
  const text = cut(title === "" ? "" : `── ${title} `, width);
  return [{ text: text + "─".repeat(Math.max(0, width - textWidth(text))), color: "dim" }];
}

/** A text that is typed; `undefined` for a key that is none. */
export function typedInto(text: string, key: string): string | undefined {
  if (key === "BACKSPACE") return text.slice(0, -1);
  if (key === "CTRL_U") return "";
  return /^.$/u.test(key) ? text + key : undefined;
}
