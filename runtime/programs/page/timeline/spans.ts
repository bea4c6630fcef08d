import { statusCodes, statusPriority } from "../../../contract/inspector.ts";
import type { Series } from "./series.ts";
import type { TimeWindow } from "./window.ts";

/** The codes, the first to be seen first. */
const priority = statusPriority.map((status) => statusCodes.indexOf(status));

/** Which status a pixel shows for every set of statuses. */
const shownOf = Uint8Array.from({ length: 1 << statusCodes.length }, (_, bits) =>
  Math.max(0, priority.find((code) => (bits & (1 << code)) !== 0) ?? 0),
);

/** A point at a pixel's end is the next one's; ms. */
const tiniest = 1e-6;

/**
 * Walks over what a lane shows in a window: runs of pixels of one status. Costs a search per pixel at most, however
 * many points a pixel has.
 * @param width px of the window.
 * @param until the lane ends there, in ms since the epoch: now.
 */
export function eachSpan(
  lane: Series,
  view: { window: TimeWindow; width: number; until: number },
  draw: (x: number, width: number, code: number) => void,
): void {
  const { window, width, until } = view;
  const { from, to } = window;
  const perPixel = (to - from) / width;
  const end = Math.min(width, Math.ceil((until - from) / perPixel));
  let index = lane.indexAt(from);
  let x = 0;
  if (index < 0) {
    if (lane.count === 0) return;
    index = 0;
    x = Math.max(0, Math.floor((lane.time(0) - from) / perPixel));
  }
  let runStart = x;
  let runCode = -1;
  const put = (at: number, code: number): void => {
    if (code === runCode) return;
    if (runCode >= 0 && at > runStart) draw(runStart, at - runStart, runCode);
    runStart = at;
    runCode = code;
  };
  while (x < end) {
    // From what it is at the pixel's beginning to the last point before its end.
    index = Math.max(index, lane.indexAt(from + x * perPixel, index));
    const last = Math.max(index, lane.indexAt(from + (x + 1) * perPixel - tiniest, index));
    put(x, last === index ? lane.code(index) : (shownOf[lane.codesWithin(index, last)] ?? 0));
    index = last;
    // What follows is of one status until the pixel of the next point.
    const next = index + 1 < lane.count ? lane.time(index + 1) : Number.POSITIVE_INFINITY;
    const nextX = Math.floor((next - from) / perPixel);
    if (nextX > x + 1) put(x + 1, lane.code(index));
    x = Math.max(x + 1, Math.min(end, nextX));
  }
  put(end, -1);
}
