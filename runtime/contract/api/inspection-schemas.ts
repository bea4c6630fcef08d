import * as v from "valibot";
import { count, nullable, text } from "./schema-words.ts";

/** Looking into God (the inspector) and into apps (Node's inspector, profiles). */

export const openInspectorSchema = v.strictObject({
  /** 0: a free one. Default: the one it listens on, else a free one. */
  port: v.optional(v.pipe(count(), v.maxValue(65_535))),
  /** Whoever uses the address may act on processes. */
  control: v.boolean(),
  by: text(),
});

export const inspectorSchema = v.object({
  port: v.pipe(nullable(count()), v.description("`null` when it does not listen")),
  viewers: v.pipe(count(), v.description("pages and tools that are connected")),
  sessions: count(),
});

export const inspectorOpenedSchema = v.object({
  port: count(),
  url: v.pipe(text(), v.description("opens the page once, within ten minutes")),
  token: v.pipe(text(), v.description("for programs, as `Authorization: Bearer`")),
});

export const inspectionRequestSchema = v.strictObject({
  id: count(),
  hold: v.pipe(
    v.optional(v.literal(true)),
    v.description(
      "the debugger's port is closed when this request's connection ends, with or without it",
    ),
  ),
});

/** Where the Node inspector of an app listens. */
export const inspectionSchema = v.object({
  id: count(),
  name: text(),
  pid: count(),
  url: v.pipe(text(), v.description("WebSocket address, on the loopback interface")),
  devtools: v.pipe(text(), v.description("what a browser opens")),
  wasOpen: v.boolean(),
});

export const profileKinds = ["cpu", "memory"] as const;

export const profileRequestSchema = v.strictObject({
  kind: v.picklist(profileKinds),
  durationMs: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600_000)),
  id: v.pipe(v.optional(count()), v.description("of an app; without it the daemon is profiled")),
});

/**
 * Of the daemon one line, a profile as V8 gives it: what a `.cpuprofile` or a `.heapprofile` file holds. Of an app lines that hold its
 * text in parts, or one that says that the app has no line to the daemon.
 */
export const profileSchema = v.looseObject({
  part: v.optional(v.string()),
  hasLine: v.optional(v.literal(false)),
});
