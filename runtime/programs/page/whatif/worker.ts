import { simulate, type CrashPattern, type Simulation } from "../../../../machines/simulation.ts";
import type { AppSpec } from "../../../../machines/spec.ts";

/** A request to the worker: one simulation. */
export interface Asked {
  readonly spec: AppSpec;
  readonly pattern: CrashPattern;
  readonly forMs: number;
}

export interface Answered {
  readonly simulation: Simulation;
  /** How long it took, ms. */
  readonly tookMs: number;
}

/** Plays the process machine itself, away from the page: ten thousand changes take a while. */
addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  const { spec, pattern, forMs } = data;
  const begin = performance.now();
  const simulation = simulate({ spec, pattern, forMs });
  postMessage({ simulation, tookMs: performance.now() - begin } satisfies Answered);
});
