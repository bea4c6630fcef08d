import type { ChartEdge } from "../../../charts/chart.ts";
import type { MachineStep } from "../../../contract/inspector.ts";

/** Whether one of the steps went along an edge. */
export function isTaken(edge: ChartEdge, steps: readonly MachineStep[]): boolean {
  return edge.labels.some((_, index) => labelTaken(edge, index, steps));
}

/** Whether one of the steps was the transition that a label of an edge stands for. */
export function labelTaken(
  { source, target, labels }: ChartEdge,
  index: number,
  steps: readonly MachineStep[],
): boolean {
  const label = labels[index];
  return steps.some(
    (step) =>
      step.source === source &&
      step.target === target &&
      step.event === label?.event &&
      step.guard === label.guard,
  );
}
