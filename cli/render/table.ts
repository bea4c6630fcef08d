import { plain } from "../../runtime/contract/plain.ts";
import { paint, type Color } from "./colors.ts";

/** A column of a table. Cells are plain text, of whatever origin: colour is put on when they are as wide as the column. */
export interface Column<TRow> {
  readonly title: string;
  readonly cell: (row: TRow) => string;
  readonly color?: (row: TRow) => Color | undefined;
  readonly align?: "left" | "right";
  /** Columns with the highest number go first when there is no room; 0 stays. */
  readonly dropOrder: number;
  /** Cut with `…` to this width when there is still no room. */
  readonly shrinkTo?: number;
}

/**
 * A table as wide as the terminal. Own code, because a table package costs 5 ms of the 11 that `xm ls` may
 * take over `node -e 0`; it does what `xm ls` needs: drop, shrink, align, colour.
 */
export function renderTable<TRow>(
  rows: readonly TRow[],
  columns: readonly Column<TRow>[],
  width: number,
): string {
  const fitted = fit(measure(rows, columns), width);
  const line = (left: string, middle: string, right: string): string =>
    paint("grey", left + fitted.map(({ size }) => "─".repeat(size + 2)).join(middle) + right);
  const bar = paint("grey", "│");
  const head = fitted.map(
    ({ column, size }) => ` ${paint("cyan", pad(column.title, size, column.align))} `,
  );
  const body = rows.map((row) => {
    const cells = fitted.map(({ column, size }) => {
      const text = pad(cut(plain(column.cell(row)), size), size, column.align);
      const color = column.color?.(row);
      return ` ${color === undefined ? text : paint(color, text)} `;
    });
    return bar + cells.join(bar) + bar;
  });
  return [
    line("┌", "┬", "┐"),
    bar + head.join(bar) + bar,
    line("├", "┼", "┤"),
    ...body,
    line("└", "┴", "┘"),
  ].join("\n");
}

interface Measured<TRow> {
  readonly column: Column<TRow>;
  readonly size: number;
}

function measure<TRow>(rows: readonly TRow[], columns: readonly Column<TRow>[]): Measured<TRow>[] {
  return columns.map((column) => ({
    column,
    size: rows.reduce(
      (size, row) => Math.max(size, textWidth(plain(column.cell(row)))),
      textWidth(column.title),
    ),
  }));
}

function fit<TRow>(measured: readonly Measured<TRow>[], width: number): Measured<TRow>[] {
  let kept = [...measured];
  const total = (): number => kept.reduce((sum, { size }) => sum + size + 3, 1);
  while (total() > width) {
    const next = Math.max(...kept.map(({ column }) => column.dropOrder));
    if (next === 0) break;
    kept = kept.filter(({ column }) => column.dropOrder !== next);
  }
  return kept.map((each) => {
    const surplus = total() - width;
    const smallest = each.column.shrinkTo;
    if (surplus <= 0 || smallest === undefined || each.size <= smallest) return each;
    return { ...each, size: Math.max(smallest, each.size - surplus) };
  });
}

/** Terminal columns of a text: East Asian wide characters and emoji take two (UAX #11). */
export function textWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- plain ASCII needs no look at each character
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += isWide(character) ? 2 : 1;
  return width;
}

const wide =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

function isWide(character: string): boolean {
  const code = character.charCodeAt(0);
  // Letters of Europe, lines and blocks are most of what there is.
  if (code < 0x1100 || (code >= 0x2500 && code < 0x25a0)) return false;
  return wide.test(character);
}

function cut(text: string, size: number): string {
  if (textWidth(text) <= size) return text;
  let short = "";
  for (const character of text) {
    if (textWidth(short + character) > size - 1) break;
    short += character;
  }
  return `${short}…`;
}

function pad(text: string, size: number, align: "left" | "right" | undefined): string {
  const space = " ".repeat(Math.max(0, size - textWidth(text)));
  return align === "right" ? space + text : text + space;
}
