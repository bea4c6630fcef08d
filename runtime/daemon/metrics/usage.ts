import type { ProcessFacts } from "../../../machines/facts.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Complain } from "../../host/complaints.ts";
import type { Sampler } from "./sampler.ts";
import { summaryOf, thinned, type Bucket, type Summary } from "./usage-summary.ts";
import type { UsageFiles } from "./usage-files.ts";
import { trendOf, type Trend } from "./trend.ts";

/** Whose memory and CPU is kept. */
export interface Used {
  /** Of the process over all its lives; letters, digits and `-`. */
  readonly key: string;
  readonly pid: number;
}

/** An id is another process's after `delete all`. */
export function usageKey({ id, uniqueId }: Pick<ProcessFacts, "id" | "uniqueId">): string {
  return uniqueId?.slice(0, 13) ?? String(id);
}

export interface Usage {
  /** Of the last 24 hours, earlier lives' and earlier daemons' too; `null` while nothing is known. */
  summary(key: string): Promise<Summary | null>;
  /**
   * What is known of some processes in a time, over their lives: in steps of ten seconds where it reaches back no further than those
   * do, otherwise of five minutes.
   */
  points(
    keys: readonly string[],
    span: { since: number; until: number; most: number },
  ): Promise<Map<string, readonly Bucket[]>>;
  /** How the memory of the life with this pid grows; `null` when it does not grow steadily, or is too young to tell. */
  growth(pid: number): Trend | null;
  stop(): void;
}

const everyMs = 10_000;
/** Kept in memory: a quarter of an hour in steps of 10 s, and a day in steps of 5 min. */
const fineKept = 90;
const coarseMs = 300_000;
const coarseKept = 288;
const dayMs = 24 * 3_600_000;

interface Kept {
  pid: number;
  /** When this life was first seen, ms since the epoch. */
  since: number;
  fine: Bucket[];
  coarse: Bucket[];
  /** The bucket that is being filled; its numbers are sums so far. */
  open: { readonly begin: number; count: number; memory: number; cpu: number } & Peaks;
}
interface Peaks {
  memoryPeak: number;
  cpuPeak: number;
}

/**
 * Keeps what processes use: it is bounded in memory (about 10 KB for a process that runs all day), and on disk what is older
 * than two weeks goes. A sample that fails leaves a gap.
 */
