import { messageOf } from "../../contract/errors.ts";
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
  { sampler, workerIntervalMs, trip, log }: SensorDependencies,
): () => void {
  const entry = { ...limit, trip };
  watched.add(entry);
  timer ??= setInterval(() => void look({ sampler, log }), workerIntervalMs);
  return () => {
    watched.delete(entry);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

let lastFailure: string | undefined;

/** A look that fails is made up for by the next one. */
async function look({ sampler, log }: Pick<SensorDependencies, "sampler" | "log">): Promise<void> {
  try {
    const pids = [...watched].map(({ pid }) => pid);
    const metrics = await sampler.sample(pids, {});
    for (const { pid, limitBytes, trip } of watched) {
      const used = metrics.get(pid)?.memoryBytes ?? 0;
      if (used <= limitBytes) continue;
      const limit = `the memory limit of ${megabytes(limitBytes)}`;
      trip(`${limit} (it used ${megabytes(used)})`, "memory");
    }
    lastFailure = undefined;
  } catch (error) {
    const failure = messageOf(error);
    if (failure !== lastFailure) log(`memory limits: the memory cannot be measured: ${failure}`);
    lastFailure = failure;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
