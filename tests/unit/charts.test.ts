import { expect, test } from "vitest";
import { chartMachines } from "../../docs/generate/charts/index.ts";
import { chartModel, descendants, transitionsOf } from "../../docs/generate/charts/model.ts";

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
