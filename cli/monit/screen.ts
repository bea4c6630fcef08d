import { terminal } from "terminal-kit";
import { hasColor, type Color } from "../render/colors.ts";
import { takeOver } from "../render/terminal.ts";
import type { Piece, Row } from "./text.ts";

/** The terminal as a screen that is drawn as a whole; only rows that have changed are written. */
export interface Screen {
  readonly size: () => { width: number; height: number };
  draw(rows: readonly Row[]): void;
  setMouse(isOn: boolean): void;
  close(): void;
}

/** SGR (ECMA-48, 8.3.117): the terminal's own sixteen colours, which fit its background. */
const codes: Readonly<Record<Color, string>> = {
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
  grey: "90",
  bold: "1",
  dim: "2",
};

/** On the selected row's own background the bright ones. */
const brightCodes: Readonly<Partial<Record<Color, string>>> = {
  red: "91",
  green: "92",
  yellow: "93",
  blue: "94",
  cyan: "96",
};

/** Bits of colour that a terminal has; 1 is none. */
export type Depth = 1 | 4 | 8 | 24;

/** The selected row: a blue that every text can be read on, where there is more than sixteen colours. */
const selection: Readonly<Record<Depth, string>> = {
  1: "7",
  4: "7",
  8: "38;5;231;48;5;24",
  24: "38;2;255;255;255;48;2;24;74;120",
};

/** A row as the terminal takes it; every piece begins from nothing. */
export function encode(row: Row, depth: Depth): string {
  return row.map((piece) => `\u001B[${attributesOf(piece, depth)}m${piece.text}`).join("");
}

function attributesOf({ color, isInverse, isSelected }: Piece, depth: Depth): string {
  const hasOwnBackground = isSelected === true && depth > 4;
  const parts = ["0"];
  if (isSelected === true) parts.push(selection[depth]);
  else if (isInverse === true) parts.push("7");
  if (color !== undefined && depth > 1)
    parts.push((hasOwnBackground ? brightCodes[color] : undefined) ?? codes[color]);
  return parts.join(";");
}

function depthOf(stream: NodeJS.WriteStream): Depth {
  if (!hasColor()) return 1;
  const depth = stream.getColorDepth();
  return depth === 8 || depth === 24 ? depth : 4;
}

const esc = "\u001B[";

/** Rows from `top` to before `bottom` that have moved up. */
export interface Scroll {
  readonly top: number;
  readonly bottom: number;
  readonly by: number;
}

/** A log that grows by more rows than this at once is written as a whole. */
const mostScrolled = 12;

/** Whether what has changed are rows that have moved up, as those of a log do: the terminal can move them itself. */
export function scrollOf(shown: readonly string[], next: readonly string[]): Scroll | undefined {
  const bottom = next.findLastIndex((text, y) => text !== shown[y]) + 1;
  // The lowest block without a gap; a list above it may have changed too.
  const top = next.findLastIndex((text, y) => y < bottom && text === shown[y]) + 1;
  const most = Math.min(mostScrolled, Math.floor((bottom - top) / 2));
  for (let by = 1; by <= most; by += 1) {
    let same = 0;
    for (let y = top; y < bottom - by; y += 1) if (next[y] === shown[y + by]) same += 1;
    if (same > 0.7 * (bottom - top - by)) return { top, bottom, by };
  }
  return undefined;
}

/** What the screen shows after it. */
function scrolledBy(shown: readonly string[], { top, bottom, by }: Scroll): string[] {
  const empty = Array.from({ length: by }, () => "");
  return [
    ...shown.slice(0, top),
    ...shown.slice(top + by, bottom),
    ...empty,
    ...shown.slice(bottom),
  ];
}

/** A region of the screen that scrolls (DECSTBM), and back to all of it. */
function sequenceOf({ top, bottom, by }: Scroll): string {
  return `${esc}0m${esc}${top + 1};${bottom}r${esc}${bottom};1H${"\n".repeat(by)}${esc}r`;
}
/** No wrapping at the right edge: a glyph that is wider than we think must not move the next row. */
const noWrap = `${esc}?7l`;
const wrapAgain = `${esc}?7h`;
/** A terminal that knows this shows a frame at once (synchronized output, mode 2026). */
const begin = `${esc}?2026h`;
const end = `${esc}0m${esc}?2026l`;

export function openScreen(listeners: {
  readonly onKey: (key: string) => void;
  readonly onMouse: (name: string, row: number) => void;
  readonly onResize: () => void;
}): Screen {
  const { stdout } = process;
  const depth = depthOf(stdout);
  takeOver(stdout);
  terminal.fullscreen(true);
  terminal.hideCursor(true);
  terminal.grabInput({ mouse: "button" });
  stdout.write(noWrap);
  let shown: readonly string[] = [];
  terminal.on("key", (key: string) => listeners.onKey(key));
  terminal.on("mouse", (name: string, { y }: { y: number }) => listeners.onMouse(name, y - 1));
  terminal.on("resize", () => {
    shown = [];
    listeners.onResize();
  });
  return {
    size: () => ({ width: terminal.width, height: terminal.height }),
    draw: (rows) => {
      const next = rows.map((row) => encode(row, depth));
      const clear = shown.length === next.length ? "" : `${esc}0m${esc}2J`;
      const moved = clear === "" ? scrollOf(shown, next) : undefined;
      const before = moved === undefined ? shown : scrolledBy(shown, moved);
      const changed = next.flatMap((text, y) =>
        // Erased first: after a row that fills the screen the cursor is still on its last glyph.
        text === before[y] ? [] : [`${esc}${y + 1};1H${esc}0m${esc}K${text}`],
      );
      shown = next;
      const scroll = moved === undefined ? "" : sequenceOf(moved);
      if (clear !== "" || scroll !== "" || changed.length > 0)
        stdout.write(begin + clear + scroll + changed.join("") + end);
    },
    setMouse: (isOn) => terminal.grabInput(isOn ? { mouse: "button" } : {}),
    close: () => {
      terminal.grabInput(false);
      stdout.write(wrapAgain);
      terminal.hideCursor(false);
      terminal.styleReset();
      terminal.fullscreen(false);
    },
  };
}
