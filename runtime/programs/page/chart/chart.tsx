import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { drawLiveChart } from "../../../charts/svg.ts";
import type { Box, ChartFile } from "../../../charts/chart.ts";
import type { MachineName, MachineView } from "../../../contract/inspector.ts";
import { pathOf } from "../moment/states.ts";
import { moment, now } from "../state/store.ts";
import { placeBeside, toldOf } from "./explained.ts";
import { light, runTaken, tick } from "./light.ts";
import { followFit, followScale, readableScale, targetOf } from "./target.ts";
import { useDrag } from "../use-drag.ts";
import { useWheel } from "../use-wheel.ts";
import { Tip, type PlacedExplanation } from "./tip.tsx";
import { reducesMotion, useCountdown, useResize, useViewport } from "./use-viewport.ts";
import { around, fitted, scaled, shows, type Viewport } from "./viewport.ts";

/** `fit` the whole chart, `follow` where the machine is, or as the user has moved it. */
type Mode = "fit" | "follow" | "free";

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
  const followed = useRef<Box | undefined>(undefined);
  const [mode, setMode] = useState<Mode | null>(null);
  const [tip, setTip] = useState<PlacedExplanation | null>(null);
  const { layout } = file;

  const { viewport, size, resized, put, goTo, halt } = useViewport(host, group);
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

  const draw = (): void => {
    if (group.current === null) return;
    group.current.innerHTML = drawLiveChart(layout);
    followed.current = undefined;
    const first = whole().scale < readableScale ? "follow" : "fit";
    setMode(first);
    light(group.current, layout, view);
    arrange(first, true);
  };
  useLayoutEffect(draw, [file]);

  const stepsKey = JSON.stringify([view?.of, view?.at, view?.steps]);
  const relight = (): void => {
    if (group.current === null) return;
    light(group.current, layout, view);
    tick(group.current, moment.value ?? now());
    if (mode === "follow") follow(false);
  };
  useLayoutEffect(relight, [view, file]);
  useEffect(() => {
    if (group.current !== null && !reducesMotion()) runTaken(group.current);
  }, [stepsKey]);

  useCountdown(group, view, isLive);
  const modeNow = useRef(mode);
  modeNow.current = mode;
  const onResize = (): void => {
    resized();
    if (modeNow.current !== null) arrange(modeNow.current, true);
  };
  useResize(host, onResize, [file, view]);

  const turn: Parameters<typeof useWheel>[1] = (event, at) => {
    const by = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016));
    setMode("free");
    halt();
    put(scaled(viewport.current, by, at));
  };
  useWheel(host, turn);

  const move = (dx: number, dy: number): void => {
    setMode("free");
    halt();
    const { x, y, scale } = viewport.current;
    put({ x: x + dx, y: y + dy, scale });
  };
  const pinch: Parameters<typeof useDrag>[1] = (step, element) => {
    setMode("free");
    halt();
    const { left, top } = element.getBoundingClientRect();
    const { x, y, scale } = viewport.current;
    const moved = { x: x + step.dx, y: y + step.dy, scale };
    put(scaled(moved, step.by, { x: step.x - left, y: step.y - top }));
  };
  const drag = useDrag(move, pinch);

  const explain = (event: Event): void => {
    const target = (event.target as Element).closest<SVGElement>("[data-label], [data-state]");
    const bounds = host.current?.getBoundingClientRect();
    if (target === null || bounds === undefined) return setTip(null);
    const told = toldOf(target, { file, view, isPointed: event.type === "pointerover" });
    if (told === undefined) return setTip(null);
    setTip({ ...told, ...placeBeside(target, event, bounds) });
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
      <Tools mode={mode} choose={choose} zoom={zoom} />
    </div>
  );
}

const modes: readonly { mode: Mode; label: string; title: string }[] = [
  { mode: "follow", label: "Follow", title: "Follow the active states (F)" },
  { mode: "fit", label: "Fit", title: "The whole chart (0)" },
];

/** The buttons for what the keys do too. */
function Tools(options: {
  mode: Mode | null;
  choose: (next: Mode) => void;
  zoom: (by: number) => void;
}) {
  const { mode, choose, zoom } = options;
  return (
    <div class="tools" role="toolbar" aria-label="View of the chart">
      {modes.map(({ mode: each, label, title }) => (
        <button
          key={each}
          type="button"
          aria-pressed={mode === each}
          onClick={() => choose(each)}
          title={title}
        >
          {label}
        </button>
      ))}
      <button type="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoom(1 / 1.3)}>
        −
      </button>
      <button type="button" aria-label="Larger" title="Larger (+)" onClick={() => zoom(1.3)}>
        +
      </button>
    </div>
  );
}
