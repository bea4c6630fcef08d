/** How something grows. */
export interface Trend {
  readonly perMinute: number;
  /** How long it was observed; ms. */
  readonly overMs: number;
}

/** Fewer points, or a shorter time, say nothing. */
const fewestPoints = 6;
const shortestMs = 60_000;

/** A line explains so much of what is seen (Pearson's r); less is not steady growth. */
const leastCorrelation = 0.9;

/**
 * The straight line through measured memory, by least squares.
 * @param points in order; `at` in ms.
 * @returns `null` unless it grows steadily.
 */
export function trendOf(
  points: readonly { readonly at: number; readonly memory: number }[],
): Trend | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < fewestPoints) return null;
  const overMs = last.at - first.at;
  if (overMs < shortestMs) return null;
  const meanAt = mean(points.map(({ at }) => at));
  const meanMemory = mean(points.map(({ memory }) => memory));
  let [both, ofAt, ofMemory] = [0, 0, 0];
  for (const { at, memory } of points) {
    both += (at - meanAt) * (memory - meanMemory);
    ofAt += (at - meanAt) ** 2;
    ofMemory += (memory - meanMemory) ** 2;
  }
  if (both <= 0 || ofMemory === 0) return null;
  if (both / Math.sqrt(ofAt * ofMemory) < leastCorrelation) return null;
  return { perMinute: (both / ofAt) * 60_000, overMs };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
