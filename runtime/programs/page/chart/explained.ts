import type { ChartFile } from "../../../charts/chart.ts";
import type { MachineView } from "../../../contract/inspector.ts";
import { explainLabel, explainState, type Explanation } from "./explain.ts";

/** The explanation of a state or a label; none for the root, which is always under the pointer. */
export function toldOf(
  { dataset: { state, edge, label } }: SVGElement,
  options: { file: ChartFile; view: MachineView | null; isPointed: boolean },
): Explanation | undefined {
  const { file, view, isPointed } = options;
  if (state === undefined) {
    return explainLabel(file.layout, { edge: Number(edge), label: Number(label) }, view);
  }
  const isRoot = !state.includes(".");
  return isRoot && isPointed ? undefined : explainState(file.model, state, view);
}

/** Where its tip goes: beside the pointer, or below it when it has the focus; px within the chart. */
export function placeBeside(
  target: SVGElement,
  event: Event,
  bounds: DOMRect,
): { x: number; y: number } {
  const box = target.getBoundingClientRect();
  const isPointer = event instanceof PointerEvent;
  const x = (isPointer ? event.clientX : box.left + box.width / 2) - bounds.left;
  const y = (isPointer ? event.clientY : box.bottom) - bounds.top;
  return {
    x: Math.min(Math.max(8, x + 14), Math.max(8, bounds.width - 308)),
    y: y > bounds.height * 0.6 ? y - bounds.height : y + 16,
  };
}
