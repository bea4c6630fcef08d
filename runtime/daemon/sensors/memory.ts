import { messageOf } from "../../contract/errors.ts";
import { duration } from "../../../machines/lib/words.ts";
import type { Trend } from "../metrics/trend.ts";
import type { SensorDependencies } from "./contract.ts";

interface Watched {
  readonly pid: number;
  readonly limitBytes: number;
  readonly trip: SensorDependencies["trip"];
}

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | undefined;

/** Trips when a process's resident size is over its limit. All are looked at together, by one timer. */
export function watchMemory(
  limit: { readonly pid: number; readonly limitBytes: number },
  { sampler, usage, workerIntervalMs, trip, log }: SensorDependencies,
): () => void {
  const entry = { ...limit, trip };
  watched.add(entry);
  timer ??= setInterval(() => void look({ sampler, usage, log }), workerIntervalMs);
  return () => {
    watched.delete(entry);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

let lastFailure: string | undefined;

/** A look that fails is made up for by the next one. */
async function look({
  sampler,
  usage,
  log,
}: Pick<SensorDependencies, "sampler" | "usage" | "log">): Promise<void> {
  try {
    const pids = [...watched].map(({ pid }) => pid);
    const metrics = await sampler.sample(pids, {});
    for (const { pid, limitBytes, trip } of watched) {
      const used = metrics.get(pid)?.memoryBytes ?? 0;
      if (used <= limitBytes) continue;
      const limit = `the memory limit of ${megabytes(limitBytes)}`;
      trip(`${limit} (it used ${megabytes(used)}${grown(usage.growth(pid))})`, "memory");
    }
    lastFailure = undefined;
  } catch (error) {
    const failure = messageOf(error);
    if (failure !== lastFailure) log(`memory limits: the memory cannot be measured: ${failure}`);
    lastFailure = failure;
  }
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
