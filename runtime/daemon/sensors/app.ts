import type { Sensor } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { messageOf } from "../../contract/errors.ts";
import { watchCron } from "./cron.ts";
import { watchSchedule } from "./schedule.ts";
import { watchFiles } from "./watch/index.ts";

export interface AppSensorReports {
  /** Asks for a restart; `by` says what tripped, for the decision record. */
  readonly trip: (by: string, sensor: Sensor) => void;
  /** The sensor cannot do its work, or not all of it. */
  readonly failed: (sensor: Sensor, reason: string) => void;
  readonly recovered: (sensor: Sensor) => void;
  /** What its schedule reports. */
  readonly schedule: Pick<Parameters<typeof watchSchedule>[1], "due" | "begin" | "next">;
  /** The latest time of its schedule that was used. */
  readonly firedAt: number | null;
  /** Files of ours, which change because apps run. */
  readonly isOwn: (path: string) => boolean;
}

/** Starts what an app declares and its processes share: its cron pattern and its watch. The answer stops both. */
export function startAppSensors(spec: AppSpec, reports: AppSensorReports): () => void {
  const { cron, cronTimezone, schedule, watch } = spec.sensors;
  const { trip, failed, recovered, isOwn, firedAt } = reports;
  const stops: (() => void)[] = [];
  if (schedule !== undefined) {
    const told = { ...reports.schedule, now: () => Date.now() };
    stops.push(
      watchSchedule(
        { schedule, firedAt },
        { ...told, failed: (error) => failed("cron", messageOf(error)) },
      ),
    );
  }
  if (cron !== null) {
    stops.push(
      watchCron(
        { pattern: cron, timezone: cronTimezone },
        { trip: (by) => trip(by, "cron"), failed: (error) => failed("cron", messageOf(error)) },
      ),
    );
  }
  if (watch !== null) {
    stops.push(
      watchFiles(watch, spec, {
        trip: (by) => trip(by, "watch"),
        failed: (reason) => failed("watch", reason),
        recovered: () => recovered("watch"),
        isOwn,
      }),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** What of an app its sensors depend on. */
export function watchedOf({ cwd, sensors }: AppSpec): unknown {
  const { cron, cronTimezone, schedule, watch } = sensors;
  return { cron, cronTimezone, schedule, watch, ...(watch === null ? {} : { cwd }) };
}
