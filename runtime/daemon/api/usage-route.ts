import type { Bucket } from "../metrics/usage-summary.ts";
import { usageKey } from "../metrics/usage.ts";
import type { Exchange } from "./exchange.ts";
import { numberFrom } from "./query.ts";

/** Points of one process in one answer. */
const mostPoints = 1_000;

/** What is kept in memory in steps of ten seconds; ms. */
const recentMs = 15 * 60_000;

/** Memory and CPU over time; of processes that have been removed nothing. */
export async function usageOf({ daemon, query, send }: Exchange<"usage">): Promise<void> {
  const { registry, usage, now } = daemon;
  const ids = query.get("ids")?.split(",").map(Number);
  const asked = registry
    .processes()
    .filter(({ facts }) => ids === undefined || ids.includes(facts.id));
  const most = numberFrom(query.get("most"), mostPoints);
  const kept = await usage.points(
    asked.map(({ facts }) => usageKey(facts)),
    {
      since: numberFrom(query.get("since"), Math.max(0, now() - recentMs)),
      until: numberFrom(query.get("until"), Number.POSITIVE_INFINITY),
      most: Math.min(mostPoints, Math.max(1, most)),
    },
  );
  send(
    asked.flatMap(({ facts }) => {
      const points = kept.get(usageKey(facts)) ?? [];
      return points.length === 0 ? [] : [{ id: facts.id, ...columnsOf(points) }];
    }),
  );
}

function columnsOf(points: readonly Bucket[]) {
  const tenths = (percent: number): number => Math.round(percent * 10) / 10;
  return {
    at: points.map(({ at }) => at),
    memory: points.map(({ memory }) => Math.round(memory)),
    memoryPeak: points.map(({ memoryPeak }) => Math.round(memoryPeak)),
    cpu: points.map(({ cpu }) => tenths(cpu)),
    cpuPeak: points.map(({ cpuPeak }) => tenths(cpuPeak)),
  };
}
