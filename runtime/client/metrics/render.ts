import { readFileSync, statSync } from "node:fs";
import { Counter, Gauge, Registry, type RegistryContentType } from "prom-client";
import { processStatuses } from "../../../machines/facts.ts";
import { errnoOf, isDaemonAbsent } from "../../contract/errors.ts";
import { groupFamilies } from "./group-families.ts";
import { labels, labelsOf, setIfKnown, type AnyRegistry } from "./labels.ts";
import type { Client, DaemonView, ProcessDetail } from "../connection/types.ts";

export const openMetricsType = Registry.OPENMETRICS_CONTENT_TYPE;
export const prometheusType = Registry.PROMETHEUS_CONTENT_TYPE;

/** What is asked of a daemon once; `null` when none is there. */
export interface Scraped {
  readonly daemon: DaemonView | null;
  readonly processes: readonly ProcessDetail[];
}

/** Asks the daemon. A daemon that is not there is a fact too, and starts none. */
export async function scrape(client: Client): Promise<Scraped> {
  try {
    const [daemon, processes] = await Promise.all([
      client.daemon(),
      client.details({ metrics: true }),
    ]);
    return { daemon, processes };
  } catch (error) {
    if (!isDaemonAbsent(error)) throw error;
    return { daemon: null, processes: [] };
  }
}

/** Everything as text. */
export function render(
  scraped: Scraped,
  options: { readonly type: RegistryContentType; readonly pm2Names: boolean },
): Promise<string> {
  return registryOf(scraped, options).metrics();
}

/**
 * Every metric. A registry of its own for each answer: what is gone leaves no line behind. Never a pid among the labels,
 * or each restart would be a series of its own.
 */
export function registryOf(
  scraped: Scraped,
  options: { readonly type: RegistryContentType; readonly pm2Names: boolean },
): AnyRegistry {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(options.type);
  daemonFamilies(registry, scraped);
  processFamilies(registry, scraped.processes);
  groupFamilies(registry, scraped.processes);
  if (options.pm2Names) pm2Families(registry, scraped.processes);
  return registry;
}

function daemonFamilies(registry: AnyRegistry, { daemon }: Scraped): void {
  const gauge = (name: string, help: string, value: number | undefined): void => {
    const metric = new Gauge({ name, help, registers: [registry] });
    if (value !== undefined) metric.set(value);
  };
  gauge("xm_daemon_up", "Whether the daemon answers.", daemon === null ? 0 : 1);
  if (daemon === null) return;
  gauge("xm_daemon_start_time_seconds", "When the daemon started.", daemon.startedAt / 1_000);
  gauge("xm_daemon_resident_memory_bytes", "Resident size of the daemon.", daemon.memoryBytes);
  gauge("xm_daemon_processes", "Processes it manages.", daemon.processes);
  gauge("xm_daemon_watchdog", "Whether a watchdog runs.", daemon.watchdogPid === null ? 0 : 1);
  gauge(
    "xm_daemon_state_writable",
    "Whether its state can be written.",
    Number(daemon.stateIsWritable),
  );
  new Gauge({
    name: "xm_build_info",
    help: "Versions.",
    labelNames: ["version", "node"],
    registers: [registry],
  }).set({ version: daemon.version, node: daemon.node.split(" ")[0] ?? "" }, 1);
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly read: (process: ProcessDetail) => number | null | undefined;
}

const gauges: readonly Family[] = [
  {
    name: "xm_process_up",
    help: "Whether it is online.",
    read: ({ status }) => Number(status === "online"),
  },
  {
    name: "xm_process_start_time_seconds",
    help: "When its current life began.",
    read: ({ startedAt, pid }) => (startedAt === null || pid === null ? null : startedAt / 1_000),
  },
  {
    name: "xm_process_resident_memory_bytes",
    help: "Resident size.",
    read: ({ memoryBytes }) => memoryBytes,
  },
  {
    name: "xm_process_memory_limit_bytes",
    help: "Size above which it is restarted (max_memory_restart).",
    read: ({ spec }) => spec.sensors.maxMemoryBytes,
  },
  {
    name: "xm_process_cpu_ratio",
    help: "Recent share of one core.",
    read: ({ cpuPercent }) => (cpuPercent === null ? null : cpuPercent / 100),
  },
  {
    name: "xm_process_unstable_restarts",
    help: "Unstable restarts in a row.",
    read: ({ unstableRestarts }) => unstableRestarts,
  },
  {
    name: "xm_process_last_exit_code",
    help: "Code of its last exit.",
    read: ({ lastExit }) => lastExit?.code,
  },
  {
    name: "xm_process_healthy",
    help: "Whether its probes succeed; only for a process that has probes and runs.",
    read: ({ health }) => (health === null ? null : Number(health === "healthy")),
  },
  {
    name: "xm_process_generation",
    help: "Grows by one with each reload.",
    read: ({ generation }) => generation,
  },
];

