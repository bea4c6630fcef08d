import { textOf, type ChartModel, type ChartState } from "../../../runtime/charts/chart.ts";

/** A chart in mermaid's `stateDiagram-v2`, which GitHub and GitLab draw. */
export function toMermaid(model: ChartModel): string {
  const [root] = model.states;
  if (root === undefined) throw new Error(`${model.id} has no states`);
  const edges = model.edges
    .filter(({ source }) => source !== root.id)
    .map(({ source, target, labels }) => {
      const label = labels.map(textOf).join("<br/>").replaceAll(":", "#58;");
      return `  ${name(source)} --> ${name(target)}: ${label}`;
    });
  return ["stateDiagram-v2", ...inside(model, root, "  "), ...edges, ""].join("\n");
}

function inside(model: ChartModel, parent: ChartState, indent: string): string[] {
  const children = model.states.filter((state) => state.parent === parent.id);
  const lines = children.flatMap((state, index) => {
    const inner = inside(model, state, `${indent}  `);
    const separator = parent.kind === "parallel" && index > 0 ? [`${indent}--`] : [];
    const label = `${indent}state "${state.name}" as ${name(state.id)}`;
    const end = state.kind === "final" ? [`${indent}${name(state.id)} --> [*]`] : [];
    return inner.length === 0
      ? [...separator, label, ...end]
      : [...separator, `${label} {`, ...inner, `${indent}}`];
  });
  return parent.initial === null ? lines : [...lines, `${indent}[*] --> ${name(parent.initial)}`];
}

/** An id that mermaid takes. */
function name(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9]/g, "_");
}
