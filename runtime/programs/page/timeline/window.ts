/** The visible part of time; ms since the epoch. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** The shortest window: a tenth of a second. */
const shortestMs = 100;

/** The longest: what the history keeps, and a little. */
export const longestMs = 16 * 24 * 3_600_000;

/** Scales a window by a factor, keeping one moment in place. */
export function zoomed(window: TimeWindow, options: { by: number; about: number }): TimeWindow {
  const { by, about } = options;
  const span = window.to - window.from;
  const length = Math.min(longestMs, Math.max(shortestMs, span * by));
  const share = (about - window.from) / span;
  const from = about - length * share;
  return { from, to: from + length };
}

export function panned({ from, to }: TimeWindow, ms: number): TimeWindow {
  return { from: from + ms, to: to + ms };
}

/** Moves a window, as little as needed, so that a moment is in it. */
export function showing({ from, to }: TimeWindow, at: number): TimeWindow {
  const margin = (to - from) * 0.08;
  if (at < from + margin) return panned({ from, to }, at - margin - from);
  if (at > to - margin) return panned({ from, to }, at + margin - to);
  return { from, to };
}

const stepsMs = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
  172_800_000, 345_600_000,
] as const;

/**
 * The marks of a ruler: round local times, at least `leastPx` apart.
 * @param offsetMs of the local time to UTC.
 */
export function ticksOf(
  { from, to }: TimeWindow,
  options: { width: number; leastPx: number; offsetMs: number },
): { stepMs: number; at: number[] } {
  const { width, leastPx, offsetMs } = options;
  const leastMs = ((to - from) / Math.max(1, width)) * leastPx;
  const stepMs = stepsMs.find((step) => step >= leastMs) ?? 345_600_000;
  const first = Math.ceil((from + offsetMs) / stepMs) * stepMs - offsetMs;
  const at: number[] = [];
  for (let time = first; time <= to; time += stepMs) at.push(time);
  return { stepMs, at };
}

/** A mark's label: as exact as the step between marks asks for. */
export function tickLabel(at: number, stepMs: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const isMidnight = date.getHours() + date.getMinutes() + date.getSeconds() === 0;
  if (stepMs >= 86_400_000 || (isMidnight && stepMs >= 60_000)) {
    return `${date.getDate()} ${months[date.getMonth()]}`;
  }
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (stepMs >= 60_000) return minutes;
  const seconds = `${minutes}:${two(date.getSeconds())}`;
  return stepMs >= 1_000
    ? seconds
    : `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
