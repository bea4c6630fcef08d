import type { RotationSpec } from "../../../machines/log-rotation.ts";
import { parseSize } from "./units.ts";

/** Under this name PM2's users set what becomes of their log files: `pm2 set pm2-logrotate:max_size 10M`. */
export const logrotateName = "pm2-logrotate";

/** What the module begins with (its README); `workerInterval` is in seconds. */
export const logrotateDefaults: Readonly<Record<string, string>> = {
  max_size: "10M",
  retain: "30",
  compress: "false",
  dateFormat: "YYYY-MM-DD_HH-mm-ss",
  workerInterval: "30",
  rotateInterval: "0 0 * * *",
  rotateModule: "true",
};

/** Fields of a rule, from one setting; `undefined` when it cannot be read. */
type Reading = (value: string) => RotationSpec | undefined;

const readings: Readonly<Record<string, Reading>> = {
  max_size: (value) => {
    const bytes = parseSize(value);
    return bytes === undefined ? undefined : { maxBytes: bytes === 0 ? null : bytes };
  },
  retain: (value) => {
    if (value === "all") return { retain: null };
    return /^\d{1,6}$/.test(value) ? { retain: Number(value) } : undefined;
  },
  compress: (value) => {
    if (value === "true") return { compress: true };
    return value === "false" ? { compress: false } : undefined;
  },
  dateFormat: (value) => (value === "" ? undefined : { dateSuffix: value }),
  rotateInterval: (value) => (value.trim() === "" ? { schedule: null } : { schedule: value }),
  TZ: (value) => (value === "" ? undefined : { timezone: value }),
  // Sizes are checked when they may have been reached, and modules are apps.
  workerInterval: () => ({}),
  rotateModule: () => ({}),
};

/**
 * The settings of `pm2-logrotate` as a rule for the whole home.
 * @returns `null` when nothing is set, and what could not be read, in words.
 */
export function readLogrotateSettings(settings: unknown): {
  rule: RotationSpec | null;
  faults: string[];
} {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    return { rule: null, faults: [] };
  const entries = Object.entries(settings);
  const faults: string[] = [];
  let rule: RotationSpec = {};
  for (const [name, value] of entries) {
    const reading = Object.hasOwn(readings, name) ? readings[name] : undefined;
    const read = reading?.(typeof value === "string" ? value : JSON.stringify(value));
    if (read === undefined)
      faults.push(`${logrotateName}:${name} cannot be ${JSON.stringify(value)}`);
    else rule = { ...rule, ...read };
  }
  return { rule: entries.length === 0 ? null : rule, faults };
}
