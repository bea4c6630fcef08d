import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ChartFile } from "../../runtime/charts/chart.ts";
import { isEcosystemFile } from "../../runtime/client/config/load.ts";
import type { DepsGraph } from "../../runtime/charts/deps.ts";
import { connect } from "../../runtime/client/connection/client.ts";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { xmCommand } from "../call/command.ts";
import { resolveTargets } from "../apps/targets.ts";

const machines = ["process", "reload", "app", "group", "god"] as const;
const formats = ["svg", "png", "mermaid", "json"] as const;
type Machine = (typeof machines)[number];
type Format = (typeof formats)[number];

export default xmCommand({
  name: "chart",
  description:
    "Writes the statechart of a machine, highlighting the states a process is in; `deps`: apps and what they depend on",
  args: {
    machine: {
      type: "positional",
      description: `${machines.join(", ")}, or a process: its own chart; deps: the dependency graph`,
      required: false,
    },
    target: {
      type: "positional",
      description: "process to highlight: id or name; with deps also an ecosystem file",
      required: false,
    },
    format: {
      type: "string",
      description: `${formats.join(", ")} (json: as Stately Studio imports it)`,
      valueHint: "FORMAT",
      default: "svg",
    },
    output: { type: "string", alias: "o", description: "File to write", valueHint: "FILE" },
  },
  run: async ({ args }) => {
    const [first = "process", second] = args._;
    const isMachine = (machines as readonly string[]).includes(first);
    const machine = (isMachine ? first : "process") as Machine;
    const target = isMachine ? second : first;
    const format = args.format as Format;
    if (!formats.includes(format)) {
      throw xmError("ERR_USAGE", {
        what: `--format: expected ${formats.join(", ")}, got "${format}"`,
        fix: "for example `xm chart api --format svg -o api.svg`",
      });
    }
    if (format === "png" && args.output === undefined && process.stdout.isTTY) {
      throw xmError("ERR_USAGE", {
        what: "a PNG cannot be shown in a terminal",
        fix: "name a file: `xm chart api --format png -o api.png`",
      });
    }
    if (first === "deps") {
      const content = await drawGraph(second, format);
      if (args.output === undefined) process.stdout.write(content);
      else write(args.output, content);
      return;
    }
    const lit = target === undefined ? [] : await litStates(machine, target);
    const content = await draw(readChart(machine), format, new Set(lit));
    if (args.output === undefined) process.stdout.write(content);
    else write(args.output, content);
  },
});

/** The dependency graph of the list, of what is joined to some apps of it, or of a file. */
async function drawGraph(target: string | undefined, format: Format): Promise<string | Uint8Array> {
  const graph = await readGraph(target);
  if (format === "json") return `${JSON.stringify(graph, null, 2)}\n`;
  const { drawDeps, mermaidDeps } = await import("../../runtime/charts/deps-svg.ts");
  if (format === "mermaid") return mermaidDeps(graph);
  return format === "svg" ? drawDeps(graph) : await rasterize(drawDeps(graph));
}

async function readGraph(target: string | undefined): Promise<DepsGraph> {
  const { graphOfList, graphOfSpecs } = await import("../apps/deps-graph.ts");
  if (target === "-" || (target !== undefined && isEcosystemFile(target))) {
    const { readApps } = await import("../apps/read-apps.ts");
    return graphOfSpecs(await readApps(target, {}));
  }
  const client = connect();
  const details = await client.details();
  if (target === undefined) return graphOfList(details);
  const chosen = await resolveTargets(client, [target]);
  return graphOfList(details, new Set(chosen.map(({ id }) => id)));
}

async function litStates(machine: Machine, target: string): Promise<readonly string[]> {
  const client = connect();
  const [chosen] = await resolveTargets(client, [target]);
  const states = await client.states(chosen?.id ?? 0);
  const lit = states[machine];
  if (lit != null) return lit;
  if (machine === "group")
    throw xmError("ERR_USAGE", {
      what: `${target} belongs to no group`,
      fix: "`xm chart group` shows the plain chart",
    });
  throw xmError("ERR_USAGE", {
    what: `no reload of ${target} is in progress`,
    fix: "`xm chart reload` shows the plain chart",
  });
}

/** The charts are laid out when the package is made (docs/generate/charts). */
function readChart(machine: Machine): ChartFile {
  const file = join(import.meta.dirname, `../../docs/charts/${machine}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as ChartFile;
}

async function draw(
  chart: ChartFile,
  format: Format,
  lit: ReadonlySet<string>,
): Promise<string | Uint8Array> {
  if (format === "json") return `${JSON.stringify(chart.stately, null, 2)}\n`;
  if (format === "mermaid") return withLit(chart.mermaid, lit);
  const { drawChart } = await import("../../runtime/charts/svg.ts");
  const svg = drawChart(chart.model, chart.layout, lit);
  return format === "svg" ? svg : await rasterize(svg);
}

async function rasterize(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const fonts = { loadSystemFonts: true, defaultFontFamily: "DejaVu Sans Mono" };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: 2 }, font: fonts }).render().asPng();
}

/** Mermaid marks states by a class. */
function withLit(mermaid: string, lit: ReadonlySet<string>): string {
  if (lit.size === 0) return mermaid;
  const names = [...lit].map((id) => id.replaceAll(/[^a-zA-Z0-9]/g, "_"));
  const marks = names
    .filter((name) => mermaid.includes(` ${name}`))
    .map((name) => `  class ${name} lit`);
  return `${mermaid}  classDef lit stroke:#0d9488,stroke-width:3px\n${marks.join("\n")}\n`;
}

function write(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw xmError("ERR_USAGE", {
      what: `${file} cannot be written: ${messageOf(error)}`,
      fix: "choose another file with -o",
    });
  }
}
