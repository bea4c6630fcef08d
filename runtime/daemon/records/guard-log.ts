import { guardReadings, type Saw } from "../../../machines/guard-readings.ts";
import type { GroupContext } from "../../../machines/group-reading.ts";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { GuardReading, MachineName } from "../../contract/inspector.ts";

/**
 * The answers of guards, for machines that are watched. A guard is evaluated in the middle of a transition, so
 * nothing here may throw, and nothing is computed for a machine without viewers.
 */
export interface GuardLog {
  /** How many machines are watched: guards check this first. */
  readonly watched: number;
  /** Told of every answer while anything is watched. */
  note(asked: Asked): void;
  /** Watches a machine (`keyOf`) until the answer is called; several may watch one. */
  watch(key: string): () => void;
  /** The last answer of each guard, in the order of their first. */
  readings(key: string): readonly GuardReading[];
  /** Adds answers from before the first viewer, where there is none yet. */
  seed(key: string, readings: readonly GuardReading[]): void;
}

export interface Asked {
  readonly machine: MachineName;
  readonly guard: string;
  readonly result: boolean;
  readonly context: unknown;
  readonly event: { readonly type: string };
}

interface Watched {
  watchers: number;
  readonly readings: Map<string, GuardReading>;
}

export function createGuardLog(now: () => number): GuardLog {
  const machines = new Map<string, Watched>();
  return {
    get watched() {
      return machines.size;
    },
    note: ({ machine, guard, result, context, event }) => {
      const readings = machines.get(keyOf(machine, context))?.readings;
      if (readings === undefined) return;
      readings.set(guard, {
        guard,
        result,
        saw: sawOf(machine, guard, { context, event }),
        at: now(),
      });
    },
    watch: (key) => {
      const watched = machines.get(key) ?? { watchers: 0, readings: new Map() };
      watched.watchers += 1;
      machines.set(key, watched);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        watched.watchers -= 1;
        if (watched.watchers === 0) machines.delete(key);
      };
    },
    readings: (key) => [...(machines.get(key)?.readings.values() ?? [])],
    seed: (key, readings) => {
      const known = machines.get(key)?.readings;
      if (known === undefined) return;
      for (const reading of readings) {
        if (!known.has(reading.guard)) known.set(reading.guard, reading);
      }
    },
  };
}

/** What tells a machine from all others: a process by id and generation, an app and its reload by the app's key. */
export function keyOf(machine: MachineName, context: unknown): string {
  if (machine === "god") return "god";
  if (machine === "process") {
    return `process ${processKey(context as { id: number; generation: number })}`;
  }
  if (machine === "group") return `group ${(context as GroupContext).place.spec.name}`;
  return `${machine} ${(context as { key: string }).key}`;
}

/** What a guard compares; nothing of one that is unknown, or cannot be told. */
export function sawOf(
  machine: MachineName,
  guard: string,
  asked: { context: unknown; event: { type: string } },
): Saw {
  try {
    return guardReadings[machine][guard]?.(asked as never) ?? {};
  } catch {
    // Whoever watches shall not be able to stop a transition.
    return {};
  }
}
