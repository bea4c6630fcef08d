import type { ProcessStatus } from "../../machines/facts.ts";
import { globals } from "../call/globals.ts";

const codes = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  grey: 90,
  bold: 1,
  dim: 2,
} as const;

export type Color = keyof typeof codes;

/** A status is the same colour wherever it is shown. */
export const statusColors: Readonly<Record<ProcessStatus, Color>> = {
  online: "green",
  starting: "yellow",
  stopping: "yellow",
  waiting: "yellow",
  pending: "yellow",
  completed: "green",
  failed: "red",
  stopped: "red",
  errored: "red",
  removed: "grey",
};

/** Whether to colour at all: not without a terminal, with NO_COLOR (no-color.org) or `--no-color`. */
export function hasColor(): boolean {
  if (process.env["NO_COLOR"] || globals.hasNoColor) return false;
  return process.env["FORCE_COLOR"] !== undefined || process.stdout.isTTY;
}

/** Five escape codes are not worth a package to load. */
export function paint(color: Color, text: string): string {
  return hasColor() ? `\u001B[${codes[color]}m${text}\u001B[0m` : text;
}
