import * as v from "valibot";
import { isPlain } from "../plain.ts";
import { longestMs } from "../ranges.ts";
import { count, nullable, text } from "./schema-words.ts";

const groupName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  v.check(isPlain, "a text without control characters"),
);

/** The groups of an app. */
export const membership = v.strictObject({
  groups: v.pipe(
    v.array(
      v.strictObject({
        name: groupName,
        strategy: v.picklist(["one_for_one", "one_for_all", "rest_for_one"]),
        maxRestarts: count(),
        restartWindowMs: v.pipe(v.number(), v.minValue(1), v.maxValue(longestMs)),
        autoShutdown: v.picklist(["never", "any_significant", "all_significant"]),
        namespace: nullable(text()),
        order: count(),
        isSignificant: v.boolean(),
      }),
    ),
    v.minLength(1),
    v.maxLength(16),
  ),
  order: count(),
  isSignificant: v.boolean(),
});
