import type { Box, Point } from "../../../charts/chart.ts";

/** The viewport of a chart: a point of it is drawn at `x + scale · px`. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const leastScale = 0.08;
export const mostScale = 3;

/** A box in the middle, as large as fits, but no larger than `most`. */
export function fitted(box: Box, into: Size, options: { margin: number; most: number }): Viewport {
  const { margin, most } = options;
  const scale = Math.max(
    leastScale,
    Math.min(
      most,
      (into.width - margin * 2) / Math.max(1, box.width),
      (into.height - margin * 2) / Math.max(1, box.height),
    ),
  );
  return {
    scale,
    x: into.width / 2 - (box.x + box.width / 2) * scale,
    y: into.height / 2 - (box.y + box.height / 2) * scale,
  };
}

/** Larger or smaller, with one point of the window where it is. */
export function scaled(viewport: Viewport, by: number, about: Point): Viewport {
  const scale = Math.min(mostScale, Math.max(leastScale, viewport.scale * by));
  const ratio = scale / viewport.scale;
  return {
    scale,
    x: about.x - (about.x - viewport.x) * ratio,
    y: about.y - (about.y - viewport.y) * ratio,
  };
}

/** Whether a box is whole in the window, and drawn no smaller than `least`. */
export function shows(viewport: Viewport, box: Box, size: Size, least: number): boolean {
  const { x, y, scale } = viewport;
  const left = x + box.x * scale;
  const top = y + box.y * scale;
  return (
    scale >= least &&
    left >= 0 &&
    top >= 0 &&
    left + box.width * scale <= size.width &&
    top + box.height * scale <= size.height
  );
}

/** The smallest box around some; `undefined` for none. */
export function around(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  return {
    x: left,
    y: top,
    width: Math.max(...boxes.map(({ x, width }) => x + width)) - left,
    height: Math.max(...boxes.map(({ y, height }) => y + height)) - top,
  };
}

/** Part of the way from one to another. */
export function between(from: Viewport, to: Viewport, share: number): Viewport {
  const mix = (one: number, other: number): number => one + (other - one) * share;
  return { x: mix(from.x, to.x), y: mix(from.y, to.y), scale: mix(from.scale, to.scale) };
}
