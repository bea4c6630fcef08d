import { effect } from "@preact/signals";
import { statusCodes } from "../../../contract/inspector.ts";
import * as store from "../state/store.ts";
import { moment as momentText, statusMarks, statusWord } from "../words.ts";
import { readColors, type TimelineColors } from "./colors.ts";
import type { Lane } from "./lanes.ts";
import { firstAt, laneHeight, paint, rulerHeight, timeAt } from "./paint.ts";
import type { TimeWindow } from "./window.ts";

/** The window shown when the page opens; ms. */
const firstSpanMs = 10 * 60_000;

/** A history of less than this is not stretched over the whole width; ms. */
const leastFirstSpanMs = 60_000;

/** Of a window that follows now, the share that is left free to the right. */
export const headroom = 0.04;

/** The view of the time-line; changed in place, since each frame reads it. */
export interface View {
  window: TimeWindow;
  /** Whether it moves with the time. */
  follows: boolean;
  scrollTop: number;
  order: readonly Lane[];
  /** Whether it has been set to what there is. */
  isPlaced: boolean;
  /** Something has changed since it was painted. */
  isStale: boolean;
}

export function firstView(): View {
  const to = store.now() + firstSpanMs * headroom;
  return {
    window: { from: to - firstSpanMs, to },
    follows: true,
    scrollTop: 0,
    order: [],
    isPlaced: false,
    isStale: true,
  };
}

/** Paints a frame whenever something has changed, and while time passes as often as that is visible. */
export function keepPainted(canvas: HTMLCanvasElement, view: View): () => void {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) return () => undefined;
  let colors: TimelineColors = readColors(canvas);
  let lanesVersion = -1;
  let painted = 0;
  let frame = 0;
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolor = (): void => {
    colors = readColors(canvas);
    view.isStale = true;
  };
  scheme.addEventListener("change", recolor);
  // Asked of the canvas in each frame, it would have the page laid out in the middle of it.
  let width = canvas.clientWidth;
  let height = canvas.clientHeight;
  const observer = new ResizeObserver(() => {
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    view.isStale = true;
  });
  observer.observe(canvas);
  const dispose = effect(() => {
    // Signals read here trigger another frame when they change.
    void [
      store.moment.value,
      store.selectedId.value,
      store.lanesVersion.value,
      store.processes.value,
    ];
    view.isStale = true;
  });
  const turn = (): void => {
    frame = requestAnimationFrame(turn);
    const now = store.now();
    const span = view.window.to - view.window.from;
    if (view.follows) {
      const to = now + span * headroom;
      // A pixel's worth of time, or it would be painted for nothing.
      if (Math.abs(to - view.window.to) > span / Math.max(1, width)) {
        view.window = { from: to - span, to };
        view.isStale = true;
      }
    }
    if (!view.isStale && (now - painted < 1_000 || view.window.to < now)) return;
    view.isStale = false;
    painted = now;
    const ratio = devicePixelRatio;
    if (
      canvas.width !== Math.round(width * ratio) ||
      canvas.height !== Math.round(height * ratio)
    ) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!view.isPlaced && store.lanes.lastSeq > 0) {
      view.isPlaced = true;
      const first = Math.min(
        ...store.lanes.all.map((lane) => lane.time(0)),
        ...store.lanes.daemons,
      );
      const wanted = Math.min(firstSpanMs, Math.max(leastFirstSpanMs, (now - first) * 1.1));
      const to = now + wanted * headroom;
      if (view.follows) view.window = { from: to - wanted, to };
    }
    if (lanesVersion !== store.lanes.version) {
      lanesVersion = store.lanes.version;
      view.order = store.lanes.all;
    }
    const begin = performance.now();
    paint({
      context,
      width,
      height,
      window: view.window,
      lanes: store.lanes,
      order: view.order,
      scrollTop: view.scrollTop,
      selectedId: store.selectedId.value,
      now,
      moment: store.moment.value,
      colors,
      labelOf,
      gutter: gutterOf(width),
    });
    store.paintTimes.push(performance.now() - begin);
    if (store.paintTimes.length > 600) store.paintTimes.shift();
  };
  turn();
  return () => {
    cancelAnimationFrame(frame);
    dispose();
    observer.disconnect();
    scheme.removeEventListener("change", recolor);
  };
}

/** Processes of one app have one name: their number within it tells them apart. */
function labelOf({ id, name }: Lane): string {
  const process = store.processes.value.get(id);
  if (process === undefined || process.name !== name) return name;
  const isOne = [...store.processes.value.values()].every(
    (other) => other.id === id || other.name !== name,
  );
  return isOne ? name : `${name}:${process.instance}`;
}

/** Scrolls as little as needed to have a lane in sight. */
export function reveal(view: View, height: number, id: number): void {
  const top = view.order.findIndex((lane) => lane.id === id) * laneHeight;
  const room = height - rulerHeight - laneHeight;
  view.scrollTop = Math.min(top, Math.max(view.scrollTop, top - room));
  view.isStale = true;
}

export function tipAt(
  view: View,
  geometry: { window: TimeWindow; width: number; gutter: number },
  at: { x: number; lane: Lane | undefined },
): { x: number; text: string } | null {
  const { x, lane } = at;
  if (lane === undefined || x < geometry.gutter) return null;
  const time = timeAt(geometry, x);
  if (time > store.now()) return null;
  const code = lane.codeAt(time);
  const status = statusCodes[code];
  const perPixel = (view.window.to - view.window.from) / (geometry.width - geometry.gutter);
  const mark = lane.marks[firstAt(lane.marks, time - perPixel * 6)];
  const other = statusCodes[lane.others.codeAt(time)];
  const isNear = mark !== undefined && Math.abs(mark.at - time) < perPixel * 8;
  const words = [
    momentText(time, store.now()),
    labelOf(lane),
    ...(status === undefined
      ? ["it did not exist yet"]
      : [`${statusMarks[status]} ${statusWord(status)}`]),
    ...(other === undefined || other === "removed"
      ? []
      : [`another generation of it ${statusMarks[other]} ${statusWord(other)}`]),
    ...(isNear ? [`${mark.kind}: ${mark.label}`] : []),
  ];
  return { x: Math.min(Math.max(8, x + 12), geometry.width - 300), text: words.join("  ·  ") };
}

/** Width of the names; px. */
export function gutterOf(width: number): number {
  return width < 600 ? 84 : 132;
}
