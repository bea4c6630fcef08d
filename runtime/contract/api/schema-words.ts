import * as v from "valibot";
import { largestUserId, longestMs, shortestHeartbeatMs, signalNames } from "../ranges.ts";

/** The words that the schemas of the API are made of. */

/** A fault of a body or an answer: where it is, what was expected, and what is there. */
export function tellIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "body";
  return `${path}: expected ${issue.expected ?? issue.message}, got ${issue.received}`;
}

export const nullable = v.nullable;
export const text = v.string;

/** No date is further from the epoch; ms (ECMA-262, time values). */
const furthestMs = 8.64e15;

export const time = () =>
  v.pipe(
    v.number(),
    v.minValue(-furthestMs),
    v.maxValue(furthestMs),
    v.description("ms since the epoch"),
  );
export const ms = () =>
  v.pipe(v.number(), v.minValue(0), v.maxValue(longestMs), v.description("ms"));
export const heartbeat = () =>
  v.pipe(v.number(), v.minValue(shortestHeartbeatMs), v.maxValue(longestMs), v.description("ms"));
export const count = () => v.pipe(v.number(), v.integer(), v.minValue(0));
export const port = () => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
export const signalName = () => v.picklist(signalNames, "a signal such as SIGINT");
export const userId = () =>
  v.union([v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(largestUserId)), text()]);
export const path = () => v.pipe(v.string(), v.regex(/^\//, "expected an absolute path"));
export const stringMap = () => v.record(v.string(), v.string());
