import type { SensorInput } from "../../../machines/process-events.ts";
import { watchHeartbeat } from "./heartbeat.ts";
import { watchMemory } from "./memory.ts";
import { isNode } from "../../host/node-program.ts";
import type { SensorDependencies } from "./contract.ts";

/** Starts the sensors of one process, which watch its child; the answer stops them all. */
export function startSensors(input: SensorInput, dependencies: SensorDependencies): () => void {
  const { sensors } = input.spec;
  const { child } = input;
  const { trip } = dependencies;
  const stops: (() => void)[] = [];
  if (sensors.maxMemoryBytes !== null && child !== null) {
    stops.push(watchMemory({ pid: child.pid, limitBytes: sensors.maxMemoryBytes }, dependencies));
  }
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
