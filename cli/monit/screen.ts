import { ScreenBuffer, terminal } from "terminal-kit";
import { hasColor, type Color } from "../render/colors.ts";
import { takeOver } from "../render/terminal.ts";
import { textWidth } from "../render/table.ts";
import type { Row } from "./rows.ts";

/** The terminal as a screen that is drawn as a whole; only what has changed is written. */
export interface Screen {
  readonly size: () => { width: number; height: number };
  draw(rows: readonly Row[]): void;
  close(): void;
}

/** terminal-kit's names for our colours. */
const attributes: Readonly<Record<Color, Readonly<Record<string, unknown>>>> = {
  red: { color: "red" },
  green: { color: "green" },
  yellow: { color: "yellow" },
  blue: { color: "blue" },
  magenta: { color: "magenta" },
  cyan: { color: "cyan" },
  grey: { color: "gray" },
  bold: { bold: true },
  dim: { dim: true },
};

const blank = { char: " ", attr: {} };

export function openScreen(listeners: {
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
}): Screen {
  const colours = hasColor();
  takeOver(process.stdout);
  terminal.fullscreen(true);
  terminal.hideCursor(true);
  terminal.grabInput(true);
  let buffer = new ScreenBuffer({ dst: terminal });
  terminal.on("key", (key: string) => listeners.onKey(key));
  terminal.on("resize", () => {
    buffer = new ScreenBuffer({ dst: terminal });
    terminal.clear();
    listeners.onResize();
  });
  return {
    size: () => ({ width: terminal.width, height: terminal.height }),
    draw: (rows) => {
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a screen is no array
      buffer.fill(blank);
      for (const [y, row] of rows.entries()) {
        let x = 0;
        for (const { text, color, isInverse } of row) {
          const own = color === undefined || !colours ? {} : attributes[color];
          const attr = isInverse === true ? { ...own, inverse: true } : own;
          buffer.put({ x, y, attr: attr, wrap: false, dx: 1, dy: 0 }, "%s", text);
          x += textWidth(text);
        }
      }
      buffer.draw({ delta: true });
    },
    close: () => {
      terminal.grabInput(false);
      terminal.hideCursor(false);
      terminal.styleReset();
      terminal.fullscreen(false);
    },
  };
}
