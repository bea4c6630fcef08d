import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { statusCodes } from "../../contract.ts";
import { reachBack, select } from "../state/connection.ts";
import * as store from "../state/store.ts";
import { goLive, neighbour, travelTo } from "../state/travel.ts";
import { moment as momentText, statusMarks, statusWord } from "../words.ts";
import type { Lane } from "./lanes.ts";
import { readColors, type TimelineColors } from "./colors.ts";
import { firstAt, laneHeight, paint, rulerHeight, timeAt, xOf } from "./paint.ts";
import { panned, showing, zoomed, type TimeWindow } from "./window.ts";

/** What is looked at when the page opens; ms. */
const firstSpanMs = 10 * 60_000;

/** A history of less than this is not stretched over the whole width; ms. */
const leastFirstSpanMs = 60_000;

/** Of a window that follows now, the share that is left free to the right. */
const headroom = 0.04;

const ranges = [
  ["1 min", 60_000],
  ["10 min", 600_000],
  ["1 h", 3_600_000],
  ["1 d", 86_400_000],
  ["14 d", 14 * 86_400_000],
] as const;

/** The lanes of all processes: to be zoomed, panned and scrubbed. */
export function Timeline() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef(firstView());
  const [tip, setTip] = useState<{ x: number; text: string } | null>(null);
  const { current } = view;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return keepPainted(element, current);
  }, []);

  const gutter = (): number => ((canvas.current?.clientWidth ?? 900) < 600 ? 84 : 132);
  const geometry = () => ({
    window: current.window,
    width: canvas.current?.clientWidth ?? 0,
    gutter: gutter(),
  });
  const span = (): number => current.window.to - current.window.from;
  const change = (window: TimeWindow, follows = false): void => {
    current.window = window;
    current.follows = follows;
    current.isStale = true;
    if (window.from < store.lanes.since) void reachBack(window.from - (window.to - window.from));
  };
  const zoomBy = (by: number, about?: number): void => {
    const middle = current.follows
      ? store.now()
      : (store.moment.value ?? (current.window.from + current.window.to) / 2);
    change(
      zoomed(current.window, { by, about: about ?? middle }),
      current.follows && about === undefined,
    );
  };
  const scrub = (at: number): void => {
    travelTo(at);
    change(showing(current.window, store.moment.value ?? at));
  };
  const live = (): void => {
    goLive();
    change(current.window, true);
  };
  const range = (ms: number): void => {
    const to =
      store.moment.value === null ? store.now() + ms * headroom : store.moment.value + ms / 2;
    change({ from: to - ms, to }, store.moment.value === null);
  };
  const choose = (direction: -1 | 1): void => {
    const at = current.order.findIndex((lane) => lane.id === store.selectedId.value);
    const next = current.order[Math.min(current.order.length - 1, Math.max(0, at + direction))];
    if (next === undefined) return;
    const { id } = next;
    select(id);
    reveal(current, canvas.current?.clientHeight ?? 0, id);
    if (store.moment.value !== null) travelTo(store.moment.value);
  };

  useWheel(canvas, (event, x) => {
    const most = Math.max(
      0,
      current.order.length * laneHeight - ((canvas.current?.clientHeight ?? 0) - rulerHeight),
    );
    const horizontal = event.shiftKey ? event.deltaY + event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey || (most === 0 && horizontal === 0)) {
      zoomBy(Math.exp(event.deltaY * 0.0022), timeAt(geometry(), Math.max(x, gutter())));
    } else if (horizontal !== 0) {
      const perPixel = span() / Math.max(1, geometry().width - gutter());
      change(panned(current.window, horizontal * perPixel));
    } else {
      current.scrollTop = Math.min(most, Math.max(0, current.scrollTop + event.deltaY));
      current.isStale = true;
    }
  });

  const drag = useRef<{
    x: number;
    window: TimeWindow;
    isScrub: boolean;
    hasMoved: boolean;
  } | null>(null);
  const place = (event: PointerEvent): { x: number; y: number } => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const laneAt = (y: number): Lane | undefined =>
    y < rulerHeight
      ? undefined
      : current.order[Math.floor((y - rulerHeight + current.scrollTop) / laneHeight)];
  const pointer = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      const { x, y } = place(event);
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      const near =
        store.moment.value !== null && Math.abs(xOf(geometry(), store.moment.value) - x) < 7;
      drag.current = {
        x,
        window: current.window,
        isScrub: y < rulerHeight || near,
        hasMoved: false,
      };
      if (drag.current.isScrub && x >= gutter()) travelTo(timeAt(geometry(), x));
    },
    onPointerMove: (event: PointerEvent) => {
      const { x, y } = place(event);
      const own = drag.current;
      if (own === null) {
        setTip(tipAt(current, geometry(), { x, lane: laneAt(y) }));
        return;
      }
      own.hasMoved ||= Math.abs(x - own.x) > 3;
      if (own.isScrub) return travelTo(timeAt(geometry(), Math.max(gutter(), x)));
      const perPixel = span() / Math.max(1, geometry().width - gutter());
      if (own.hasMoved) change(panned(own.window, (own.x - x) * perPixel));
    },
    onPointerUp: (event: PointerEvent) => {
      const own = drag.current;
      drag.current = null;
      if (own === null || own.hasMoved || own.isScrub) return;
      const { x, y } = place(event);
      const lane = laneAt(y);
      if (lane !== undefined) select(lane.id);
      if (x >= gutter()) travelTo(timeAt(geometry(), x));
    },
    onPointerCancel: () => (drag.current = null),
    onPointerLeave: () => setTip(null),
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const go = (direction: -1 | 1): void => {
      const at = neighbour(direction);
      if (at !== undefined) return scrub(at);
      if (direction === 1) live();
    };
    const by = (share: number): void => scrub((store.moment.value ?? store.now()) + span() * share);
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => (event.shiftKey ? by(-0.05) : go(-1)),
      ArrowRight: () => (event.shiftKey ? by(0.05) : go(1)),
      ArrowUp: () => choose(-1),
      ArrowDown: () => choose(1),
      PageUp: () => change(panned(current.window, -span() * 0.5)),
      PageDown: () => change(panned(current.window, span() * 0.5)),
      Home: () => {
        const id = store.selectedId.value;
        const lane = id === null ? undefined : store.lanes.of(id);
        if (lane !== undefined && lane.count > 0) scrub(lane.time(0));
      },
      End: live,
      Escape: live,
      "+": () => zoomBy(0.6),
      "=": () => zoomBy(0.6),
      "-": () => zoomBy(1 / 0.6),
    };
    const key = keys[event.key];
    if (key === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    key();
  };

  const at = store.moment.value;
  const shown = at ?? store.hello.value?.at ?? Date.now();
  const status = store.past.value?.status ?? null;
  return (
    <section class="timeline" aria-label="Time-line">
      <div class="timeline-bar">
        <h2>Time-line</h2>
        <div class="segments" role="group" aria-label="How much time is shown">
          {ranges.map(([label, ms]) => (
            <button type="button" key={label} onClick={() => range(ms)}>
              {label}
            </button>
          ))}
        </div>
        <div class="segments" role="group" aria-label="Step through the records">
          <button
            type="button"
            aria-label="Earlier record"
            title="Earlier record (←)"
            onClick={() => {
              const to = neighbour(-1);
              if (to !== undefined) scrub(to);
            }}
          >
            ◀
          </button>
          <button
            type="button"
            aria-label="Later record"
            title="Later record (→)"
            onClick={() => {
              const to = neighbour(1);
              if (to !== undefined) scrub(to);
              else live();
            }}
          >
            ▶
          </button>
          <button
            type="button"
            aria-label="Show more time"
            title="Show more time (-)"
            onClick={() => zoomBy(1 / 0.6)}
          >
            −
          </button>
          <button
            type="button"
            aria-label="Show less time"
            title="Show less time (+)"
            onClick={() => zoomBy(0.6)}
          >
            +
          </button>
        </div>
        <Legend />
        <button
          type="button"
          class={`live${at === null ? " on" : ""}`}
          aria-pressed={at === null}
          onClick={live}
          title="Back to now (End)"
        >
          {at === null ? "● Live" : "Go live"}
        </button>
      </div>
      <div class="timeline-canvas">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="slider"
          aria-label={`Moment shown of ${store.selectedName.value}. Left and right go from record to record, up and down choose a process, plus and minus zoom, End goes live.`}
          aria-valuemin={Math.round(store.lanes.since / 1_000)}
          aria-valuemax={Math.round(shown / 1_000)}
          aria-valuenow={Math.round(shown / 1_000)}
          aria-valuetext={
            at === null
              ? "live"
              : `${momentText(at, store.now())}${status === null ? "" : `, ${statusWord(status)}`}`
          }
          onKeyDown={onKeyDown}
          {...pointer}
        />
        {tip !== null && (
          <div class="tip" style={{ left: `${tip.x}px`, bottom: "8px" }}>
            {tip.text}
          </div>
        )}
      </div>
    </section>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Colours and marks">
      {statusCodes.slice(0, 6).map((status) => (
        <li key={status}>
          <span class={`swatch ${status}`} /> {statusWord(status)}
        </li>
      ))}
      <li class="marks">
        × exit · M memory · W watch · C cron · H heartbeat · R asked · ↻ reload · V version
      </li>
    </ul>
  );
}

