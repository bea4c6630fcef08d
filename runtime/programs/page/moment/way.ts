import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { MachineStep } from "../../../contract/inspector.ts";
import { statesFrom } from "./states.ts";
import { edgesOf, type FlatEdge } from "./steps.ts";

/** The most transitions in one record; no machine passes through more. */
const mostSteps = 5;

/**
 * The transitions from one record of an app, a reload or God to the next: by the edge of its event and then by those
 * that are taken at once, of which only such whose guard held, where the record tells.
 * @returns none where the chart has no such way: what an app does without leaving its state is not an edge.
 */
export function wayInto(
  model: ChartModel,
  before: HistoryRecord | undefined,
  after: HistoryRecord,
): MachineStep[] {
  const event = after.cause?.event ?? after.event;
  const held = after.guards?.filter(({ result }) => result).map(({ guard }) => guard);
  const edges = edgesOf(model).filter(
    ({ guard }) => guard === null || held === undefined || held.includes(guard),
  );
  const begin = new Set(statesFrom(model.id, before?.states ?? initialOf(model)));
  const end = new Set(statesFrom(model.id, after.states));
  for (let most = 1; most <= mostSteps; most += 1) {
    const steps = search({ edges, event, end, most }, begin, []);
    if (steps !== undefined) return steps;
  }
  return [];
}

/** The latest way into where it is: records that changed no state are passed over. */
export function latestWay(model: ChartModel, records: readonly HistoryRecord[]): MachineStep[] {
  const last = records.at(-1);
  for (let index = records.length - 1; index >= 0; index -= 1) {
    const record = records[index];
    if (record === undefined || record.states !== last?.states) break;
    const steps = wayInto(model, records[index - 1], record);
    if (steps.length > 0) return steps;
  }
  return [];
}

/** A path of at most this many steps, in the chart's order. */
function search(
  sought: {
    readonly edges: readonly FlatEdge[];
    readonly event: string;
    readonly end: ReadonlySet<string>;
    readonly most: number;
  },
  lit: ReadonlySet<string>,
  taken: readonly MachineStep[],
): MachineStep[] | undefined {
  const { edges, event, end, most } = sought;
  if (taken.length === most) return undefined;
  for (const { source, target, event: own, guard } of edges) {
    const isNext = own === "always" || (taken.length === 0 && own === event);
    if (!isNext || !lit.has(source)) continue;
    const steps = [...taken, { source, target, event: own, guard }];
    const isThere = end.has(target) && [...end].every((id) => isWithin(id, target));
    if (isThere) return steps;
    const further = search(sought, new Set(lineage(target)), steps);
    if (further !== undefined) return further;
  }
  return undefined;
}

/** Whether a state is inside of another, it itself, or around it. */
function isWithin(id: string, target: string): boolean {
  return `${id}.`.startsWith(`${target}.`) || `${target}.`.startsWith(`${id}.`);
}

function lineage(id: string): string[] {
  const names = id.split(".");
  return names.map((_, index) => names.slice(0, index + 1).join("."));
}

/** The state that a machine begins in, as a record names it. */
function initialOf({ id, states }: ChartModel): string {
  const first = states.find((state) => state.id === id)?.initial ?? null;
  return first === null ? "" : first.slice(id.length + 1);
}
