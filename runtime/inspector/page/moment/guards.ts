import type { GuardReading } from "../../contract.ts";

/**
 * What a guard compared, as short as it fits on the chart: `3/16` for a value and its limit, else the one value there
 * is; empty when it compared nothing that is a number or a word.
 */
export function comparedOf({ saw }: Pick<GuardReading, "saw">): string {
  const values = Object.values(saw).filter((value) => value !== null);
  const numbers = values.filter((value) => typeof value === "number");
  const [first, second] = numbers;
  if (first !== undefined && second !== undefined) return `${first}/${second}`;
  const [only] = values;
  return only === undefined ? "" : String(only);
}

/** All of it, by name: `unstableRestarts 3, maxRestarts 16`. */
export function sawInWords({ saw }: Pick<GuardReading, "saw">): string {
  return Object.entries(saw)
    .map(([name, value]) => `${name} ${value === null ? "none" : value}`)
    .join(", ");
}
