import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { MachineStep } from "../../../contract/inspector.ts";
import { statesFrom } from "./states.ts";

/**
 * The transitions that lead from one record of a process to the next: the one that its event takes, then the rule
 * that its decision names, which is a transition out of `exited`. The history keeps records and not transitions; what
 * the chart has no edge for (a new daemon's `resumed`) gives no step.
 */
export function stepsInto(
  model: ChartModel,
  before: HistoryRecord | undefined,
  after: HistoryRecord,
): MachineStep[] {
  const now = new Set(statesFrom(model.id, after.states));
  const previous = new Set(before === undefined ? [] : statesFrom(model.id, before.states));
  const { decision } = after;
  const exited = `${model.id}.exited`;
  // An end passes here on its way to the policy.
  const concluding = `${model.id}.concluding`;
  const first = edgesOf(model).filter(
    ({ source, event, target }) =>
      event === after.event &&
      previous.has(source) &&
      (decision === null ? now.has(target) : target === exited || target === concluding),
  );
  const steps = first.slice(-1).map(toStep);
  if (decision === null) return steps;
  const judged = edgesOf(model).filter(
    ({ source, target, guard }) =>
      source === exited &&
      now.has(target) &&
      guard === (decision.rule === "restartsAtOnce" ? null : decision.rule),
  );
  const isPassing = steps.at(-1)?.target === concluding;
  const passed = edgesOf(model).filter(
    ({ source, target }) => source === `${concluding}.looking` && target === exited,
  );
  return [...steps, ...(isPassing ? passed.map(toStep) : []), ...judged.slice(0, 1).map(toStep)];
}

/** The latest steps into where it is: records that changed no state (a new daemon that took over) are skipped. */
export function latestSteps(model: ChartModel, records: readonly HistoryRecord[]): MachineStep[] {
  const last = records.at(-1);
  for (let index = records.length - 1; index >= 0; index -= 1) {
    const record = records[index];
    if (record === undefined || record.states !== last?.states) break;
    const steps = stepsInto(model, records[index - 1], record);
    if (steps.length > 0) return steps;
  }
  return [];
}

/** One label of an edge: a transition. */
export interface FlatEdge {
  readonly source: string;
  readonly target: string;
  readonly event: string;
  readonly guard: string | null;
}

/** Every transition of a chart that leads from a state to another, in its order. */
export function edgesOf(model: ChartModel): FlatEdge[] {
  return model.edges.flatMap(({ source, target, labels }) =>
    labels.map(({ event, guard }) => ({ source, target, event, guard })),
  );
}

function toStep({ source, target, event, guard }: FlatEdge): MachineStep {
  return { source, target, event, guard };
}
