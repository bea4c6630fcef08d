import { useEffect, useRef, useState } from "preact/hooks";
import { pathOf } from "../moment/states.ts";
import { reachBack, select } from "../state/connection.ts";
import * as shown from "../state/shown.ts";
import * as store from "../state/store.ts";
import { firstMoment, goLive, neighbour, travelTo } from "../state/travel.ts";
import { moment as momentText, statusWord } from "../words.ts";
import { Legend } from "./legend.tsx";
import { laneHeight, rulerHeight, timeAt } from "./paint.ts";
import { usePointer } from "./use-pointer.ts";
import { useWheel } from "../use-wheel.ts";
import { UsageStrip } from "./usage-strip.tsx";
import { firstView, gutterOf, headroom, keepPainted, reveal } from "./view.ts";
import { longestMs, panned, showing, zoomed, type TimeWindow } from "./window.ts";

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

  const gutter = (): number => gutterOf(canvas.current?.clientWidth ?? 900);
  const geometry = () => ({
    window: current.window,
    width: canvas.current?.clientWidth ?? 0,
    gutter: gutter(),
  });
  const span = (): number => current.window.to - current.window.from;
  const change = (window: TimeWindow, follows = false): void => {
    current.window = window;
    current.follows = follows;
    current.isPlaced = true;
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

  const scrollTo = (top: number): void => {
    const room = (canvas.current?.clientHeight ?? 0) - rulerHeight;
    const most = Math.max(0, current.order.length * laneHeight - room);
    current.scrollTop = Math.min(most, Math.max(0, top));
    current.isStale = true;
  };

  useWheel(canvas, (event, { x }) => {
    const room = (canvas.current?.clientHeight ?? 0) - rulerHeight;
    const hasMore = current.order.length * laneHeight > room;
    const horizontal = event.shiftKey ? event.deltaY + event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey || (!hasMore && horizontal === 0)) {
      zoomBy(Math.exp(event.deltaY * 0.0022), timeAt(geometry(), Math.max(x, gutter())));
    } else if (horizontal !== 0) {
      const perPixel = span() / Math.max(1, geometry().width - gutter());
      change(panned(current.window, horizontal * perPixel));
    } else {
      scrollTo(current.scrollTop + event.deltaY);
    }
  });

  const pointer = usePointer({ view: current, geometry, change, scrollTo, setTip });

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
        const goFirst = (): void => {
          const first = firstMoment();
          if (first !== undefined) scrub(first);
        };
        goFirst();
        const at = store.moment.value;
        void reachBack(store.now() - longestMs).then(() => {
          if (store.moment.value === at) goFirst();
        });
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
  const end = at ?? store.hello.value?.at ?? Date.now();
  const status = shown.past.value?.status ?? null;
  // For charts other than a process's, the states are given.
  const where =
    shown.shownName.value === "process"
      ? status && statusWord(status)
      : pathOf(shown.shownPast.value?.machine.states ?? []);
  return (
    <section class="timeline" aria-label="Time-line">
      <Bar isLive={at === null} range={range} scrub={scrub} zoomBy={zoomBy} live={live} />
      <div class="timeline-canvas">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="slider"
          aria-label={`Moment shown of ${store.selectedName.value}. Left and right go from record to record, up and down choose a process, plus and minus zoom, End goes live.`}
          aria-valuemin={Math.round(store.lanes.since / 1_000)}
          aria-valuemax={Math.round(end / 1_000)}
          aria-valuenow={Math.round(end / 1_000)}
          aria-valuetext={
            at === null
              ? "live"
              : `${momentText(at, store.now())}${where === null || where === "" ? "" : `, ${where}`}`
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
      <UsageStrip view={current} />
    </section>
  );
}

/** The buttons for what the keys do too. */
function Bar(options: {
  isLive: boolean;
  range: (ms: number) => void;
  scrub: (at: number) => void;
  zoomBy: (by: number) => void;
  live: () => void;
}) {
  const { isLive, range, scrub, zoomBy, live } = options;
  return (
    <div class="timeline-bar">
      <h2>Time-line</h2>
      <div class="segments" role="group" aria-label="Time range">
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
        class={`live${isLive ? " on" : ""}`}
        aria-pressed={isLive}
        onClick={live}
        title="Back to now (End)"
      >
        {isLive ? "● Live" : "Go live"}
      </button>
    </div>
  );
}
