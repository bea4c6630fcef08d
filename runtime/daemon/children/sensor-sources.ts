import { fromCallback } from "xstate";
import { processKey } from "../../../machines/lib/process-key.ts";
import type {
  Fact,
  ProcessEvent,
  SensorInput,
  SensorReport,
  ToSensors,
} from "../../../machines/process-events.ts";
import type { Down } from "../../contract/app-link/protocol.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { askerOf } from "../probes/ask.ts";
import { startProbes } from "../probes/index.ts";
import { startAppSensors, watchedOf } from "../sensors/app.ts";
import type { SensorDependencies } from "../sensors/contract.ts";
import { startSensors } from "../sensors/index.ts";
import type { SourceDependencies } from "./sources.ts";

/** Fills the port `sensors` of the processes. */
export function sensorSource({ sensors, children, now }: SourceDependencies) {
  return fromCallback<{ type: "none" }, SensorInput>(({ sendBack, input }) => {
    const trip: SensorDependencies["trip"] = (by, sensor) => {
      const event: ProcessEvent = { type: "sensor.tripped", at: now(), by, sensor };
      sendBack(event);
    };
    const report = (event: Fact): void => sendBack(event);
    const { beats, questions } = sensors;
    const tell = (message: Down): boolean =>
      children.get(processKey(input))?.tell(message) ?? false;
    const { id, instance, spec, child } = input;
    const lifeId = child?.lifeId ?? "";
    const stopProbes = startProbes(input, {
      asker: (check) =>
        askerOf(check, {
          spec,
          instance,
          logs: instanceLogPaths(spec, id),
          begin: { out: 0, error: 0 },
          beats: () => beats(lifeId),
          question: (order, signal) => questions.ask(lifeId, tell, { ...order, signal }),
        }),
      now,
      report,
    });
    const stopSensors = startSensors(input, { ...sensors, trip });
    return () => {
      stopProbes();
      stopSensors();
    };
  });
}

/** Fills the port `sensors` of the apps. What is watched changes only when what is declared does. */
export function appSensorSource({ now, ownFiles, home, flushed }: SourceDependencies) {
  return fromCallback<ToSensors, { readonly key: string }>(({ sendBack, receive }) => {
    let watched = "null";
    let stop = (): void => {};
    const tell = (report: SensorReport): void => sendBack(report);
    receive(({ spec, firedAt }) => {
      const wanted = JSON.stringify(spec === null ? null : watchedOf(spec));
      if (wanted === watched) return;
      watched = wanted;
      stop();
      stop =
        spec === null
          ? () => {}
          : startAppSensors(spec, {
              trip: (by, sensor) => tell({ type: "sensor.tripped", at: now(), by, sensor }),
              failed: (sensor, reason) =>
                tell({ type: "sensor.failed", at: now(), sensor, reason }),
              recovered: (sensor) => tell({ type: "sensor.recovered", at: now(), sensor }),
              firedAt,
              schedule: {
                due: (dueAt) => {
                  tell({ type: "schedule.due", at: now(), dueAt });
                  return flushed();
                },
                begin: (by) => tell({ type: "schedule.begin", at: now(), by }),
                next: (nextAt) => tell({ type: "schedule.next", at: now(), nextAt }),
              },
              isOwn: (path) => path === home || path.startsWith(`${home}/`) || ownFiles().has(path),
            });
    });
    return () => stop();
  });
}
