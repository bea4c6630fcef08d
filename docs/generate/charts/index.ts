import {
  appMachine,
  godMachine,
  groupMachine,
  processMachine,
  reloadMachine,
} from "../../../machines/index.ts";
import type { ChartFile } from "../../../runtime/charts/chart.ts";
import { drawChart } from "../../../runtime/charts/svg.ts";
import { layoutChart } from "./layout.ts";
import { toMermaid } from "./mermaid.ts";
import { chartModel } from "./model.ts";
import { toStately } from "./stately.ts";

/** The machines that have a picture. */
export const chartMachines = [
  processMachine,
  reloadMachine,
  appMachine,
  groupMachine,
  godMachine,
] as const;

/** Two files per machine: its picture, and the chart as data, for `xm chart`. */
export async function chartFiles(): Promise<(readonly [path: string, text: string])[]> {
  const files = await Promise.all(
    chartMachines.map(async (machine) => {
      const model = chartModel(machine);
      const layout = await layoutChart(model);
      const file: ChartFile = {
        model,
        layout,
        mermaid: toMermaid(model),
        stately: toStately(machine),
      };
      return [
        [`docs/charts/${model.id}.svg`, drawChart(model, layout)],
        [`docs/charts/${model.id}.json`, `${JSON.stringify(file)}\n`],
      ] as const;
    }),
  );
  return files.flat();
}
