import { descriptions } from "../../../../machines/descriptions.ts";
import { duration } from "../../../../machines/lib/words.ts";
import type { ChartModel, Layout } from "../../../charts/chart.ts";
import type { MachineView } from "../../../contract/inspector.ts";
import { sawInWords } from "../moment/guards.ts";

/** The explanation of a part of a chart under the pointer. */
export interface Explanation {
  readonly title: string;
  readonly kind: string;
  readonly text: string;
  readonly lines: readonly { readonly name: string; readonly text: string }[];
}

export function explainState(
  model: ChartModel,
  id: string,
  view: MachineView | null,
): Explanation | undefined {
  const state = model.states.find((each) => each.id === id);
  if (state === undefined) return undefined;
  const isLit = view?.states.includes(id) === true;
  return {
    title: state.name,
    kind: `${state.kind === "atomic" ? "state" : `${state.kind} state`}${isLit ? ", active" : ""}`,
    text: state.description,
    lines: state.lines
      .filter(({ kind }) => kind !== "on")
      .map(({ kind, text }) => ({ name: `${kind} ${text}`, text: meaning(text) })),
  };
}

export function explainLabel(
  layout: Layout,
  at: { readonly edge: number; readonly label: number },
  view: MachineView | null,
): Explanation | undefined {
  const edge = layout.edges[at.edge]?.edge;
  const label = edge?.labels[at.label];
  if (edge == null || label === undefined) return undefined;
  const { kind, event, guard, actions } = label;
  const reading = view?.guards.find((each) => each.guard === guard);
  const delay = view?.delays.find((each) => each.delay === event && kind === "delay");
  const short = (id: string): string => id.slice(id.indexOf(".") + 1);
  return {
    title: `${short(edge.source)} → ${short(edge.target)}`,
    kind: kind === "always" ? "at once" : kind === "delay" ? "after a delay" : "on an event",
    text: kind === "delay" ? `${event}: ${meaning(event)}` : kind === "event" ? event : "",
    lines: [
      ...(guard === null ? [] : [{ name: `if ${guard}`, text: meaning(guard) }]),
      ...(reading === undefined
        ? []
        : [
            {
              name: reading.result ? "✓ it held" : "✗ it did not hold",
              text: sawInWords(reading) || "when it was last evaluated",
            },
          ]),
      ...(delay === undefined
        ? []
        : [{ name: "pending", text: `${duration(delay.dueAt - delay.startedAt)} in all` }]),
      ...actions.map((action) => ({ name: `do ${action}`, text: meaning(action) })),
    ],
  };
}

function meaning(name: string): string {
  return descriptions[name.replace(/\(.*\)$/, "")] ?? "";
}
