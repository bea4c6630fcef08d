import type { Decision } from "./facts.ts";
import type { ProcessActor } from "./process.ts";
import type { Sensor } from "./process-events.ts";

/** A sensor asks for a restart. */
export interface Trip {
  readonly at: number;
  /** What it saw, in words: "a change of src/app.js". */
  readonly by: string;
  readonly sensor: Sensor;
  /** The processes it is about; `null` for all of the app. */
  readonly ids: readonly number[] | null;
  /** Of the process it is about: what has replaced that one is not meant. */
  readonly generation?: number;
}

type Processes = Readonly<Record<number, ProcessActor>>;

/** A newer word of the same sensor about the same processes takes the place of the older one. */
export function withTrip(trips: readonly Trip[], trip: Trip): readonly Trip[] {
  const about = ({ sensor, ids }: Trip): string => `${sensor} ${ids?.join() ?? "all"}`;
  return [...trips.filter((other) => about(other) !== about(trip)), trip];
}

/** The processes a trip still is about: not those that were stopped by command, nor those that have begun a new life since. */
export function trippedIds({ ids, at, generation }: Trip, processes: Processes): number[] {
  return Object.entries(processes)
    .filter(([id]) => ids === null || ids.includes(Number(id)))
    .filter(([, actor]) => {
      const { goal, child, generation: own } = actor.getSnapshot().context;
      const isWanted = goal === "run" || goal === "restart";
      const isMeant = generation === undefined || generation === own;
      return isWanted && isMeant && (child === null || child.at <= at);
    })
    .map(([id]) => Number(id));
}

/** Whether any process is wanted running: only then is there something to watch for. */
export function isAnyWanted(processes: Processes): boolean {
  return Object.values(processes).some((actor) => {
    const { goal } = actor.getSnapshot().context;
    return goal === "run" || goal === "restart";
  });
}

/** Why a process was replaced while it served, as its replacement remembers it. */
export function replacementOf({ by }: Trip, at: number): Decision {
  return {
    at,
    rule: "wantsRestart",
    next: "start",
    exit: null,
    saw: { goal: "restart", askedBy: by },
    delayMs: 0,
    sentence: `Replaced while it served, because ${by} asked for a restart.`,
  };
}
