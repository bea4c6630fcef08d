import * as v from "valibot";
import { clamp, longestMs } from "../../contract/ranges.ts";

/**
 * A number that an older daemon took and this one would not is brought into its range (`contract/ranges.ts`): an app is
 * not lost for it.
 */
export function within(least: number, most: number): v.GenericSchema<number, number> {
  return v.pipe(
    v.number(),
    v.transform((value) => clamp(value, least, most)),
  );
}

/**
 * Objects are loose: a field that a newer daemon wrote outlives an older one that does not know it. Only what
 * this version needs is checked, by type; what a user may write is checked where it comes in (runtime/client/config).
 */
export const at = v.number();
export const ms = within(0, longestMs);
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const texts = v.array(v.string());
export const textOrNull = v.nullable(v.string());
export const numberOrNull = v.nullable(v.number());
export const idOrNameOrNull = v.nullable(v.union([v.number(), v.string()]));