const counters: readonly Family[] = [
  {
    name: "xm_process_restarts_total",
    help: "Restarts since it was declared or reset.",
    read: ({ restarts }) => restarts,
  },
  {
    name: "xm_process_cpu_seconds_total",
    help: "CPU time of its current life.",
    read: ({ pid }) => (pid === null ? null : cpuSeconds(pid)),
  },
];

function processFamilies(registry: AnyRegistry, processes: readonly ProcessDetail[]): void {
  const registers = [registry as Registry];
  for (const { name, help, read } of gauges) {
    const metric = new Gauge({ name, help, labelNames: labels, registers });
    for (const each of processes) setIfKnown(metric, labelsOf(each), read(each));
  }
  for (const { name, help, read } of counters) {
    const metric = new Counter({ name, help, labelNames: labels, registers });
    for (const each of processes) {
      const value = read(each);
      if (value !== null && value !== undefined) metric.inc(labelsOf(each), value);
    }
  }
  const state = new Gauge({
    name: "xm_process_state",
    help: "1 for the state it is in.",
    labelNames: [...labels, "state"],
    registers,
  });
  const decision = new Gauge({
    name: "xm_process_last_decision_info",
    help: "The rule that decided after its last exit, and what followed.",
    labelNames: [...labels, "rule", "next"],
    registers,
  });
  const logs = new Gauge({
    name: "xm_process_log_bytes",
    help: "Size of its log file now; rotated ones are not in it.",
    labelNames: [...labels, "stream"],
    registers,
  });
  const own = new Gauge({
    name: "xm_app_metric",
    help: "What the app itself publishes (exmachina/io, @pm2/io), if it is a number.",
    labelNames: [...labels, "metric"],
    registers,
  });
  for (const each of processes) {
    const usual = labelsOf(each);
    for (const status of processStatuses)
      state.set({ ...usual, state: status }, Number(status === each.status));
    const latest = each.decisions.at(-1);
    if (latest !== undefined) decision.set({ ...usual, rule: latest.rule, next: latest.next }, 1);
    for (const stream of ["out", "error"] as const)
      setIfKnown(logs, { ...usual, stream }, sizeOf(each.logs[stream]));
    for (const [metric, { value }] of Object.entries(each.metrics)) {
      const number = Number.parseFloat(String(value));
      if (Number.isFinite(number)) own.set({ ...usual, metric }, number);
    }
  }
}

/** The names of PM2's exporters, for dashboards that already exist. */
function pm2Families(registry: AnyRegistry, processes: readonly ProcessDetail[]): void {
  const names: readonly Family[] = [
    {
      name: "pm2_up",
      help: "Is the process running",
      read: ({ status }) => Number(status === "online"),
    },
    { name: "pm2_cpu", help: "Process CPU usage", read: ({ cpuPercent }) => cpuPercent },
    { name: "pm2_memory", help: "Process memory usage", read: ({ memoryBytes }) => memoryBytes },
    {
      name: "pm2_uptime",
      help: "Process uptime in seconds",
      read: ({ startedAt, pid }) =>
        startedAt === null || pid === null ? 0 : (Date.now() - startedAt) / 1_000,
    },
    { name: "pm2_restarts", help: "Process restart count", read: ({ restarts }) => restarts },
    { name: "pm2_instances", help: "Process instances", read: ({ spec }) => spec.instances },
  ];
  for (const { name, help, read } of names) {
    const metric = new Gauge({
      name,
      help,
      labelNames: ["id", "name", "instance", "interpreter"],
      registers: [registry],
    });
    for (const each of processes) {
      const { id, name: app, instance, spec } = each;
      const own = {
        id: String(id),
        name: app,
        instance: String(instance),
        interpreter: spec.interpreter ?? "none",
      };
      setIfKnown(metric, own, read(each));
    }
  }
}

/** Of a clock tick on Linux there are 100 in a second, on every machine that Node is built for. */
const ticksPerSecond = 100;

function cpuSeconds(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const values = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(values[11]) + Number(values[12])) / ticksPerSecond;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

function sizeOf(file: string | null): number | null {
  if (file === null) return null;
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() ? stat.size : null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
