import type { SensorInput } from "../../../machines/process-events.ts";
import { watchCron } from "./cron.ts";
import { watchFiles } from "./files.ts";
import { watchHeartbeat } from "./heartbeat.ts";
import { watchMemory } from "./memory.ts";
import { isNode } from "../../host/node-program.ts";
import type { SensorDependencies } from "./contract.ts";

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
