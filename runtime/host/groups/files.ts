import type { CgroupSpec } from "../../../machines/spec.ts";

/** Period of `cpu.max`, microseconds: the kernel's own. */
const periodUs = 100_000;

interface Row {
  readonly field: string;
  readonly controller: string;
  readonly file: string;
  readonly text: string;
}

/** What is written into a group's files, in the order in which the kernel takes it. */
export function groupWrites(spec: CgroupSpec): Row[] {
  const { memoryMax, memoryHigh, swapMax, cpuMax, cpuWeight, ioWeight, pidsMax, oomGroup } = spec;
  const rows: [field: string, file: string, value: string | number | undefined][] = [
    ["memory_high", "memory.high", memoryHigh],
    ["memory_max", "memory.max", memoryMax],
    ["swap_max", "memory.swap.max", swapMax],
    ["oom_group", "memory.oom.group", oomGroup === true ? 1 : undefined],
    [
      "cpu_max",
      "cpu.max",
      cpuMax === undefined ? undefined : `${Math.round(cpuMax * periodUs)} ${periodUs}`,
    ],
    ["cpu_weight", "cpu.weight", cpuWeight],
    ["io_weight", "io.weight", ioWeight === undefined ? undefined : `default ${ioWeight}`],
    ["pids_max", "pids.max", pidsMax],
  ];
  return rows.flatMap(([field, file, value]) =>
    value === undefined
      ? []
      : [{ field, file, controller: file.replace(/\..*/, ""), text: String(value) }],
  );
}

/** The controllers that a group needs, and for each the first field that needs it. */
export function controllersOf(spec: CgroupSpec): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  for (const { controller, field } of groupWrites(spec))
    if (!needed.has(controller)) needed.set(controller, field);
  return needed;
}
