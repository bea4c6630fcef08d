import type { Story } from "./lives.ts";

/** How long the programs of an app have taken so far; ms. */
export interface SeenTimes {
  /** The median of its starts until it was ready. */
  readonly bootMs?: number;
  readonly slowestBootMs?: number;
  /** The median of its runs that succeeded. */
  readonly runMs?: number;
  /** The median from the stop signal to its end, without those that were killed. */
  readonly stopMs?: number;
  /** How many starts are known. */
  readonly starts: number;
}

/** What an app's history says of its times. */
export function timesOf({ lives }: Pick<Story, "lives">): SeenTimes {
  const boots = lives.flatMap(({ readyMs }) => readyMs ?? []);
  const ends = lives.flatMap(({ end }) => end ?? []);
  const runs = ends.filter(({ code, wasAsked }) => code === 0 && !wasAsked);
  const stops = ends.filter(({ wasKilled }) => !wasKilled);
  return {
    ...of("bootMs", median(boots)),
    ...of("slowestBootMs", boots.length === 0 ? undefined : Math.max(...boots)),
    ...of("runMs", median(runs.map(({ uptimeMs }) => uptimeMs))),
    ...of("stopMs", median(stops.flatMap(({ stopMs }) => stopMs ?? []))),
    starts: lives.length,
  };
}

function of(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: value };
}

function median(times: readonly number[]): number | undefined {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}
