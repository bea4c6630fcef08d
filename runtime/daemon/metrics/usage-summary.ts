/** What a process used in a step of time: means and peaks; bytes, and percent of a core. */
export interface Bucket {
  /** Its beginning, ms since the epoch. */
  readonly at: number;
  readonly memory: number;
  readonly memoryPeak: number;
  readonly cpu: number;
  readonly cpuPeak: number;
}

export interface Summary {
  /** The first of what is known; ms since the epoch. */
  readonly since: number;
  readonly memory: Figures;
  readonly cpu: Figures;
}

/** Percentiles of the means of five minutes each, and the highest single sample. */
export interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly peak: number;
}

/** At most this many points: neighbours are taken together. */
export function thinned(buckets: readonly Bucket[], most: number): readonly Bucket[] {
  if (buckets.length <= most) return buckets;
  const size = Math.ceil(buckets.length / most);
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, index) => {
    const joined = buckets.slice(index * size, (index + 1) * size);
    const mean = (of: (bucket: Bucket) => number): number =>
      joined.reduce((sum, each) => sum + of(each), 0) / joined.length;
    return {
      at: joined[0]?.at ?? 0,
      memory: mean(({ memory }) => memory),
      cpu: mean(({ cpu }) => cpu),
      memoryPeak: Math.max(...joined.map(({ memoryPeak }) => memoryPeak)),
      cpuPeak: Math.max(...joined.map(({ cpuPeak }) => cpuPeak)),
    };
  });
}

export function summaryOf(buckets: readonly Bucket[]): Summary | null {
  const [first] = buckets;
  if (first === undefined) return null;
  const figures = (means: readonly number[], peaks: readonly number[]): Figures => {
    const sorted = means.toSorted((a, b) => a - b);
    // Nearest rank.
    const rank = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
    return { p50: rank(0.5), p99: rank(0.99), peak: Math.max(...peaks) };
  };
  return {
    since: first.at,
    memory: figures(
      buckets.map(({ memory }) => memory),
      buckets.map(({ memoryPeak }) => memoryPeak),
    ),
    cpu: figures(
      buckets.map(({ cpu }) => cpu),
      buckets.map(({ cpuPeak }) => cpuPeak),
    ),
  };
}
