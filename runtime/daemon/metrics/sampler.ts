import { errnoOf } from "../../contract/errors.ts";

/** What a process uses. */
export interface Metrics {
  /** Resident size. */
  readonly memoryBytes: number;
  /** Of one core, since the sample before; of the whole life for the first. */
  readonly cpuPercent: number;
}

export interface Sampler {
  /**
   * Samples processes in one batch; callers at one time share it, and a batch younger than 500 ms is reused.
   * @param options.withinMs resolve with what is there by then; the batch goes on for the next caller.
   * @returns without those that have ended.
   */
  sample(
    pids: readonly number[],
    options: { withinMs?: number },
  ): Promise<ReadonlyMap<number, Metrics>>;
}

/** The very first sample loads pidusage and knows nothing yet: it is worth a longer wait; ms. */
const firstWithinMs = 150;

/** Two people who look at the same second see the same numbers; ms. */
const freshForMs = 500;

/** Over pidusage, loaded when somebody first asks: nobody asks on most machines most of the time. */
export function createSampler(): Sampler {
  let known: ReadonlyMap<number, Metrics> = new Map();
  let sampledAt = 0;
  let running: Promise<void> | undefined;

  const refresh = async (pids: readonly number[]): Promise<void> => {
    const { default: pidusage } = await import("pidusage");
    const usage = await pidusage([...pids], { maxage: 30_000 }).catch((error: unknown) => {
      // Every one of them has ended, or there is no way to ask: there is nothing to show, and nothing to mend.
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return {};
      throw error;
    });
    const next = new Map<number, Metrics>();
    for (const [pid, each] of Object.entries(
      usage as Record<string, { memory: number; cpu: number } | null | undefined>,
    )) {
      // One that ended while the others were looked at.
      if (each != null) next.set(Number(pid), { memoryBytes: each.memory, cpuPercent: each.cpu });
    }
    known = next;
    sampledAt = performance.now();
  };

  return {
    sample: async (pids, { withinMs }) => {
      const isFresh =
        performance.now() - sampledAt < freshForMs && pids.every((pid) => known.has(pid));
      if (pids.length === 0 || isFresh) return known;
      running ??= refresh(pids).finally(() => {
        running = undefined;
      });
      if (withinMs === undefined) await running;
      else await Promise.race([running, pause(sampledAt === 0 ? firstWithinMs : withinMs)]);
      return known;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
