import type { LogSpaceRule } from "../../../machines/log-space.ts";
import { parseSize } from "./units.ts";

/** Under this name a home's own settings are: `xm set exmachina:log_max_total 10G`. */
export const ownSettingsName = "exmachina";

/**
 * What the rotated log files of a whole home may take.
 * @returns `null` when nothing is set, and what could not be read, in words.
 */
export function readLogSpaceSettings(settings: unknown): {
  rule: LogSpaceRule | null;
  faults: string[];
} {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    return { rule: null, faults: [] };
  const faults: string[] = [];
  let maxTotalBytes: number | null = null;
  let minFree: LogSpaceRule["minFree"] = null;
  for (const [name, value] of Object.entries(settings)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const fault = `${ownSettingsName}:${name} cannot be ${JSON.stringify(value)}`;
    if (name === "log_max_total") {
      const bytes = parseSize(text);
      if (bytes === undefined) faults.push(`${fault}: give a size, such as 10G`);
      else maxTotalBytes = bytes === 0 ? null : bytes;
    } else if (name === "min_free") {
      const read = readMinFree(text);
      if (read === undefined) faults.push(`${fault}: give a size or a share, such as 2G or 5%`);
      else minFree = read;
    } else {
      faults.push(`${ownSettingsName}:${name} is unknown; known are log_max_total and min_free`);
    }
  }
  const isSet = maxTotalBytes !== null || minFree !== null;
  return { rule: isSet ? { maxTotalBytes, minFree } : null, faults };
}

function readMinFree(text: string): LogSpaceRule["minFree"] | undefined {
  const share = /^(\d{1,2}(?:\.\d+)?) ?%$/.exec(text.trim())?.[1];
  if (share !== undefined) return Number(share) === 0 ? null : { percent: Number(share) };
  const bytes = parseSize(text);
  if (bytes === undefined) return undefined;
  return bytes === 0 ? null : { bytes };
}
