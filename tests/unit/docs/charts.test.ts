import { expect, test } from "vitest";
import { namesOf } from "../../../docs/generate/machines.ts";
import { descriptions } from "../../../machines/descriptions.ts";
import { chartMachines } from "../../../docs/generate/charts/index.ts";
import { chartModel, descendants, transitionsOf } from "../../../docs/generate/charts/model.ts";

test.each(chartMachines.map((machine) => [machine.id, machine] as const))(
  "the picture of %s has every state and every transition",
  (_, machine) => {
    const nodes = descendants(machine.root);
    const { states, edges } = chartModel(machine);
    expect(states.map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
    const drawn =
      edges.flatMap(({ labels }) => labels).length +
      states.flatMap(({ lines }) => lines.filter(({ kind }) => kind === "on")).length;
    expect(drawn).toBe(nodes.flatMap(transitionsOf).length);
  },
);

test("every state, guard, delay, action and actor is described, and nothing else is", () => {
  const states = chartMachines.flatMap(({ root }) => descendants(root));
  expect(states.filter(({ description }) => !description).map(({ id }) => id)).toEqual([]);
  const used = new Set(chartMachines.flatMap((machine) => [...namesOf(machine)]));
  expect([...used].filter((name) => descriptions[name] === undefined)).toEqual([]);
  const spawned = ["process", "reload", "app", "group"];
  expect(
    Object.keys(descriptions).filter((name) => !used.has(name) && !spawned.includes(name)),
  ).toEqual([]);
});
