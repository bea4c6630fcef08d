export type Measurement =
  | "count"
  | "min"
  | "max"
  | "sum"
  | "mean"
  | "median"
  | "variance"
  | "stddev"
  | "p75"
  | "p95"
  | "p99"
  | "p999";

/** Counts per second over a window, in buckets of a second. */
export function meter(
  samples: number,
  timeframe: number,
): { mark(count?: number): void; val(): number } {
  const buckets = new Map<number, number>();
  const second = (): number => Math.floor(performance.now() / 1_000);
  const began = second();
  return {
    mark: (count = 1) => {
      const now = second();
      buckets.set(now, (buckets.get(now) ?? 0) + count);
      for (const key of buckets.keys()) if (key <= now - timeframe) buckets.delete(key);
    },
    val: () => {
      const now = second();
      let sum = 0;
      for (const [key, count] of buckets) if (key > now - timeframe) sum += count;
      // A meter that is younger than its window is not diluted by the time before it.
      const seconds = Math.max(1, Math.min(timeframe, now - began + 1));
      return round((sum / seconds) * samples);
    },
  };
}

/** How many of the latest values count. */
const kept = 1_000;

/** A measure of the latest values. */
export function histogram(measurement: Measurement): {
  update(value: number): void;
  val(): number;
} {
  const values: number[] = [];
  let count = 0;
  return {
    update: (value) => {
      values[count % kept] = value;
      count += 1;
    },
    val: () => (measurement === "count" ? count : round(measure(values, measurement))),
  };
}

function measure(values: readonly number[], measurement: Measurement): number {
  if (values.length === 0) return 0;
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  const variance = (): number =>
    values.reduce((total, value) => total + (value - mean) ** 2, 0) /
    Math.max(1, values.length - 1);
  switch (measurement) {
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "sum":
      return sum;
    case "mean":
      return mean;
    case "variance":
      return variance();
    case "stddev":
      return Math.sqrt(variance());
    case "median":
      return percentile(values, 0.5);
    case "p75":
      return percentile(values, 0.75);
    case "p95":
      return percentile(values, 0.95);
    case "p99":
      return percentile(values, 0.99);
    case "p999":
      return percentile(values, 0.999);
    case "count":
      return values.length;
  }
}

/** The nearest rank. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
