import type { Sensor, SensorInput } from "../../../machines/process-events.ts";
import { isNode } from "../../client/config/interpreter.ts";
import type { Sampler } from "../metrics/sampler.ts";
import { watchCron } from "./cron.ts";
import { watchFiles } from "./files.ts";
import { watchHeartbeat } from "./heartbeat.ts";
import { watchMemory } from "./memory.ts";

export interface SensorDependencies {
  readonly sampler: Sampler;
  /** How often the memory is looked at; ms. */
  readonly workerIntervalMs: number;
  /** How often an app's event loop has said that it turns. */
  readonly beats: (lifeId: string) => number;
  /** Asks for a restart; `by` says what tripped, for the decision record. */
  readonly trip: (by: string, sensor: Sensor) => void;
}

/** Starts the sensors an app declares; the answer stops them all. */
export function startSensors(input: SensorInput, dependencies: SensorDependencies): () => void {
  const { sensors } = input.spec;
  const { child } = input;
  const { trip } = dependencies;
  const stops: (() => void)[] = [];
  if (sensors.maxMemoryBytes !== null && child !== null) {
    stops.push(watchMemory({ pid: child.pid, limitBytes: sensors.maxMemoryBytes }, dependencies));
  }
  if (sensors.cron !== null) stops.push(watchCron(sensors.cron, (by) => trip(by, "cron")));
  if (sensors.watch !== null && child !== null)
    stops.push(watchFiles(sensors.watch, (by) => trip(by, "watch")));
  const { heartbeatMs } = sensors;
  if (heartbeatMs !== null && child !== null && isNode(input.spec.interpreter)) {
    stops.push(
      watchHeartbeat(
        { heartbeatMs, lifeId: child.lifeId },
        { ...dependencies, trip: (by) => trip(by, "heartbeat") },
      ),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}
