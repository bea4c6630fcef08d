import type { ProcessStatus } from "../../../../machines/facts.ts";
import type { Simulation } from "../../../../machines/simulation.ts";

export interface Segment {
  readonly x: number;
  readonly width: number;
  readonly status: ProcessStatus;
}

/**
 * A simulation as a bar: a segment for every status it was in, at least half a pixel wide so that a short wait among
 * long lives is seen; of more than fit, those that would lie in the same place as the one before are left out.
 */
export function segmentsOf(
  { events }: Pick<Simulation, "events">,
  view: { readonly until: number; readonly width: number },
): Segment[] {
  const { until, width } = view;
  const segments: Segment[] = [];
  let lastX = -1;
  events.forEach(({ at, status }, index) => {
    const x = Math.round((at / until) * width * 2) / 2;
    const end = ((events[index + 1]?.at ?? until) / until) * width;
    const isPassed = events[index + 1]?.at === at;
    if (isPassed || x > width || (x === lastX && index < events.length - 1)) return;
    lastX = x;
    segments.push({ x, width: Math.max(0.5, end - x), status });
  });
  return segments;
}
