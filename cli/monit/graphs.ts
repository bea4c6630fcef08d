import type { ProcessStatus } from "../../machines/facts.ts";
import { statusPriority } from "../../runtime/contract/inspector.ts";
import { statusColors } from "../render/colors.ts";
import type { Row } from "./text.ts";

/** How far back the lines and graphs of the screen go; ms. */
export const reachMs = 10 * 60_000;

/** When a process came into which status; ms since the epoch. */
export interface Moment {
  readonly at: number;
  readonly status: ProcessStatus;
}

/** What is known of the use of memory and CPU lately; columns of one length. */
export interface Samples {
  readonly at: readonly number[];
  readonly cpu: readonly number[];
  readonly memory: readonly number[];
}

const bars = "▁▂▃▄▅▆▇█";

/** Means over the last ten minutes, a cell for each step of time; a space where nothing is known. */
export function sparkline(
  { at, values }: { at: readonly number[]; values: readonly number[] },
  { width, now, least }: { width: number; now: number; least: number },
): string {
  const stepMs = reachMs / width;
  // Steps begin at fixed times, so that a graph moves on and does not flicker.
  const last = Math.floor(now / stepMs);
  const sums = new Float64Array(width);
  const counts = new Uint32Array(width);
  for (const [index, time] of at.entries()) {
    const cell = width - 1 - (last - Math.floor(time / stepMs));
    if (cell < 0 || cell >= width) continue;
    sums[cell] = (sums[cell] ?? 0) + (values[index] ?? 0);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const means = Array.from(sums, (sum, cell) =>
    (counts[cell] ?? 0) === 0 ? null : sum / (counts[cell] ?? 1),
  );
  const most = means.reduce<number>((highest, mean) => Math.max(highest, mean ?? 0), least);
  // Between two samples of ten seconds there may be cells of less.
  const carries = stepMs < longestGapMs;
  let before: number | null = null;
  let age = 0;
  return means
    .map((mean) => {
      age = mean === null ? age + stepMs : 0;
      if (mean !== null) before = mean;
      const shown = mean ?? (carries && age < longestGapMs ? before : null);
      if (shown === null) return " ";
      return bars[Math.min(bars.length - 1, Math.floor((shown / most) * bars.length))] ?? " ";
    })
    .join("");
}

/** Samples come every ten seconds; ms. */
const longestGapMs = 25_000;

/** A height for each status, so that the line can be read without colours too. */
const heights: Readonly<Record<ProcessStatus, string>> = {
  online: "▇",
  completed: "▆",
  stopping: "▅",
  starting: "▄",
  pending: "▃",
  waiting: "▂",
  stopped: "▁",
  errored: "×",
  failed: "×",
  removed: " ",
};

/** The statuses of the last ten minutes, a cell for each step of time. */
export function stateLine(moments: readonly Moment[], width: number, now: number): Row {
  const stepMs = reachMs / width;
  const last = Math.floor(now / stepMs);
  const cells: ProcessStatus[] = [];
  let index = 0;
  let status: ProcessStatus = "removed";
  for (let cell = 0; cell < width; cell += 1) {
    const end = (last - width + 2 + cell) * stepMs;
    const within = new Set<ProcessStatus>([status]);
    for (let moment = moments[index]; moment !== undefined && moment.at < end;) {
      status = moment.status;
      within.add(status);
      moment = moments[(index += 1)];
    }
    cells.push(statusPriority.find((each) => within.has(each)) ?? "removed");
  }
  const row: { text: string; color: (typeof statusColors)[ProcessStatus] }[] = [];
  for (const cell of cells) {
    const color = statusColors[cell];
    const before = row.at(-1);
    if (before?.color === color) before.text += heights[cell];
    else row.push({ text: heights[cell], color });
  }
  return row;
}
