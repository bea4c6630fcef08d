import { appMachine, godMachine, processMachine, reloadMachine } from "../../../machines/index.ts";
import { layoutChart } from "./layout.ts";
import { chartModel } from "./model.ts";
import { drawChart } from "./svg.ts";

/** The machines that have a picture. */
export const chartMachines = [processMachine, reloadMachine, appMachine, godMachine] as const;

/** One picture per machine, by its path. */
export function chartFiles(): Promise<(readonly [path: string, svg: string])[]> {
  return Promise.all(
    chartMachines.map(async (machine) => {
      const model = chartModel(machine);
      return [`docs/charts/${model.id}.svg`, drawChart(model, await layoutChart(model))] as const;
    }),
  );
}
