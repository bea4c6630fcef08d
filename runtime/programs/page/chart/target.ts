import type { Box, ChartFile } from "../../../charts/chart.ts";
import type { MachineView } from "../../../contract/inspector.ts";
import { leavesOf } from "../moment/states.ts";
import { isTaken } from "./taken.ts";
import { around, fitted, type Size } from "./viewport.ts";

/** A chart that would be drawn smaller than this as a whole is followed. */
export const readableScale = 0.55;

/** Followed states are drawn no smaller than this where possible. */
export const followScale = 0.7;

export const followFit = { margin: 36, most: 1.05 } as const;

/**
 * The part to show: where the machine is, what led there and what is pending; where that would be drawn too small,
 * less of it.
 * @returns the box, and whether even the least of it is larger than can be read as a whole.
 */
export function targetOf(
  file: ChartFile,
  view: MachineView | null,
  size: Size,
): [box: Box | undefined, isLarge: boolean] {
  if (view === null) return [undefined, false];
  const { ends, leaves, labels } = boxesOf(file, view);
  const choices = [[...leaves, ...ends, ...labels], [...leaves, ...labels], leaves].map(around);
  const fits = choices.find(
    (box) => box !== undefined && fitted(box, size, followFit).scale >= followScale,
  );
  return [fits ?? choices.at(-1), fits === undefined];
}

function boxesOf(
  { layout }: ChartFile,
  view: MachineView,
): { leaves: Box[]; ends: Box[]; labels: Box[] } {
  const lit = new Set(leavesOf(view.states));
  const passed = new Set(view.steps.flatMap(({ source, target }) => [source, target ?? source]));
  const isInner = (id: string): boolean => layout.states.every(({ state }) => state.parent !== id);
  const labels = layout.edges.flatMap(({ edge, label }) => {
    if (edge === null || label === null) return [];
    const isPending = view.delays.some(
      ({ delay, state }) =>
        edge.source === state && edge.labels.some(({ event }) => event === delay),
    );
    // With the text beside it: the countdown, or what a guard compared.
    const { x, y, width, height } = label;
    return isTaken(edge, view.steps) || isPending ? [{ x, y, width: width + 60, height }] : [];
  });
  return {
    leaves: layout.states.filter(({ state }) => lit.has(state.id)),
    ends: layout.states.filter(({ state }) => passed.has(state.id) && isInner(state.id)),
    labels,
  };
}
