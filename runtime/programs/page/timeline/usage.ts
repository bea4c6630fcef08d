import type { UsageView } from "../../../contract/api/schemas.ts";
import { bytes, percent } from "../words.ts";
import type { TimelineColors } from "./colors.ts";
import { firstAt } from "./first-at.ts";
import type { TimeWindow } from "./window.ts";

/** CPU and memory of one process under the lanes, at the same times. */
export interface UsageFrame {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly gutter: number;
  readonly window: TimeWindow;
  readonly now: number;
  readonly moment: number | null;
  readonly colors: TimelineColors;
  readonly usage: UsageView | null;
}

interface Measure {
  readonly label: string;
  readonly mean: readonly number[];
  readonly peak: readonly number[];
  readonly color: string;
  /** A scale that ends lower would make noise of nothing. */
  readonly least: number;
  readonly text: (value: number) => string;
}

export function paintUsage(frame: UsageFrame): void {
  const { context, width, height, gutter, colors, usage, moment } = frame;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  const rowHeight = height / 2;
  for (const [row, measure] of measuresOf(usage, colors).entries()) {
    const top = row * rowHeight;
    context.save();
    context.beginPath();
    context.rect(gutter, top, width - gutter, rowHeight);
    context.clip();
    context.fillStyle = colors.lane;
    context.fillRect(gutter, top + 2, width - gutter, rowHeight - 4);
    if (usage !== null)
      paintMeasure(frame, measure, { at: usage.at, top: top + 3, bottom: top + rowHeight - 2 });
    context.restore();
    paintLabel(frame, measure, top + rowHeight / 2);
  }
  for (const [at, color] of [
    [frame.now, colors.now],
    [moment, colors.moment],
  ] as const) {
    if (at === null) continue;
    const x = Math.round(xOf(frame, at)) + 0.5;
    if (x < gutter || x > width) continue;
    context.fillStyle = color;
    context.fillRect(x - 0.5, 0, 1, height);
  }
}

function measuresOf(usage: UsageView | null, colors: TimelineColors): Measure[] {
  const { cpu = [], cpuPeak = [], memory = [], memoryPeak = [] } = usage ?? {};
  return [
    { label: "CPU", mean: cpu, peak: cpuPeak, color: colors.cpu, least: 10, text: percent },
    {
      label: "Mem",
      mean: memory,
      peak: memoryPeak,
      color: colors.memory,
      least: 2 ** 20,
      text: bytes,
    },
  ];
}

function xOf({ window, width, gutter }: UsageFrame, at: number): number {
  return gutter + ((at - window.from) / (window.to - window.from)) * (width - gutter);
}

/** The points of a window, and one beside it on each side, so that lines reach its edges. */
function shownOf(at: readonly number[], { from, to }: TimeWindow): [first: number, end: number] {
  const index = (time: number): number => firstAt(at, time);
  return [Math.max(0, index(from) - 1), Math.min(at.length, index(to) + 1)];
}

/**
 * Runs of points without a gap: nothing is drawn where samples are missing, as they are while it does not run. Steps may be of ten seconds after some of five
 * minutes, so a gap is what is long beside the steps around it.
 */
export function runsOf(at: readonly number[], first: number, end: number): [number, number][] {
  const step = (index: number): number =>
    index > first && index < end ? (at[index] ?? 0) - (at[index - 1] ?? 0) : 0;
  const runs: [number, number][] = [];
  let begin = first;
  for (let index = first + 1; index <= end; index += 1) {
    const usual = Math.max(step(index - 1), step(index + 1), leastUsualMs);
    if (index < end && step(index) <= 2.5 * usual) continue;
    if (index > begin) runs.push([begin, index]);
    begin = index;
  }
  return runs;
}

/** Samples come every ten seconds; ms. */
const leastUsualMs = 10_000;

function paintMeasure(
  frame: UsageFrame,
  { mean, peak, color, least }: Measure,
  { at, top, bottom }: { at: readonly number[]; top: number; bottom: number },
): void {
  const { context, window } = frame;
  const [first, end] = shownOf(at, window);
  const most = Math.max(least, ...peak.slice(first, end)) * 1.05;
  const y = (value: number): number => bottom - (value / most) * (bottom - top);
  for (const [from, to] of runsOf(at, first, end)) {
    const trace = (values: readonly number[]): void => {
      for (let index = from; index < to; index += 1)
        context.lineTo(xOf(frame, at[index] ?? 0), y(values[index] ?? 0));
      // One point alone is seen too.
      if (to - from === 1) context.lineTo(xOf(frame, at[from] ?? 0) + 2, y(values[from] ?? 0));
    };
    for (const [values, alpha] of [
      [peak, 0.16],
      [mean, 0.3],
    ] as const) {
      context.globalAlpha = alpha;
      context.fillStyle = color;
      context.beginPath();
      context.moveTo(xOf(frame, at[from] ?? 0), bottom);
      trace(values);
      context.lineTo(xOf(frame, at[to - 1] ?? 0) + (to - from === 1 ? 2 : 0), bottom);
      context.fill();
    }
    context.globalAlpha = 1;
    context.strokeStyle = color;
    context.lineWidth = 1.2;
    context.beginPath();
    trace(mean);
    context.stroke();
  }
}

/** Its name and its value: of the viewed moment, or the last one. */
function paintLabel(frame: UsageFrame, measure: Measure, y: number): void {
  const { context, colors, gutter, usage, moment } = frame;
  const index = usage === null ? -1 : indexAt(usage.at, moment ?? Number.POSITIVE_INFINITY);
  const value = measure.mean[index];
  context.font = "11px ui-monospace, Menlo, Consolas, monospace";
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = colors.faint;
  context.fillText(measure.label, 12, y);
  if (value === undefined) return;
  context.textAlign = "right";
  context.fillStyle = measure.color;
  context.fillText(measure.text(value), gutter - 6, y);
}

/** The last point at or before a time; -1 when there is none. */
function indexAt(at: readonly number[], time: number): number {
  return firstAt(at, time + 1) - 1;
}

/** What was used at a time, in words; `null` where nothing is known. */
export function usageAt(usage: UsageView | null, time: number): string | null {
  if (usage === null) return null;
  const index = indexAt(usage.at, time);
  const run = runsOf(usage.at, 0, usage.at.length).find(
    ([from, to]) => index >= from && index < to,
  );
  if (run === undefined) return null;
  // After the last point of a run there is a gap, but for the newest.
  const isLast = index === run[1] - 1 && index < usage.at.length - 1;
  if (isLast && time - (usage.at[index] ?? 0) > leastUsualMs) return null;
  const { cpu, cpuPeak, memory, memoryPeak } = usage;
  const both = (mean: string, peak: string): string =>
    mean === peak ? mean : `${mean} (peak ${peak})`;
  return `CPU ${both(percent(cpu[index] ?? 0), percent(cpuPeak[index] ?? 0))}  ·  memory ${both(
    bytes(memory[index] ?? 0),
    bytes(memoryPeak[index] ?? 0),
  )}`;
}

/** All that the strip shows, in words. */
export function usageInWords(usage: UsageView | null, name: string): string {
  if (usage === null || usage.at.length === 0) return `CPU and memory of ${name}: nothing is known`;
  const last = usageAt(usage, Number.POSITIVE_INFINITY) ?? "";
  return `CPU and memory of ${name}: ${last.replace("  ·  ", ", ")} last; highest ${percent(
    Math.max(...usage.cpuPeak),
  )} and ${bytes(Math.max(...usage.memoryPeak))}`;
}
