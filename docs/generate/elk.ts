import type { ElkNode } from "elkjs";
import elk from "elkjs/lib/elk.bundled.js";

/** The package's types call its CommonJS export a namespace. */
const Elk = elk as unknown as new () => { layout(graph: ElkNode): Promise<ElkNode> };

/** Places the nodes and edges of a graph. */
export const layout = (graph: ElkNode): Promise<ElkNode> => new Elk().layout(graph);

/** Layers from top to bottom, edges at right angles, coordinates from the graph's corner. */
export const layered = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
} as const;
