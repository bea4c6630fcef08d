import type { CgroupSpec } from "../../machines/spec.ts";
import type { Tell } from "./contract.ts";

/** Limits of an app's cgroup in the words of systemd.resource-control(5); the lower of two memory limits holds. */
export function groupLines(
  { memoryMax, memoryHigh, swapMax, cpuMax, cpuWeight, ioWeight, pidsMax, oomGroup }: CgroupSpec,
  maxMemoryBytes: number | null,
): (string | undefined)[] {
  const line = (key: string, value: number | string | undefined): string | undefined =>
    value === undefined ? undefined : `${key}=${value}`;
  return [
    line("MemoryMax", leastOf(memoryMax, maxMemoryBytes)),
    line("MemoryHigh", memoryHigh),
    line("MemorySwapMax", swapMax),
    line(
      "CPUQuota",
      cpuMax === undefined ? undefined : `${Math.max(1, Math.round(cpuMax * 100))}%`,
    ),
    line("CPUWeight", cpuWeight),
    line("IOWeight", ioWeight),
    line("TasksMax", pidsMax),
    oomGroup === true ? "OOMPolicy=kill" : undefined,
  ];
}

/** The same as fields of a Compose service. */
export function groupFields(
  group: CgroupSpec,
  maxMemoryBytes: number | null,
  tell: Tell,
): Readonly<Record<string, unknown>> {
  const { memoryMax, swapMax, cpuMax, pidsMax } = group;
  const memory = leastOf(memoryMax, maxMemoryBytes);
  tellOthers(group, tell);
  if (swapMax !== undefined && memory === undefined)
    tell("swap_max", "Compose limits swap only together with memory: declare memory_max too");
  return {
    mem_limit: memory,
    // Of both together.
    memswap_limit: swapMax === undefined || memory === undefined ? undefined : memory + swapMax,
    cpus: cpuMax,
    pids_limit: pidsMax,
  };
}

/** The same as the resources of a Kubernetes container. */
export function resourcesOf(
  group: CgroupSpec,
  maxMemoryBytes: number | null,
  tell: Tell,
): Readonly<Record<string, unknown>> | undefined {
  const { memoryMax, swapMax, cpuMax, pidsMax } = group;
  const memory = leastOf(memoryMax, maxMemoryBytes);
  tellOthers(group, tell);
  if (swapMax !== undefined) tell("swap_max", "the node decides about swap");
  if (pidsMax !== undefined)
    tell("pids_max", "the node limits the processes of a pod (podPidsLimit)");
  if (memory === undefined && cpuMax === undefined) return undefined;
  const amounts = {
    ...(memory === undefined ? {} : { memory: String(memory) }),
    ...(cpuMax === undefined ? {} : { cpu: `${Math.max(1, Math.round(cpuMax * 1_000))}m` }),
  };
  return {
    ...(memory === undefined ? {} : { requests: { memory: String(memory) } }),
    limits: amounts,
  };
}

function tellOthers({ memoryHigh, cpuWeight, ioWeight, oomGroup }: CgroupSpec, tell: Tell): void {
  if (memoryHigh !== undefined) tell("memory_high", "nothing slows it down before memory_max");
  if (cpuWeight !== undefined) tell("cpu_weight", "its share of a busy CPU is the usual one");
  if (ioWeight !== undefined) tell("io_weight", "its share of a busy disk is the usual one");
  if (oomGroup === true) tell("oom_group", "the kernel may kill one of its processes only");
}

function leastOf(one: number | undefined, other: number | null): number | undefined {
  const given = [one, other ?? undefined].filter((each) => each !== undefined);
  return given.length === 0 ? undefined : Math.round(Math.min(...given));
}