interface View {
  window: TimeWindow;
  /** Whether it goes on with the time. */
  follows: boolean;
  scrollTop: number;
  order: readonly Lane[];
  /** Whether it has been set to what there is. */
  isPlaced: boolean;
  /** Something has changed since it was painted. */
  isStale: boolean;
}

function firstView(): View {
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

/** Paints a frame whenever something has changed, and while time goes on as often as it shows. */
function keepPainted(canvas: HTMLCanvasElement, view: View): () => void {
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
  const observer = new ResizeObserver(() => (view.isStale = true));
  observer.observe(canvas);
  const dispose = effect(() => {
    // What a frame shows is read here, so that a change of it asks for another.
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
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
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
      gutter: width < 600 ? 84 : 132,
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
function reveal(view: View, height: number, id: number): void {
  const top = view.order.findIndex((lane) => lane.id === id) * laneHeight;
  const room = height - rulerHeight - laneHeight;
  view.scrollTop = Math.min(top, Math.max(view.scrollTop, top - room));
  view.isStale = true;
}

function tipAt(
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
  const isNear = mark !== undefined && Math.abs(mark.at - time) < perPixel * 8;
  const words = [
    momentText(time, store.now()),
    labelOf(lane),
    ...(status === undefined
      ? ["not there yet"]
      : [`${statusMarks[status]} ${statusWord(status)}`]),
    ...(isNear ? [`${mark.kind}: ${mark.label}`] : []),
  ];
  return { x: Math.min(Math.max(8, x + 12), geometry.width - 300), text: words.join("  ·  ") };
}

/** Preact's own listeners may be passive ones, and these keep the page from scrolling. */
function useWheel(
  canvas: { readonly current: HTMLCanvasElement | null },
  turn: (event: WheelEvent, x: number) => void,
): void {
  const last = useRef(turn);
  last.current = turn;
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const listen = (event: WheelEvent): void => {
      event.preventDefault();
      last.current(event, event.clientX - element.getBoundingClientRect().left);
    };
    element.addEventListener("wheel", listen, { passive: false });
    return () => element.removeEventListener("wheel", listen);
  }, []);
}
