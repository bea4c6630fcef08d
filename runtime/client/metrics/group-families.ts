import { Counter, Gauge, type Registry } from "prom-client";
import type { ProcessDetail } from "../connection/types.ts";
import { labels, labelsOf, setIfKnown, type AnyRegistry } from "./labels.ts";
import { groupFigures } from "./pressure.ts";

/** Only of apps with a cgroup of their own; the processes of a cluster share one, and its figures. */
export function groupFamilies(registry: AnyRegistry, processes: readonly ProcessDetail[]): void {
  const registers = [registry as Registry];
  const gaugeOf = (name: string, help: string): Gauge =>
    new Gauge({ name, help, labelNames: labels, registers });
  const peak = gaugeOf(
    "xm_process_memory_peak_bytes",
    "The most memory that it and all it has started have used at once, in this life.",
  );
  const memory = gaugeOf(
    "xm_process_cgroup_memory_bytes",
    "Memory of it and all it has started, with the page cache.",
  );
  const pressure = {
    waiting: "Time that some of its tasks waited for a resource.",
    stalled: "Time that all of its tasks waited for a resource at once.",
  };
  const counterOf = (kind: keyof typeof pressure): Counter =>
    new Counter({
      name: `xm_process_pressure_${kind}_seconds_total`,
      help: pressure[kind],
      labelNames: [...labels, "resource"],
      registers,
    });
  const counted = { waiting: counterOf("waiting"), stalled: counterOf("stalled") };
  for (const each of processes) {
    const figures = each.pid === null ? undefined : groupFigures(each.pid);
    if (figures === undefined) continue;
    const own = labelsOf(each);
    setIfKnown(peak, own, figures.peakBytes);
    setIfKnown(memory, own, figures.memoryBytes);
    for (const { resource, kind, seconds } of figures.pressure)
      counted[kind].inc({ ...own, resource }, seconds);
  }
}
