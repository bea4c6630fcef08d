import type { RotationSpec } from "../../../machines/log-rotation.ts";
import { nextRun, splitZone } from "../../contract/cron.ts";
import { messageOf } from "../../contract/errors.ts";
import type { ReadApp } from "./read-fields.ts";
import { number, text } from "./values.ts";

/** An app's settings for the rotation of its log files; nothing if it declares none. */
export function rotationOf(app: ReadApp): { rotation?: RotationSpec } {
  const { log_rotate: schedule, log_retain: retain, log_compress: compress } = app;
  const rule: RotationSpec = {
    ...of(app, "log_max_size", () => ({ maxBytes: number(app, "log_max_size", 0) || null })),
    ...of(app, "log_retain", () => ({ retain: retain === "all" ? null : (retain as number) })),
    ...of(app, "log_compress", () => ({ compress: compress === true })),
    ...of(app, "log_rotate", () => scheduleOf(schedule)),
    ...of(app, "log_max_age", () => ({ maxAgeMs: number(app, "log_max_age", 0) || null })),
    ...of(app, "log_max_total", () => ({ maxTotalBytes: number(app, "log_max_total", 0) || null })),
    ...of(app, "log_date_suffix", () => ({ dateSuffix: text(app, "log_date_suffix") ?? "" })),
  };
  return Object.keys(rule).length === 0 ? {} : { rotation: rule };
}

function of(app: ReadApp, name: string, read: () => RotationSpec): RotationSpec {
  return app[name] === undefined ? {} : read();
}

/** Words for the patterns that are meant most. */
const words: Readonly<Record<string, string>> = {
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  weekly: "0 0 * * 0",
  monthly: "0 0 1 * *",
};

function scheduleOf(value: unknown): RotationSpec {
  if (typeof value !== "string") return { schedule: null };
  const { pattern, timezone } = splitZone(words[value] ?? value);
  return { schedule: pattern, ...(timezone === null ? {} : { timezone }) };
}

/** An invalid pattern. */
export async function rotationFaults(app: ReadApp, path: string): Promise<string[]> {
  const { schedule = null, timezone = null } = rotationOf(app).rotation ?? {};
  if (schedule === null) return [];
  try {
    await nextRun({ pattern: schedule, timezone }, new Date());
    return [];
  } catch (error) {
    const given = JSON.stringify(app["log_rotate"]);
    return [
      `${path}.log_rotate: expected a cron pattern such as "0 0 * * *", "daily" or 0, got ${given} (${messageOf(error)})`,
    ];
  }
}
