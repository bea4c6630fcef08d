import type { ElkExtendedEdge, ElkNode } from "elkjs";
import { layered, layout } from "../elk.ts";
import {
  metrics,
  textOf,
  type Box,
  type ChartEdge,
  type ChartLine,
  type ChartModel,
  type ChartState,
  type Layout,
  type PlacedEdge,
} from "../../../runtime/charts/chart.ts";

/** Places the states and edges of a chart, top-down, edges orthogonal, labels as wide as their text. */
export async function layoutChart(model: ChartModel): Promise<Layout> {
  const children = childrenOf(model, null);
  const graph: ElkNode = {
    id: "picture",
    layoutOptions: options,
    children,
    edges: [
      ...model.edges.map((edge, index) => elkEdge(edge, index, isForward(model, edge))),
      ...model.states
        .filter(({ initial }) => initial !== null)
        .map(({ id, initial }) => ({
          id: `begin ${id}`,
          sources: [dotId(id)],
          targets: [initial ?? ""],
        })),
    ],
  };
  const placed = await layout(graph);
  const boxes = new Map(flatten(placed).map((node) => [node.id, boxOf(node)]));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    states: model.states.map((state) => ({ state, ...box(boxes, state.id) })),
    dots: model.states
      .filter(({ initial }) => initial !== null)
      .map(({ id }) => {
        const { x, y, width, height } = box(boxes, dotId(id));
        return { x: x + width / 2, y: y + height / 2 };
      }),
    edges: (placed.edges ?? []).map((edge) => placedEdge(edge, model)),
  };
}

const options = {
  ...layered,
  "elk.padding": "[top=16,left=16,bottom=16,right=16]",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.spacing.edgeEdge": "14",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
  "elk.spacing.edgeNode": "22",
  "elk.spacing.edgeLabel": "6",
  "elk.spacing.nodeNode": "30",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.edgeLabels.sideSelection": "ALWAYS_DOWN",
  "elk.layered.mergeEdges": "false",
} as const;

function childrenOf(model: ChartModel, parent: string | null): ElkNode[] {
  return model.states
    .filter((state) => state.parent === parent)
    .map((state) => {
      const inner = childrenOf(model, state.id);
      const { width, height } = headerSize(state);
      if (inner.length === 0) return { id: state.id, width, height };
      // ELK gives compounds no least width of their own: the padding makes room for the lines above.
      const side = Math.max(
        24,
        Math.ceil((width - Math.max(...inner.map((each) => each.width ?? 0))) / 2),
      );
      const dot = state.initial === null ? [] : [{ id: dotId(state.id), width: 8, height: 8 }];
      return {
        id: state.id,
        children: [...dot, ...inner],
        layoutOptions: {
          ...options,
          "elk.padding": `[top=${height + 22},left=${side},bottom=24,right=${side}]`,
        },
      };
    });
}

function headerSize({ name, badge, lines }: ChartState): { width: number; height: number } {
  const title = metrics.characterOf(metrics.titleSize) * name.length + (badge === null ? 0 : 54);
  const widest = Math.max(0, ...lines.map((line) => lineWidth(line)));
  return {
    width: Math.max(90, Math.ceil(Math.max(title, widest) + metrics.padding * 2)),
    height: metrics.titleHeight + (lines.length === 0 ? 0 : lines.length * metrics.lineHeight + 8),
  };
}

function lineWidth({ kind, text }: ChartLine): number {
  return metrics.characterOf(metrics.lineSize) * (kind.length + text.length + 4);
}

/** Edges to a state that is declared later go down; the others go back up. */
function isForward({ states }: ChartModel, { source, target }: ChartEdge): boolean {
  const place = (id: string): number => states.findIndex((state) => state.id === id);
  return place(source) < place(target);
}

/** Characters kept free around a label with a guard: a live chart puts beside it what the guard compared. */
const readingRoom = 16;

function elkEdge(edge: ChartEdge, index: number, goesDown: boolean): ElkExtendedEdge {
  const longest = Math.max(
    ...edge.labels.map((label) => textOf(label).length + (label.guard === null ? 3 : readingRoom)),
  );
  return {
    id: String(index),
    // One that goes back up is laid out as if it went down, and turned round again: the states stay in the order in
    // which the machine declares them, and ELK has no cycle to break where it likes.
    sources: [goesDown ? edge.source : edge.target],
    targets: [goesDown ? edge.target : edge.source],
    labels: [
      {
        id: `label ${index}`,
        text: " ",
        width: Math.ceil(metrics.characterOf(metrics.lineSize) * longest + 16),
        height: edge.labels.length * metrics.labelHeight,
        layoutOptions: { "elk.edgeLabels.inline": "true", "elk.edgeLabels.placement": "CENTER" },
      },
    ],
  };
}

function placedEdge(edge: ElkExtendedEdge, model: ChartModel): PlacedEdge {
  const [section] = edge.sections ?? [];
  const points =
    section === undefined
      ? []
      : [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
  const [label] = edge.labels ?? [];
  const drawn = model.edges[Number(edge.id)] ?? null;
  return {
    edge: drawn,
    points: drawn !== null && !isForward(model, drawn) ? points.toReversed() : points,
    label: label === undefined ? null : boxOf(label),
  };
}

function flatten(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box {
  return { x, y, width, height };
}

function box(boxes: ReadonlyMap<string, Box>, id: string): Box {
  const found = boxes.get(id);
  if (found === undefined) throw new Error(`${id} was not placed`);
  return found;
}

const dotId = (id: string): string => `${id}:begin`;
