import * as v from "valibot";
import { longestMs } from "../ranges.ts";
import { text } from "./schema-words.ts";

const line = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(4_096),
  v.check((each) => !each.includes("\0"), "a text without a zero byte"),
);

const hook = v.strictObject({
  command: v.union([line, v.pipe(v.array(text()), v.minLength(1), v.maxLength(1_000))]),
  timeoutMs: v.pipe(v.number(), v.minValue(10), v.maxValue(longestMs)),
  mayFail: v.boolean(),
});

/** The hooks of an app, as a client sends them. */
export const hooks = v.strictObject({
  pre_start: v.optional(hook),
  post_start: v.optional(hook),
  pre_stop: v.optional(hook),
  post_stop: v.optional(hook),
});
