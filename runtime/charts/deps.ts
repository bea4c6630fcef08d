/** What an app is now: its colour and its mark, so that a picture says the same without colour. */
export type Mood = "up" | "waiting" | "down" | "resting" | "unknown";

/** An app of the picture. */
export interface DepsNode {
  readonly key: string;
  readonly name: string;
  /** `online`, `2 of 4 online, unhealthy` … */
  readonly state: string;
  readonly mood: Mood;
}

/** An app, and one that it depends on. */
export interface DepsEdge {
  readonly from: string;
  readonly to: string;
  /** The condition and what follows, where they are not the usual ones. */
  readonly label: string;
  readonly is: "met" | "waiting" | "lost";
  readonly isRequired: boolean;
}

export interface DepsGraph {
  readonly nodes: readonly DepsNode[];
  readonly edges: readonly DepsEdge[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends Point {
  readonly node: DepsNode;
  readonly width: number;
}

export interface DepsLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  /** The points that each edge passes, from the app to what it depends on. */
  readonly edges: readonly { readonly edge: DepsEdge; readonly points: readonly Point[] }[];
}

export const boxHeight = 44;
const characterWidth = 7.4;
const leastWidth = 110;
const gapX = 130;
const gapY = 22;
const margin = 28;

/** A place in a layer: an app, or where an edge passes that is longer than one layer. */
interface Place {
  readonly key: string;
  readonly node: DepsNode | null;
}

/**
 * Places apps in layers from left to right: what depends on nothing first, each app behind all that it depends on. The same graph
 * gives the same picture.
 */
export function layoutDeps({ nodes, edges }: DepsGraph): DepsLayout {
  const depths = depthsOf(nodes, edges);
  const depthOf = (key: string): number => depths.get(key) ?? 0;
  const layers: Place[][] = [];
  const put = (depth: number, place: Place): void => {
    (layers[depth] ??= []).push(place);
  };
  for (const node of nodes) put(depthOf(node.key), { key: node.key, node });
  /** The places that each edge passes. */
  const ways = edges.map((edge, index) => {
    const way = [edge.from];
    for (let depth = depthOf(edge.from) - 1; depth > depthOf(edge.to); depth -= 1) {
      const key = `${index} ${depth}`;
      put(depth, { key, node: null });
      way.push(key);
    }
    return [...way, edge.to];
  });
  order(layers, ways);
  const at = new Map<string, Point & { readonly width: number }>();
  let x = margin;
  const heights = layers.map((layer) => layer.length * (boxHeight + gapY) - gapY);
  const tallest = Math.max(0, ...heights);
  for (const [depth, layer] of layers.entries()) {
    const width = Math.max(leastWidth, ...layer.map(({ node }) => widthOf(node)));
    const top = margin + (tallest - (heights[depth] ?? 0)) / 2;
    for (const [row, { key }] of layer.entries())
      at.set(key, { x, y: top + row * (boxHeight + gapY), width });
    x += width + gapX;
  }
  const placeOf = (key: string): Point & { readonly width: number } =>
    at.get(key) ?? { x: 0, y: 0, width: 0 };
  return {
    width: Math.max(0, x - gapX) + margin,
    height: tallest + 2 * margin,
    nodes: nodes.map((node) => ({ node, ...placeOf(node.key) })),
    edges: edges.map((edge, index) => ({ edge, points: pointsOf(ways[index] ?? [], placeOf) })),
  };
}

/** Left side of the app, through the middle of what it passes, to the right side of what it depends on. */
function pointsOf(
  way: readonly string[],
  placeOf: (key: string) => Point & { readonly width: number },
): Point[] {
  const last = way.length - 1;
  return way.flatMap((key, index) => {
    const { x, y, width } = placeOf(key);
    const middle = y + boxHeight / 2;
    const left = { x, y: middle };
    const right = { x: x + width, y: middle };
    if (index === 0) return [left];
    return index === last ? [right] : [right, left];
  });
}

function widthOf(node: DepsNode | null): number {
  if (node === null) return 0;
  return Math.max(node.name.length + 3, node.state.length + 1) * characterWidth + 20;
}

/** The longest way of each app to one that depends on nothing. A circle, which is refused elsewhere, ends here too. */
function depthsOf(
  nodes: readonly DepsNode[],
  edges: readonly DepsEdge[],
): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) needs.set(from, [...(needs.get(from) ?? []), to]);
  const depthOf = (key: string, above: ReadonlySet<string>): number => {
    const known = depths.get(key);
    if (known !== undefined) return known;
    const own = new Set([...above, key]);
    const below = (needs.get(key) ?? []).filter((each) => !own.has(each));
    const depth = Math.max(-1, ...below.map((each) => depthOf(each, own))) + 1;
    depths.set(key, depth);
    return depth;
  };
  for (const { key } of nodes) depthOf(key, new Set());
  return depths;
}

/** Brings what belongs together to the same height: four sweeps over the layers. */
function order(layers: Place[][], ways: readonly (readonly string[])[]): void {
  const near = new Map<string, Set<string>>();
  const join = (a: string, b: string): void => {
    near.set(a, (near.get(a) ?? new Set()).add(b));
  };
  for (const way of ways)
    for (const [index, key] of way.entries()) {
      const next = way[index + 1];
      if (next === undefined) continue;
      join(key, next);
      join(next, key);
    }
  const sort = (layer: Place[], beside: readonly Place[]): void => {
    const rows = new Map(beside.map(({ key }, row) => [key, row / Math.max(1, beside.length)]));
    const before = new Map(layer.map(({ key }, row) => [key, row / layer.length]));
    const weight = ({ key }: Place): number => {
      const known = [...(near.get(key) ?? [])].flatMap((each) => rows.get(each) ?? []);
      if (known.length === 0) return before.get(key) ?? 0;
      return known.reduce((sum, each) => sum + each, 0) / known.length;
    };
    const weights = new Map(layer.map((place) => [place, weight(place)]));
    layer.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
  };
  for (let sweep = 0; sweep < 2; sweep += 1) {
    for (let depth = 1; depth < layers.length; depth += 1)
      sort(layers[depth] ?? [], layers[depth - 1] ?? []);
    for (let depth = layers.length - 2; depth >= 0; depth -= 1)
      sort(layers[depth] ?? [], layers[depth + 1] ?? []);
  }
}
