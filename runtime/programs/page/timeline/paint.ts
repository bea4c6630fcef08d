import type { TimelineMark } from "../../../contract/inspector.ts";
import type { TimelineColors } from "./colors.ts";
import type { Lane, Lanes } from "./lanes.ts";
import { eachSpan } from "./spans.ts";
import { tickLabel, ticksOf, type TimeWindow } from "./window.ts";

/** Input of one frame of the time-line. */
export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly window: TimeWindow;
  readonly lanes: Lanes;
  /** From above. */
  readonly order: readonly Lane[];
  readonly scrollTop: number;
  readonly selectedId: number | null;
  readonly now: number;
  readonly moment: number | null;
  readonly colors: TimelineColors;
  readonly labelOf: (lane: Lane) => string;
  /** Width of the names. */
  readonly gutter: number;
}

export const rulerHeight = 22;
export const laneHeight = 20;
const barHeight = 12;

/** Marks nearer to each other than this are one; px. */
const markDistance = 6;

/** With less room than this for each, marks are ticks without a letter; px. */
const roomForLetter = 18;

/** Marks are drawn while at most this many of a lane are in the window: more would blur. */
const mostMarks = 400;

/** The letter of a mark, because colour alone is not enough. */
export const glyphs: Readonly<Record<TimelineMark["kind"], string>> = {
  exit: "×",
  memory: "M",
  watch: "W",
  cron: "C",
  heartbeat: "H",
  cpu: "P",
  age: "A",
  liveness: "L",
  restart: "R",
  reload: "↻",
  version: "V",
};

/** Paints all of it. The cost depends on what is visible, not on the number of records. */
export function paint(frame: Frame): void {
  const { context, width, height, colors, gutter, order, scrollTop } = frame;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  paintRuler(frame);
  context.save();
  context.beginPath();
  context.rect(0, rulerHeight, width, height - rulerHeight);
  context.clip();
  const first = Math.max(0, Math.floor(scrollTop / laneHeight));
  const last = Math.min(order.length - 1, Math.floor((scrollTop + height) / laneHeight));
  for (let row = first; row <= last; row += 1) {
    const lane = order[row];
    if (lane !== undefined) paintLane(frame, lane, rulerHeight + row * laneHeight - scrollTop);
  }
  context.restore();
  for (const at of frame.lanes.daemons) {
    const x = xOf(frame, at);
    if (x < gutter || x > width) continue;
    paintLine(frame, x, colors.daemon, [2, 3]);
    paintFlag(frame, x, "God", colors.daemon);
  }
  const end = xOf(frame, frame.now);
  if (end >= gutter && end <= width) paintLine(frame, end, colors.now, []);
  if (frame.moment !== null) {
    const x = xOf(frame, frame.moment);
    if (x >= gutter && x <= width) {
      paintLine(frame, x, colors.moment, []);
      context.fillStyle = colors.moment;
      context.beginPath();
      context.moveTo(x - 5, 0);
      context.lineTo(x + 5, 0);
      context.lineTo(x, 8);
      context.fill();
    }
  }
}

export function xOf(
  { window, width, gutter }: Pick<Frame, "window" | "width" | "gutter">,
  at: number,
): number {
  return gutter + ((at - window.from) / (window.to - window.from)) * (width - gutter);
}

export function timeAt(
  { window, width, gutter }: Pick<Frame, "window" | "width" | "gutter">,
  x: number,
): number {
  return window.from + ((x - gutter) / (width - gutter)) * (window.to - window.from);
}

function paintRuler(frame: Frame): void {
  const { context, width, height, window, colors, gutter } = frame;
  const offsetMs = -new Date(window.to).getTimezoneOffset() * 60_000;
  const { stepMs, at } = ticksOf(window, { width: width - gutter, leastPx: 84, offsetMs });
  context.font = "10px ui-monospace, Menlo, Consolas, monospace";
  context.textAlign = "left";
  context.textBaseline = "middle";
  const flags = frame.lanes.daemons.map((daemon) => xOf(frame, daemon));
  for (const time of at) {
    const x = Math.round(xOf(frame, time)) + 0.5;
    if (x < gutter) continue;
    context.fillStyle = colors.grid;
    context.fillRect(x - 0.5, rulerHeight - 6, 1, height);
    // Where a God started is its flag.
    if (flags.some((flag) => flag > x - 26 && flag < x + 58)) continue;
    context.fillStyle = colors.faint;
    context.fillText(tickLabel(time, stepMs), x + 4, rulerHeight / 2);
  }
}

