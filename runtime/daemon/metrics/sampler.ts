import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../../contract/errors.ts";
import { isLiving, scanProcesses } from "../../host/procfs.ts";

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
   * @param options.withinMs resolve with what has arrived by then; the batch continues for the next caller.
   * @returns without those that have ended.
   */
  sample(
    pids: readonly number[],
    options: { withinMs?: number },
  ): Promise<ReadonlyMap<number, Metrics>>;
}

/** The very first sample loads pidusage and knows nothing yet: it is worth a longer wait; ms. */
const firstWithinMs = 150;

/** Requests within this time get the same numbers; ms. */
const freshForMs = 500;

/**
 * Over pidusage, loaded at the first request: most machines make none most of the time.
 * @param inFront those of the asked for that only start what they stand for, such as `npm`: their whole session counts.
 */
export function createSampler(inFront: () => ReadonlySet<number>): Sampler {
  let known: ReadonlyMap<number, Metrics> = new Map();
  let sampledAt = 0;
  let running: Promise<void> | undefined;

  const refresh = async (pids: readonly number[]): Promise<void> => {
    const { default: pidusage } = await import("pidusage");
    const rootOf = membersOf(pids, inFront());
    const usage = await pidusage([...rootOf.keys()], { maxage: 30_000 }).catch((error: unknown) => {
      // Every one of them has ended, or there is no way to ask: there is nothing to show, and nothing to fix.
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return {};
      throw error;
    });
    const next = new Map<number, Metrics>();
    for (const [pid, each] of Object.entries(
      usage as Record<string, { memory: number; cpu: number } | null | undefined>,
    )) {
      // One that ended while the others were measured.
      if (each == null) continue;
      const root = rootOf.get(Number(pid)) ?? Number(pid);
      const { memoryBytes, cpuPercent } = next.get(root) ?? { memoryBytes: 0, cpuPercent: 0 };
      next.set(root, { memoryBytes: memoryBytes + each.memory, cpuPercent: cpuPercent + each.cpu });
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
      else
        await Promise.race([
          running,
          pause(sampledAt === 0 ? firstWithinMs : withinMs, undefined, { ref: false }),
        ]);
      return known;
    },
  };
}

/** Whom to sample, and to whom each counts: a command in front of an app leads the session of both. */
function membersOf(
  pids: readonly number[],
  inFront: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const rootOf = new Map(pids.map((pid) => [pid, pid]));
  if (!pids.some((pid) => inFront.has(pid))) return rootOf;
  for (const stat of scanProcesses()) {
    if (inFront.has(stat.session) && rootOf.has(stat.session) && isLiving(stat)) {
      rootOf.set(stat.pid, stat.session);
    }
  }
  return rootOf;
}
