import { useRef } from "preact/hooks";
import { Pinch } from "../pinch.ts";
import { select } from "../state/connection.ts";
import { moment } from "../state/store.ts";
import { travelTo } from "../state/travel.ts";
import type { Lane } from "./lanes.ts";
import { laneHeight, rulerHeight, timeAt, xOf } from "./paint.ts";
import { tipAt, type View } from "./view.ts";
import { panned, zoomed, type TimeWindow } from "./window.ts";

/** Further than this a press is a drag; px. */
const leastDrag = 3;

/** As near as this to the line of the moment it is taken hold of; px. */
const reach = 7;

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly window: TimeWindow;
  readonly scrollTop: number;
  readonly isScrub: boolean;
  hasMoved: boolean;
}

/**
 * Pointer actions on the time-line: a click views a moment, dragging the ruler or the moment's line moves it,
 * elsewhere time and lanes are; two pointers zoom.
 */
export function usePointer(options: {
  readonly view: View;
  readonly geometry: () => { window: TimeWindow; width: number; gutter: number };
  readonly change: (window: TimeWindow) => void;
  readonly scrollTo: (top: number) => void;
  readonly setTip: (tip: { x: number; text: string } | null) => void;
}) {
  const { view, geometry, change, scrollTo, setTip } = options;
  const drag = useRef<Drag | null>(null);
  const pinch = useRef(new Pinch());
  const place = (event: PointerEvent): { x: number; y: number } => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const laneAt = (y: number): Lane | undefined =>
    y < rulerHeight
      ? undefined
      : view.order[Math.floor((y - rulerHeight + view.scrollTop) / laneHeight)];
  const perPixel = (): number => {
    const { window, width, gutter } = geometry();
    return (window.to - window.from) / Math.max(1, width - gutter);
  };
  const timeOf = (x: number): number => timeAt(geometry(), Math.max(geometry().gutter, x));
  const isLabel = (x: number): boolean => x < geometry().gutter;

  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      pinch.current.down(event);
      if (pinch.current.isOn) {
        drag.current = null;
        return;
      }
      const { x, y } = place(event);
      const at = moment.value;
      const isNear = at !== null && Math.abs(xOf(geometry(), at) - x) < reach;
      const { window, scrollTop } = view;
      const isScrub = y < rulerHeight || isNear;
      drag.current = { x, y, window, scrollTop, isScrub, hasMoved: false };
      if (isScrub && !isLabel(x)) travelTo(timeOf(x));
    },
    onPointerMove: (event: PointerEvent) => {
      const { x, y } = place(event);
      const step = pinch.current.move(event);
      if (step !== undefined) {
        const ms = step.dx * perPixel();
        const about = timeOf(x - event.clientX + step.x) - ms;
        change(zoomed(panned(view.window, -ms), { by: 1 / step.by, about }));
        return;
      }
      const own = drag.current;
      if (own === null) {
        setTip(tipAt(view, geometry(), { x, lane: laneAt(y) }));
        return;
      }
      own.hasMoved ||= Math.abs(x - own.x) > leastDrag || Math.abs(y - own.y) > leastDrag;
      if (own.isScrub) {
        travelTo(timeOf(x));
      } else if (own.hasMoved) {
        if (x !== own.x) change(panned(own.window, (own.x - x) * perPixel()));
        scrollTo(own.scrollTop + own.y - y);
      }
    },
    onPointerUp: (event: PointerEvent) => {
      pinch.current.up(event);
      const own = drag.current;
      drag.current = null;
      if (own === null || own.hasMoved || own.isScrub) return;
      const { x, y } = place(event);
      const lane = laneAt(y);
      if (lane !== undefined) select(lane.id);
      if (!isLabel(x)) travelTo(timeOf(x));
    },
    onPointerCancel: (event: PointerEvent) => {
      pinch.current.up(event);
      drag.current = null;
    },
    onPointerLeave: () => setTip(null),
  };
}
