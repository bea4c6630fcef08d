import { useEffect, useRef } from "preact/hooks";
import type { MachineView } from "../../../contract/inspector.ts";
import { now } from "../state/store.ts";
import { tick } from "./light.ts";
import { between, type Size, type Viewport } from "./viewport.ts";

interface Held<T> {
  readonly current: T | null;
}

export const reducesMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What of a drawing is in sight: put there at once, or gone to by and by. */
export function useViewport(host: Held<HTMLElement>, group: Held<SVGGElement>) {
  const viewport = useRef<Viewport>({ x: 0, y: 0, scale: 1 });
  const moving = useRef(0);
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
  const halt = (): void => cancelAnimationFrame(moving.current);
  const resized = (): void => {
    known.current = null;
  };
  return { viewport, size, resized, put, goTo, halt };
}

/** Hears when an element is of another size. */
export function useResize(
  host: Held<HTMLElement>,
  onResize: () => void,
  inputs: readonly unknown[],
): void {
  useEffect(() => {
    if (host.current === null) return;
    const observer = new ResizeObserver(onResize);
    observer.observe(host.current);
    return () => observer.disconnect();
  }, inputs);
}

/** A countdown ticks only while there is one. */
export function useCountdown(
  group: Held<SVGGElement>,
  view: MachineView | null,
  isLive: boolean,
): void {
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
}
