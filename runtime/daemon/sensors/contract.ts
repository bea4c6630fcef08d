import type { Sensor } from "../../../machines/process-events.ts";
import type { Questions } from "../probes/questions.ts";
import type { Sampler } from "../metrics/sampler.ts";
import type { Usage } from "../metrics/usage.ts";

export interface SensorDependencies {
  readonly sampler: Sampler;
  readonly usage: Pick<Usage, "growth">;
  /** How often the memory is checked; ms. */
  readonly workerIntervalMs: number;
  /** How many heartbeats an app's event loop has sent. */
  readonly beats: (lifeId: string) => number;
  /** What apps are asked over their lines. */
  readonly questions: Questions;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Asks for a restart; `by` says what tripped, for the decision record. */
  readonly trip: (by: string, sensor: Sensor) => void;
}
