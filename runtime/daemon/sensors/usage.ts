import type { LimitSpec } from "../../../machines/spec.ts";
import { duration } from "../../../machines/lib/words.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Trend } from "../metrics/trend.ts";
import type { Metrics } from "../metrics/sampler.ts";
import type { SensorDependencies } from "./contract.ts";
import { treeMemory } from "./tree-memory.ts";

/** What a process may use. */
export interface UsageLimit {
  readonly pid: number;
  /** `null` for no limit. */
  readonly limitBytes: number | null;
  readonly limits?: LimitSpec | undefined;
}

interface Watched extends UsageLimit {
  readonly trip: SensorDependencies["trip"];
  /** Looks in a row at which it used too much. */
  memoryLooks: number;
  cpuLooks: number;
}

interface Group {
  readonly watched: Set<Watched>;
  readonly timer: NodeJS.Timeout;
}

/** Those with the same interval, together; by that interval in ms. */
const groups = new Map<number, Group>();

/** A period has at least this many checks, but no more than one a second. */
const looksInTime = 5;
const shortestMs = 1_000;

/**
 * Trips when a process uses more than it may: at one look, or at every look over a time. Looks are counted and not timed: a
 * pause of the daemon itself counts against no app.
 */
export function watchUsage(
  limit: UsageLimit,
  { sampler, usage, workerIntervalMs, trip, log }: SensorDependencies,
): () => void {
  const everyMs = intervalOf(limit, workerIntervalMs);
  const entry: Watched = { ...limit, trip, memoryLooks: 0, cpuLooks: 0 };
  const group = groups.get(everyMs) ?? {
    watched: new Set<Watched>(),
    timer: setInterval(() => void look(everyMs, { sampler, usage, log }), everyMs),
  };
  groups.set(everyMs, group);
  group.watched.add(entry);
  return () => {
    group.watched.delete(entry);
    if (group.watched.size > 0 || groups.get(everyMs) !== group) return;
    clearInterval(group.timer);
    groups.delete(everyMs);
  };
}

function intervalOf({ limitBytes, limits }: UsageLimit, workerIntervalMs: number): number {
  const times = [
    limitBytes === null ? 0 : (limits?.memoryForMs ?? 0),
    (limits?.maxCpuPercent ?? null) === null ? 0 : (limits?.cpuForMs ?? 0),
  ].filter((ms) => ms > 0);
  const wanted = times.map((ms) => Math.max(shortestMs, Math.floor(ms / looksInTime)));
  return Math.min(workerIntervalMs, ...wanted);
}

/** How many looks in a row a time is. */
const looksOf = (forMs: number, everyMs: number): number => Math.max(1, Math.ceil(forMs / everyMs));

let lastFailure: string | undefined;

/** A look that fails is made up for by the next one. */
async function look(
  everyMs: number,
  { sampler, usage, log }: Pick<SensorDependencies, "sampler" | "usage" | "log">,
): Promise<void> {
  const watched = groups.get(everyMs)?.watched ?? new Set<Watched>();
  try {
    const metrics = await sampler.sample(
      [...watched].map(({ pid }) => pid),
      {},
    );
    const isTree = ({ limits }: Watched): boolean => limits?.memoryScope === "tree";
    const trees = treeMemory([...watched].filter(isTree).map(({ pid }) => pid));
    for (const entry of watched) {
      const used = metrics.get(entry.pid);
      // It has ended, or the look was another's.
      if (used === undefined) continue;
      judgeMemory(entry, trees.get(entry.pid) ?? used.memoryBytes, { everyMs, usage });
      judgeCpu(entry, used, everyMs);
    }
    lastFailure = undefined;
  } catch (error) {
    const failure = messageOf(error);
    if (failure !== lastFailure) log(`limits: memory and CPU cannot be measured: ${failure}`);
    lastFailure = failure;
  }
}

function judgeMemory(
  entry: Watched,
  used: number,
  { everyMs, usage }: { everyMs: number; usage: SensorDependencies["usage"] },
): void {
  const { limitBytes, limits, trip } = entry;
  if (limitBytes === null) return;
  entry.memoryLooks = used > limitBytes ? entry.memoryLooks + 1 : 0;
  const forMs = limits?.memoryForMs ?? 0;
  if (entry.memoryLooks < looksOf(forMs, everyMs)) return;
  entry.memoryLooks = 0;
  const whose = limits?.memoryScope === "tree" ? "it and its descendants used" : "it used";
  const time = forMs === 0 ? "" : ` for ${forMs / 1_000} s`;
  trip(
    `the memory limit of ${megabytes(limitBytes)} (${whose} ${megabytes(used)}${time}${grown(usage.growth(entry.pid))})`,
    "memory",
  );
}

function judgeCpu(entry: Watched, { cpuPercent }: Metrics, everyMs: number): void {
  const { limits, trip } = entry;
  const most = limits?.maxCpuPercent ?? null;
  if (limits === undefined || most === null) return;
  entry.cpuLooks = cpuPercent > most ? entry.cpuLooks + 1 : 0;
  if (entry.cpuLooks < looksOf(limits.cpuForMs, everyMs)) return;
  entry.cpuLooks = 0;
  const time = `for ${limits.cpuForMs / 1_000} s`;
  trip(
    `the CPU limit of ${most} % (it used ${cpuPercent.toFixed(0)} %, and more than the limit ${time})`,
    "cpu",
  );
}

/** What tells a leak from a load. */
function grown(trend: Trend | null): string {
  if (trend === null) return "";
  const perMinute = (trend.perMinute / 2 ** 20).toFixed(1);
  return `, and had grown steadily by ${perMinute} MB a minute for ${duration(trend.overMs)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
