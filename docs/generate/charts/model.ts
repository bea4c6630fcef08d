import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { labelFrom, nameOf } from "../../../runtime/charts/label.ts";
import {
  textOf,
  type ChartEdge,
  type ChartLabel,
  type ChartModel,
  type ChartState,
} from "../../../runtime/charts/chart.ts";

const badges: Readonly<Record<string, ChartState["badge"]>> = {
  starting: "busy",
  stopping: "busy",
  waiting: "busy",
  online: "up",
  stopped: "down",
  errored: "down",
  removed: "down",
};

/** Reads a machine. A guard or an action without a name would be a hole in the picture: it is a fault. */
export function chartModel(machine: AnyStateMachine): ChartModel {
  const nodes = descendants(machine.root);
  return { id: machine.id, states: nodes.map(stateFrom), edges: nodes.flatMap(edgesFrom) };
}

/** Every transition of a state, those without a target included. */
export function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

export function descendants(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(descendants)];
}

function stateFrom(node: AnyStateNode): ChartState {
  const initial = node.initial?.target[0];
  const [tag] = node.tags;
  const internal = transitionsOf(node).filter(({ target }) => target === undefined);
  return {
    id: node.id,
    name: node.key,
    parent: node.parent?.id ?? null,
    kind: node.type === "history" ? "atomic" : node.type,
    initial: node.type === "compound" ? (initial?.id ?? null) : null,
    badge: badges[tag ?? ""] ?? null,
    description: node.description ?? "",
    lines: [
      ...node.invoke.map(({ src }) => ({ kind: "invoke" as const, text: nameOf(src) })),
      ...node.entry
        .filter(isOurs)
        .map((action) => ({ kind: "entry" as const, text: nameOf(action) })),
      ...node.exit
        .filter(isOurs)
        .map((action) => ({ kind: "exit" as const, text: nameOf(action) })),
      ...internal.map((each) => ({ kind: "on" as const, text: textOf(labelFrom(each)) })),
    ],
  };
}

function edgesFrom(node: AnyStateNode): ChartEdge[] {
  const byTarget = new Map<string, ChartLabel[]>();
  for (const transition of transitionsOf(node)) {
    const target = transition.target?.[0]?.id;
    if (target === undefined) continue;
    byTarget.set(target, [...(byTarget.get(target) ?? []), labelFrom(transition)]);
  }
  return [...byTarget].map(([target, labels]) => ({ source: node.id, target, labels }));
}

/** XState arms and cancels its delays by actions of its own; the pills show them. */
function isOurs(action: unknown): boolean {
  return !nameOf(action).startsWith("xstate.");
}
