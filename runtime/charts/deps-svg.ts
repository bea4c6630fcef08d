import { boxHeight, layoutDeps, type DepsEdge, type DepsGraph, type Mood } from "./deps.ts";
import { escape, n, text } from "./svg-parts.ts";

const colors = {
  background: "#0b0f17",
  box: "#151d2c",
  text: "#e6edf6",
  faint: "#7f8ba0",
  line: "#4b576b",
  up: "#5eead4",
  waiting: "#e8c15a",
  down: "#e08a8a",
  resting: "#7f8ba0",
  unknown: "#6ea8fe",
} as const;

/** Each says without colour what the colour says. */
const marks: Readonly<Record<Mood, string>> = {
  up: "●",
  waiting: "◔",
  down: "✕",
  resting: "○",
  unknown: "·",
};

const edgeColors: Readonly<Record<DepsEdge["is"], string>> = {
  met: colors.line,
  waiting: colors.waiting,
  lost: colors.down,
};

/** Draws apps and what they depend on: arrows lead from an app to those that come before it. */
export function drawDeps(graph: DepsGraph): string {
  const { width, height, nodes, edges } = layoutDeps(graph);
  const title = "Apps and what they depend on";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" role="img" aria-label="${title}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace">`,
    `<title>${title}</title>`,
    `<defs>${Object.entries(edgeColors).map(marker).join("")}</defs>`,
    `<rect width="${n(width)}" height="${n(height)}" fill="${colors.background}"/>`,
    ...edges.map(({ edge, points }) => drawEdge(edge, points)),
    ...nodes.map(({ node, x, y, width: own }) => {
      const color = colors[node.mood];
      const dash = node.mood === "unknown" ? ' stroke-dasharray="5 4"' : "";
      return [
        `<g data-app="${escape(node.key)}" class="app ${node.mood}">`,
        `<rect x="${n(x)}" y="${n(y)}" width="${n(own)}" height="${boxHeight}" rx="8" fill="${colors.box}" stroke="${color}"${dash}/>`,
        text(x + 10, y + 18, `${marks[node.mood]} ${node.name}`, {
          size: 12,
          fill: colors.text,
          weight: 700,
        }),
        text(x + 10, y + 34, node.state, { size: 12, fill: color }),
        "</g>",
      ].join("");
    }),
    ...edges.map(({ edge, points }) => drawLabel(edge, points)).filter((each) => each !== ""),
    "</svg>",
    "",
  ].join("\n");
}

/** The same as a flowchart of mermaid. */
export function mermaidDeps({ nodes, edges }: DepsGraph): string {
  const ids = new Map(nodes.map(({ key }, index) => [key, `n${index}`]));
  const arrow = { met: "-->", waiting: "-.->", lost: "--x" } as const;
  const label = (words: string): string => (words === "" ? "" : `|"${quoted(words)}"|`);
  return [
    "flowchart RL",
    ...nodes.map(
      ({ key, name, state, mood }) =>
        `  ${ids.get(key)}["${quoted(`${marks[mood]} ${name}`)}<br/>${quoted(state)}"]:::${mood}`,
    ),
    ...edges.map(
      ({ from, to, label: words, is }) =>
        `  ${ids.get(from)} ${arrow[is]}${label(words)} ${ids.get(to)}`,
    ),
    ...(["up", "waiting", "down", "resting", "unknown"] as const).map(
      (mood) => `  classDef ${mood} stroke:${colors[mood]}`,
    ),
    "",
  ].join("\n");
}

function quoted(words: string): string {
  return words.replaceAll("#", "#35;").replaceAll('"', "#quot;").replaceAll("<", "#lt;");
}

function marker([is, fill]: [string, string]): string {
  return `<marker id="deps-${is}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="${fill}"/></marker>`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function drawEdge({ from, to, is, isRequired }: DepsEdge, points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  let last = first;
  const curves = others.map((point) => {
    const half = (last.x + point.x) / 2;
    const curve = `C${n(half)} ${n(last.y)} ${n(half)} ${n(point.y)} ${n(point.x)} ${n(point.y)}`;
    last = point;
    return curve;
  });
  const dash =
    is === "met" && isRequired ? "" : ` stroke-dasharray="${isRequired ? "6 4" : "2 4"}"`;
  return `<path data-from="${escape(from)}" data-to="${escape(to)}" class="${is}" d="M${n(first.x)} ${n(first.y)} ${curves.join(" ")}" fill="none" stroke="${edgeColors[is]}" stroke-width="1.5"${dash} marker-end="url(#deps-${is})"/>`;
}

function drawLabel({ label, is }: DepsEdge, points: readonly Point[]): string {
  const [first, second] = points;
  if (label === "" || first === undefined || second === undefined) return "";
  const x = (first.x + second.x) / 2;
  const y = (first.y + second.y) / 2 - 5;
  const fill = is === "met" ? colors.faint : edgeColors[is];
  return `<text x="${n(x)}" y="${n(y)}" font-size="9" text-anchor="middle" fill="${fill}" stroke="${colors.background}" stroke-width="4" paint-order="stroke">${escape(label)}</text>`;
}
