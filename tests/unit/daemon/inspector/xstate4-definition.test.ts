import type { AnyStateNode } from "xstate";
import { createMachine, type AnyStateNodeDefinition, type StateNode } from "xstate4";
import { expect, test } from "vitest";
import { chartMachines } from "../../../../docs/generate/charts/index.ts";
import { descendants, transitionsOf } from "../../../../docs/generate/charts/model.ts";
import {
  xstate4Definition,
  xstate4Event,
} from "../../../../runtime/daemon/inspector/xstate4-definition.ts";

type Node4 = StateNode<unknown, AnyStateNodeDefinition, { type: string }>;

const names = (all: readonly unknown[]): string =>
  all
    .map((each) => (typeof each === "string" ? each : (each as { type: string }).type))
    .filter((name) => !name.startsWith("xstate."))
    .join();

/** A state of XState 5 in words. */
function told5(node: AnyStateNode) {
  const { id, type, description, tags, initial, entry, exit, invoke } = node;
  return {
    id,
    type,
    description,
    tags: [...tags],
    initial: type === "compound" ? initial.target[0]?.key : undefined,
    entry: names(entry),
    exit: names(exit),
    invoke: invoke.map(({ id: invoked, src }) => [invoked, src]),
    transitions: transitionsOf(node)
      .map(({ eventType, guard, target, actions, reenter }) => {
        const to = target?.[0]?.id;
        const isInside = to === undefined || to === id || to.startsWith(`${id}.`);
        const event = xstate4Event(eventType);
        return `${event} [${guard === undefined ? "" : names([guard])}] ${to} ${isInside && !reenter} ${names(actions)}`;
      })
      .toSorted(),
  };
}

/** The same of what XState 4 has made of it. */
function told4(node: Node4): ReturnType<typeof told5> {
  const { id, type, description, tags, initial, onEntry, onExit, invoke } = node;
  return {
    id,
    type,
    description,
    tags: [...tags],
    initial: initial as string | undefined,
    entry: names(onEntry),
    exit: names(onExit),
    invoke: invoke.map(({ id: invoked, src }) => [invoked, names([src])]),
    transitions: node.transitions
      .map(
        ({ eventType, cond, target, actions, internal }) =>
          `${eventType} [${cond?.name ?? ""}] ${target?.[0]?.id} ${internal} ${names(actions)}`,
      )
      .toSorted(),
  };
}

const nodesOf = (node: Node4): Node4[] => [
  node,
  ...Object.values(node.states).flatMap((each) => nodesOf(each as Node4)),
];

test.each(chartMachines.map((machine) => [machine.id, machine] as const))(
  "XState 4 reads every state and transition of the %s machine as XState 5 has it",
  (_, machine) => {
    const json = JSON.stringify(xstate4Definition(machine));
    const read = createMachine(JSON.parse(json)) as unknown as Node4;
    expect(nodesOf(read).map(told4)).toEqual(descendants(machine.root).map(told5));
  },
);

test("parameters of actions are in the definition", () => {
  const json = chartMachines.map((machine) => JSON.stringify(xstate4Definition(machine))).join();
  expect(json).toContain('{"type":"setGoal","params":{"goal":"stop"}}');
});
