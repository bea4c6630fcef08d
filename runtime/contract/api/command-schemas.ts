import * as v from "valibot";
import { count, stringMap, text } from "./schema-words.ts";
import { appSpecSchema } from "./spec-schema.ts";

/** What commands ask for. */

/** PM2's `gracefulReload` is a reload that the bus calls by that name. */
const reloadKind = v.optional(v.picklist(["reload", "graceful"]));

/** Starts without what is depended on, and without waiting for it (`--no-deps`). */
const ignoresDependencies = v.optional(v.boolean());

/** Starts what is missing of some apps, and restarts the rest with what is declared now. */
export const declareRequestSchema = v.strictObject({
  apps: v.pipe(v.array(appSpecSchema), v.minLength(1)),
  /** What to do with an app that is known already. */
  known: v.pipe(
    v.picklist(["restart", "start", "reload", "refuse", "copy", "leave"]),
    v.description(
      "start: as restart, but a job that runs is left, and one whose completion remains",
    ),
  ),
  by: text(),
  kind: reloadKind,
  ignoresDependencies,
});

/** What some apps are from now on, by their keys. */
const settingsSchema = v.optional(v.array(v.strictObject({ key: text(), spec: appSpecSchema })));

export const actionRequestSchema = v.strictObject({
  action: v.picklist(["start", "stop", "restart", "delete", "reset", "flush"]),
  ids: v.pipe(v.array(count()), v.minLength(1)),
  by: text(),
  /** Merged over the environment (`--update-env`); apps whose processes are named get it. */
  env: v.optional(stringMap()),
  /** Set before the action, for what it starts; sizes stay as they are. */
  settings: settingsSchema,
  ignoresDependencies,
  /** In place of the declared arguments, until another command starts it. */
  args: v.optional(v.array(text())),
});

/** One run of a job, and its end. */
export const runRequestSchema = v.strictObject({
  id: count(),
  by: text(),
  /** In place of the declared arguments, for this run. */
  args: v.optional(v.array(text())),
  settings: settingsSchema,
  /** It was begun under a daemon that has died since: only its end is waited for. */
  isBegun: v.optional(v.boolean(), false),
});

export const reloadRequestSchema = v.strictObject({
  ids: v.pipe(v.array(count()), v.minLength(1)),
  by: text(),
  /** Merged over the environment of the replacements. */
  env: v.optional(stringMap()),
  /** What the replacements are made from; the app's own once the reload has succeeded. */
  settings: settingsSchema,
  /** Goes on whatever becomes of the replacements, as PM2 does. */
  force: v.optional(v.boolean()),
  kind: reloadKind,
});

export const triggerRequestSchema = v.strictObject({
  ids: v.pipe(v.array(count()), v.minLength(1)),
  action: text(),
  params: v.optional(v.unknown()),
  /** The id or the name they were chosen by, as it was given: an action with parameters receives it. */
  target: v.optional(v.union([text(), v.number()])),
});

export const scaleRequestSchema = v.strictObject({
  instances: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  by: text(),
});

export const signalRequestSchema = v.strictObject({ ids: v.array(count()), signal: text() });

export const messageRequestSchema = v.strictObject({
  ids: v.array(count()),
  /** What the app's `process.on("message")` gets. */
  message: v.pipe(v.unknown(), v.description("any JSON value")),
});

export const inputRequestSchema = v.strictObject({
  ids: v.array(count()),
  text: v.pipe(text(), v.description("written unchanged: a line needs its newline")),
});