function paintLane(frame: Frame, lane: Lane, y: number): void {
  const { context, width, window, colors, gutter, now } = frame;
  const isSelected = lane.id === frame.selectedId;
  const top = y + (laneHeight - barHeight) / 2;
  if (isSelected) {
    context.fillStyle = colors.selected;
    context.fillRect(0, y, width, laneHeight);
  }
  context.fillStyle = colors.lane;
  context.fillRect(gutter, top, width - gutter, barHeight);
  eachSpan(lane, { window, width: width - gutter, until: now }, (x, spanWidth, code) => {
    const color = colors.statuses[code];
    if (color === undefined || code === 6) return;
    context.fillStyle = color;
    // A stopped process has a thin line: where nothing runs there is little to see.
    const isThin = code === 0;
    context.fillRect(gutter + x, isThin ? top + 5 : top, spanWidth, isThin ? 2 : barHeight);
  });
  // Another generation lives beside it: a strip below, so that both are seen.
  eachSpan(lane.others, { window, width: width - gutter, until: now }, (x, spanWidth, code) => {
    const color = colors.statuses[code];
    if (color === undefined || code === 6) return;
    context.fillStyle = colors.background;
    context.fillRect(gutter + x, top + barHeight - 5, spanWidth, 1);
    context.fillStyle = color;
    context.fillRect(gutter + x, top + barHeight - 4, spanWidth, 6);
  });
  paintMarks(frame, lane, top);
  context.fillStyle = isSelected ? colors.text : colors.faint;
  context.font = `${isSelected ? "600 " : ""}11px ui-monospace, Menlo, Consolas, monospace`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(
    shortened(frame.labelOf(lane), Math.floor((gutter - 22) / 6.7)),
    12,
    y + laneHeight / 2,
  );
}

function paintMarks(frame: Frame, lane: Lane, top: number): void {
  const { context, colors, window, width, gutter } = frame;
  const { marks } = lane;
  const first = firstAt(marks, window.from);
  const end = firstAt(marks, window.to);
  if (end - first > mostMarks) return;
  const hasLetters = (width - gutter) / Math.max(1, end - first) >= roomForLetter;
  context.font = "700 10px ui-monospace, Menlo, Consolas, monospace";
  context.textAlign = "center";
  context.textBaseline = "middle";
  let before = Number.NEGATIVE_INFINITY;
  for (let index = first; index < end; index += 1) {
    const mark = marks[index];
    if (mark === undefined) continue;
    const x = xOf(frame, mark.at);
    if (x - before < markDistance || x < gutter || x > width) continue;
    before = x;
    context.fillStyle = colors.mark;
    context.fillRect(x - 0.75, top - 2, 1.5, hasLetters ? barHeight + 4 : 6);
    if (!hasLetters) continue;
    const letter = glyphs[mark.kind];
    context.fillStyle = colors.background;
    context.fillRect(x + 1, top + 1, 9, barHeight - 2);
    context.fillStyle = colors.mark;
    context.fillText(letter, x + 5.5, top + barHeight / 2 + 0.5);
  }
}

function paintLine({ context, height }: Frame, x: number, color: string, dash: number[]): void {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, 0);
  context.lineTo(Math.round(x) + 0.5, height);
  context.stroke();
  context.setLineDash([]);
}

function paintFlag({ context, colors }: Frame, x: number, words: string, color: string): void {
  context.font = "600 9px ui-monospace, Menlo, Consolas, monospace";
  context.fillStyle = color;
  context.fillRect(x, 0, 24, 12);
  context.fillStyle = colors.background;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(words, x + 12, 6.5);
}

/** The index of the first mark at or after a time. */
export function firstAt(marks: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shortened(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, Math.max(1, most - 1))}…`;
}
