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
  { sampler, workerIntervalMs, trip }: SensorDependencies,
): () => void {
  const entry = { ...limit, trip };
  watched.add(entry);
  timer ??= setInterval(() => {
    void sampler
      .sample(
        [...watched].map(({ pid }) => pid),
        {},
      )
      .then((metrics) => {
        for (const { pid, limitBytes, trip: tripOne } of watched) {
          const used = metrics.get(pid)?.memoryBytes ?? 0;
          if (used > limitBytes)
            tripOne(
              `the memory limit of ${megabytes(limitBytes)} (it used ${megabytes(used)})`,
              "memory",
            );
        }
      });
  }, workerIntervalMs);
  return () => {
    watched.delete(entry);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
