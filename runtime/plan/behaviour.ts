import type { AppSpec } from "../../machines/spec.ts";

/** How the programs of an app live in a plan. Times in ms. */
export interface Behaviour {
  /** From its start until it can serve; `null` for never. */
  readonly bootMs: number | null;
  /** How each of its runs ends by itself; `null` for a program that does not. */
  readonly end: RunEnd | null;
  /** From the stop signal to its end; `null` for a program that ignores it. */
  readonly stopMs: number | null;
}

interface RunEnd {
  readonly afterMs: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/** What is known of an app's times: from its history, or as the caller gives them. */
export interface KnownTimes {
  readonly bootMs?: number | undefined;
  readonly runMs?: number | undefined;
  readonly stopMs?: number | undefined;
}

/** What is taken for granted of an app that nothing is known of; ms. */
export const assumed = { bootMs: 1_000, runMs: 1_000, stopMs: 100 } as const;

/** What a caller takes for granted of an app, in place of an undisturbed life. */
export type Assumption =
  | { readonly kind: "never-ready" }
  | { readonly kind: "crash" }
  | { readonly kind: "exit"; readonly code: number };

/** A crash comes this soon after a start; ms. */
const crashAfterMs = 10;

export function behaviourOf(
  { policy }: AppSpec,
  { bootMs = assumed.bootMs, runMs = assumed.runMs, stopMs = assumed.stopMs }: KnownTimes,
  assumption?: Assumption,
): Behaviour {
  const isJob = policy.restart.job !== undefined;
  const ownEnd = isJob ? { afterMs: runMs, code: 0, signal: null } : null;
  switch (assumption?.kind) {
    case undefined:
      return { bootMs, end: ownEnd, stopMs };
    case "never-ready":
      // A job is not ready before it has ended.
      return { bootMs: null, end: null, stopMs };
    case "crash":
      return { bootMs, end: { afterMs: crashAfterMs, code: 1, signal: null }, stopMs };
    case "exit":
      return {
        bootMs,
        end: { afterMs: isJob ? runMs : bootMs, code: assumption.code, signal: null },
        stopMs,
      };
  }
}

/** Of the apps of a file, by their names. */
export function behavioursOf(
  specs: readonly AppSpec[],
  known: {
    readonly times: ReadonlyMap<string, KnownTimes>;
    readonly lives?: ReadonlyMap<string, Assumption>;
  },
): Map<string, Behaviour> {
  return new Map(
    specs.map((spec) => [
      spec.name,
      behaviourOf(spec, known.times.get(spec.name) ?? {}, known.lives?.get(spec.name)),
    ]),
  );
}
