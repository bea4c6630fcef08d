import type { RotationRule } from "../../../machines/log-rotation.ts";
import { formatTime } from "../log-files/format-time.ts";
import { rotatedName } from "./names.ts";

/** The name that a file gets which is rotated now; the second of one moment has a number. */
export function nameFor(options: {
  readonly file: string;
  readonly rule: Pick<RotationRule, "dateSuffix" | "timezone">;
  readonly at: number;
  readonly isTaken: (name: string) => boolean;
}): string {
  const { file, rule, at, isTaken } = options;
  const time = inZone(rule.timezone, () => formatTime(at, rule.dateSuffix));
  for (let number = 1; ; number += 1) {
    const name = rotatedName(file, time, number);
    if (!isTaken(name) && !isTaken(`${name}.gz`)) return name;
  }
}

/** Node rereads the zone whenever the variable is set. */
function inZone<T>(zone: string | null, work: () => T): T {
  if (zone === null) return work();
  const before = process.env["TZ"];
  process.env["TZ"] = zone;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
}