export function createUsage({
  sampler,
  living,
  files,
  wall,
  complain,
  sampleMs = everyMs,
}: {
  readonly sampler: Sampler;
  readonly living: () => readonly Used[];
  readonly files: UsageFiles;
  readonly wall: () => number;
  readonly complain: Complain;
  readonly sampleMs?: number;
}): Usage {
  const kept = new Map<string, Kept>();
  /** The fine steps of what is not running now. */
  const gone = new Map<string, Bucket[]>();
  /** The last read of the files: one at a time, however many ask. */
  let reading: Promise<unknown> = Promise.resolve();
  const fromFiles: UsageFiles["read"] = (keys, span) => {
    const read = reading.then(() => files.read(keys, span));
    reading = read.catch(() => {});
    return read;
  };
  /** What an earlier daemon has kept of the last quarter of an hour before this one: it no longer changes. */
  const began = wall();
  let ofEarlier:
    | { readonly keys: string; readonly read: ReturnType<UsageFiles["read"]> }
    | undefined;
  const beforeBegan = (keys: readonly string[]): ReturnType<UsageFiles["read"]> => {
    const asked = keys.join();
    if (ofEarlier?.keys !== asked) {
      const span = { from: began - fineKept * sampleMs - coarseMs, until: began };
      ofEarlier = { keys: asked, read: fromFiles(new Set(keys), span) };
    }
    return ofEarlier.read;
  };
  const recentOf = (key: string): Bucket[] => {
    const own = kept.get(key);
    return own === undefined ? [] : [...own.coarse, bucketOf(own.open)];
  };

  const close = (each: Kept): Bucket => {
    const bucket = bucketOf(each.open);
    each.coarse.push(bucket);
    if (each.coarse.length > coarseKept) each.coarse.shift();
    return bucket;
  };
  const add = (used: Used, { memory, cpu }: { memory: number; cpu: number }): void => {
    const at = wall();
    const begin = at - (at % coarseMs);
    let each = kept.get(used.key);
    const opened = { begin, count: 0, memory: 0, cpu: 0, memoryPeak: 0, cpuPeak: 0 };
    if (each === undefined) {
      const fine = gone.get(used.key) ?? [];
      each = { pid: used.pid, since: at, fine, coarse: [], open: opened };
      kept.set(used.key, each);
      gone.delete(used.key);
    }
    if (each.pid !== used.pid) {
      // The usage of a previous life says nothing about the growth of this one.
      each.pid = used.pid;
      each.since = at;
    }
    if (each.open.begin !== begin) {
      files.add(used.key, close(each));
      each.open = opened;
    }
    const { open } = each;
    open.count += 1;
    open.memory += memory;
    open.cpu += cpu;
    open.memoryPeak = Math.max(open.memoryPeak, memory);
    open.cpuPeak = Math.max(open.cpuPeak, cpu);
    each.fine.push({ at, memory, cpu, memoryPeak: memory, cpuPeak: cpu });
    if (each.fine.length > fineKept) each.fine.shift();
  };
  const look = async (): Promise<void> => {
    const all = living();
    if (all.length > 0) {
      const metrics = await sampler.sample(
        all.map(({ pid }) => pid),
        {},
      );
      for (const used of all) {
        const now = metrics.get(used.pid);
        if (now !== undefined) add(used, { memory: now.memoryBytes, cpu: now.cpuPercent });
      }
    }
    const keys = new Set(all.map(({ key }) => key));
    for (const [key, each] of kept) {
      if (keys.has(key)) continue;
      files.add(key, close(each));
      kept.delete(key);
      gone.set(key, each.fine);
    }
    for (const [key, fine] of gone) {
      if ((fine.at(-1)?.at ?? 0) < wall() - fineKept * sampleMs) gone.delete(key);
    }
    files.write();
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) =>
      complain("usage", `memory and CPU cannot be recorded: ${messageOf(error)}`),
    );
  }, sampleMs).unref();

  return {
    summary: async (key) => {
      const from = wall() - dayMs;
      const recent = recentOf(key);
      const first = recent[0]?.at ?? Number.POSITIVE_INFINITY;
      const before = (await fromFiles(new Set([key]), { from, until: first })).get(key) ?? [];
      return summaryOf([...before, ...recent].filter(({ at }) => at > from - coarseMs));
    },
    points: async (keys, { since, until, most }) => {
      const isFine = since >= wall() - fineKept * sampleMs - sampleMs;
      const before = !isFine
        ? await fromFiles(new Set(keys), { from: since - coarseMs, until })
        : since < began
          ? await beforeBegan(keys)
          : new Map<string, Bucket[]>();
      const pointsOf = (key: string): readonly Bucket[] => {
        const recent = isFine ? (kept.get(key)?.fine ?? gone.get(key) ?? []) : recentOf(key);
        const first = recent[0]?.at ?? Number.POSITIVE_INFINITY;
        return [...(before.get(key) ?? []).filter(({ at }) => at < first), ...recent];
      };
      // A step of five minutes reaches into the time that is asked for.
      const from = (at: number): number => (isFine && at >= began ? at : at + coarseMs);
      return new Map(
        keys.map((key) => {
          const within = pointsOf(key).filter(({ at }) => from(at) > since && at < until);
          return [key, thinned(within, most)];
        }),
      );
    },
    growth: (pid) => {
      const own = [...kept.values()].find((each) => each.pid === pid);
      if (own === undefined) return null;
      const ofDay = own.coarse.filter(({ at }) => at >= own.since);
      return trendOf(ofDay) ?? trendOf(own.fine.filter(({ at }) => at >= own.since));
    },
    stop: () => clearInterval(timer),
  };
}

function bucketOf({ begin, count, memory, cpu, memoryPeak, cpuPeak }: Kept["open"]): Bucket {
  return { at: begin, memory: memory / count, cpu: cpu / count, memoryPeak, cpuPeak };
}
