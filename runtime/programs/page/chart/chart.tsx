import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { drawLiveChart } from "../../../charts/svg.ts";
import type { Box, ChartFile } from "../../../charts/chart.ts";
import type { MachineName, MachineView } from "../../../contract/inspector.ts";
import { pathOf } from "../moment/states.ts";
import { moment, now } from "../state/store.ts";
import { explainLabel, explainState } from "./explain.ts";
import { light, runTaken, tick } from "./light.ts";
import { followFit, followScale, readableScale, targetOf } from "./target.ts";
import { useDrag } from "../use-drag.ts";
import { Tip, type PlacedExplanation } from "./tip.tsx";
import { around, between, fitted, scaled, shows, type Size, type Viewport } from "./viewport.ts";

/** `fit` the whole chart, `follow` where the machine is, or as the user has moved it. */
type Mode = "fit" | "follow" | "free";

const reducesMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A statechart that lives: to be panned, zoomed, pointed at. */
export function Chart({
  file,
  machine,
  view,
  isLive,
}: {
  file: ChartFile;
  machine: MachineName;
  view: MachineView | null;
  isLive: boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const group = useRef<SVGGElement>(null);
  const viewport = useRef<Viewport>({ x: 0, y: 0, scale: 1 });
  const followed = useRef<Box | undefined>(undefined);
  const moving = useRef(0);
  const [mode, setMode] = useState<Mode | null>(null);
  const [tip, setTip] = useState<PlacedExplanation | null>(null);
  const { layout, model } = file;

  // Reading it on each transition would force a layout each time.
  const known = useRef<Size | null>(null);
  const size = (): Size => {
    const { clientWidth: width = 0, clientHeight: height = 0 } = host.current ?? {};
    return (known.current ??= { width, height });
  };
  const put = (next: Viewport): void => {
    viewport.current = next;
    const { x, y, scale } = next;
    group.current?.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    host.current?.style.setProperty("--dots", `${18 * Math.max(0.5, scale)}px`);
  };
  const goTo = (next: Viewport, isSudden = false): void => {
    cancelAnimationFrame(moving.current);
    const from = viewport.current;
    if (isSudden || reducesMotion()) return put(next);
    const begin = performance.now();
    const step = (time: number): void => {
      const share = Math.min(1, (time - begin) / 320);
      put(between(from, next, 1 - (1 - share) ** 3));
      if (share < 1) moving.current = requestAnimationFrame(step);
    };
    moving.current = requestAnimationFrame(step);
  };
  const whole = (): Viewport =>
    fitted({ x: 0, y: 0, width: layout.width, height: layout.height }, size(), {
      margin: 12,
      most: 1.25,
    });
  const follow = (isSudden: boolean): void => {
    const [target, isLarge] = targetOf(file, view, size());
    if (target === undefined) return goTo(whole(), isSudden);
    if (!isSudden && shows(viewport.current, target, size(), readableScale)) return;
    const both = around([target, ...(followed.current === undefined ? [] : [followed.current])]);
    const fitBoth = fitted(both ?? target, size(), followFit);
    const isBoth = !isLarge && fitBoth.scale >= followScale;
    followed.current = isBoth ? both : target;
    goTo(isBoth ? fitBoth : fitted(target, size(), followFit), isSudden);
  };
  const arrange = (next: Mode, isSudden: boolean): void => {
    if (next === "fit") goTo(whole(), isSudden);
    if (next === "follow") follow(isSudden);
  };
  const choose = (next: Mode): void => {
    followed.current = undefined;
    setMode(next);
    arrange(next, false);
  };
  const zoom = (by: number): void => {
    const { width, height } = size();
    setMode("free");
    goTo(scaled(viewport.current, by, { x: width / 2, y: height / 2 }));
  };

  useLayoutEffect(() => {
    if (group.current === null) return;
    group.current.innerHTML = drawLiveChart(layout);
    followed.current = undefined;
    const first = whole().scale < readableScale ? "follow" : "fit";
    setMode(first);
    light(group.current, layout, view);
    arrange(first, true);
  }, [file]);

  const stepsKey = JSON.stringify([view?.of, view?.at, view?.steps]);
  useLayoutEffect(() => {
    if (group.current === null) return;
    light(group.current, layout, view);
    tick(group.current, moment.value ?? now());
    if (mode === "follow") follow(false);
  }, [view, file]);
  useEffect(() => {
    if (group.current !== null && !reducesMotion()) runTaken(group.current);
  }, [stepsKey]);

  // A countdown ticks only while there is one.
  useEffect(() => {
    if (!isLive || (view?.delays.length ?? 0) === 0) return;
    const timer = setInterval(
      () => {
        if (group.current !== null) tick(group.current, now());
      },
      reducesMotion() ? 1_000 : 100,
    );
    return () => clearInterval(timer);
  }, [view, isLive]);

  const modeNow = useRef(mode);
  modeNow.current = mode;
  useEffect(() => {
    if (host.current === null) return;
    const observer = new ResizeObserver(() => {
      known.current = null;
      if (modeNow.current !== null) arrange(modeNow.current, true);
    });
    observer.observe(host.current);
    return () => observer.disconnect();
  }, [file, view]);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const by = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016));
      setMode("free");
      cancelAnimationFrame(moving.current);
      put(scaled(viewport.current, by, { x: event.clientX - left, y: event.clientY - top }));
    };
    // Preact's own listeners may be passive ones.
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [file]);

  const drag = useDrag(
    (dx, dy) => {
      setMode("free");
      cancelAnimationFrame(moving.current);
      const { x, y, scale } = viewport.current;
      put({ x: x + dx, y: y + dy, scale });
    },
    (step, element) => {
      setMode("free");
      cancelAnimationFrame(moving.current);
      const { left, top } = element.getBoundingClientRect();
      const { x, y, scale } = viewport.current;
      const moved = { x: x + step.dx, y: y + step.dy, scale };
      put(scaled(moved, step.by, { x: step.x - left, y: step.y - top }));
    },
  );

  const explain = (event: Event): void => {
    const target = (event.target as Element).closest<SVGElement>("[data-label], [data-state]");
    const bounds = host.current?.getBoundingClientRect();
    if (target === null || bounds === undefined) return setTip(null);
    const { state, edge, label } = target.dataset;
    const isRoot = state !== undefined && !state.includes(".");
    const told =
      state === undefined
        ? explainLabel(layout, { edge: Number(edge), label: Number(label) }, view)
        : isRoot && event.type === "pointerover"
          ? undefined
          : explainState(model, state, view);
    if (told === undefined) return setTip(null);
    const box = target.getBoundingClientRect();
    const isPointer = event instanceof PointerEvent;
    const x = (isPointer ? event.clientX : box.left + box.width / 2) - bounds.left;
    const y = (isPointer ? event.clientY : box.bottom) - bounds.top;
    setTip({
      ...told,
      x: Math.min(Math.max(8, x + 14), Math.max(8, bounds.width - 308)),
      y: y > bounds.height * 0.6 ? y - bounds.height : y + 16,
    });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { x, y, scale } = viewport.current;
    const pan = (dx: number, dy: number): void => {
      setMode("free");
      goTo({ x: x + dx, y: y + dy, scale });
    };
    const keys: Readonly<Record<string, () => void>> = {
      "+": () => zoom(1.3),
      "=": () => zoom(1.3),
      "-": () => zoom(1 / 1.3),
      "0": () => choose("fit"),
      f: () => choose("follow"),
      ArrowLeft: () => pan(80, 0),
      ArrowRight: () => pan(-80, 0),
      ArrowUp: () => pan(0, 80),
      ArrowDown: () => pan(0, -80),
      Escape: () => setTip(null),
    };
    const key = keys[event.key];
    if (key === undefined) return;
    event.preventDefault();
    key();
  };

  const where = view === null ? "not known" : pathOf(view.states) || machine;
  return (
    <div class="chart">
      <div
        ref={host}
        class={`canvas${isLive ? "" : " past"}`}
        role="group"
        aria-label={`Statechart of the ${machine} machine, now ${where}. Plus and minus zoom, arrows move, 0 fits, F follows.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerOver={explain}
        onFocusIn={explain}
        onPointerLeave={() => setTip(null)}
        onFocusOut={() => setTip(null)}
        {...drag}
      >
        <svg class="drawing" width="100%" height="100%" data-machine={machine}>
          <g ref={group} />
        </svg>
        {tip !== null && <Tip {...tip} />}
      </div>
      <p class="where" aria-hidden="true">
        {where}
      </p>
      <div class="tools" role="toolbar" aria-label="View of the chart">
        <button
          type="button"
          aria-pressed={mode === "follow"}
          onClick={() => choose("follow")}
          title="Follow the active states (F)"
        >
          Follow
        </button>
        <button
          type="button"
          aria-pressed={mode === "fit"}
          onClick={() => choose("fit")}
          title="The whole chart (0)"
        >
          Fit
        </button>
        <button
          type="button"
          aria-label="Smaller"
          title="Smaller (-)"
          onClick={() => zoom(1 / 1.3)}
        >
          −
        </button>
        <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoom(1.3)}>
          +
        </button>
      </div>
    </div>
  );
}
