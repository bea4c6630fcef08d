import type { SensorInput } from "../../../machines/process-events.ts";
import { watchHeartbeat } from "./heartbeat.ts";
import { watchAge } from "./age.ts";
import { watchUsage } from "./usage.ts";
import { isNode } from "../../host/node-program.ts";
import type { SensorDependencies } from "./contract.ts";

/** Starts the sensors of one process, which watch its child; the answer stops them all. */
export function startSensors(input: SensorInput, dependencies: SensorDependencies): () => void {
  const { sensors } = input.spec;
  const { child } = input;
  const { trip } = dependencies;
  const stops: (() => void)[] = [];
  const { maxMemoryBytes, limits } = sensors;
  const isUsageLimited = maxMemoryBytes !== null || (limits?.maxCpuPercent ?? null) !== null;
  if (isUsageLimited && child !== null) {
    stops.push(watchUsage({ pid: child.pid, limitBytes: maxMemoryBytes, limits }, dependencies));
  }
  const maxAgeMs = limits?.maxAgeMs ?? null;
  if (limits !== undefined && maxAgeMs !== null && child !== null) {
    const { now } = dependencies;
    stops.push(
      watchAge(
        { bornAt: child.at, maxAgeMs, jitterMs: limits.ageJitterMs },
        { now, trip: (by) => trip(by, "age") },
      ),
    );
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
