import { duration } from "../../../../machines/lib/words.ts";
import type { GuardReading } from "../../../contract/inspector.ts";

/** A value in words: as a time if its name marks it as one. */
function valueOf(name: string, value: number | string | boolean | null): string {
  if (value === null) return "none";
  return typeof value === "number" && name.endsWith("Ms") ? duration(value) : String(value);
}

/**
 * The values a guard compared, short enough for the chart: `3/16` for a value and its limit; empty when it did not
 * compare a number with a limit (`max…`).
 */
export function ratioOf({ saw }: Pick<GuardReading, "saw">): string {
  const numbers = Object.entries(saw).filter(([, value]) => typeof value === "number");
  const limit = numbers.find(([name]) => name.startsWith("max"));
  const value = numbers.find((each) => each !== limit);
  return limit === undefined || value === undefined
    ? ""
    : `${valueOf(...value)}/${valueOf(...limit)}`;
}

/** The same, or the one value there is. */
export function comparedOf(reading: Pick<GuardReading, "saw">): string {
  const ratio = ratioOf(reading);
  if (ratio !== "") return ratio;
  const [only] = Object.entries(reading.saw).filter(([, value]) => value !== null);
  return only === undefined ? "" : valueOf(...only);
}

/** All of it, by name: `unstableRestarts 3, maxRestarts 16`. */
export function sawInWords({ saw }: Pick<GuardReading, "saw">): string {
  return Object.entries(saw)
    .map(([name, value]) => `${name} ${valueOf(name, value)}`)
    .join(", ");
}
