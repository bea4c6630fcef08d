import * as v from "valibot";
import { count, nullable, stringMap, text, time } from "./schema-words.ts";
import { busEventSchema, busTopics } from "./bus-schemas.ts";
import {
  flushRequestSchema,
  followRequestSchema,
  logFilesSchema,
  logLineSchema,
  rotateRequestSchema,
} from "./log-schemas.ts";
import { processDetailSchema, processSchema } from "./process-schemas.ts";
import { historyRecordSchema } from "./history-schemas.ts";
import { appSpecSchema } from "./spec-schema.ts";

export {
  controlActionSchema,
  controlReloadSchema,
  controlScaleSchema,
  controlSignalSchema,
} from "./control-schemas.ts";

export { appSpecSchema };
export { busEventSchema, busTopics };
export { historyRecordSchema };
export {
  flushRequestSchema,
  followRequestSchema,
  logFilesSchema,
  logLineSchema,
  rotateRequestSchema,
};
export { processDetailSchema, processSchema };

/** What goes in and out of the API. `docs/generate/openapi.ts` turns these into the OpenAPI file, the client takes its types. */

/** PM2's `gracefulReload` is a reload that the bus calls by that name. */
const reloadKind = v.optional(v.picklist(["reload", "graceful"]));

/** Starts without what is depended on, and without waiting for it (`--no-deps`). */
const ignoresDependencies = v.optional(v.boolean());

/** Starts what is missing of some apps, and restarts the rest with what is declared now. */
export const declareRequestSchema = v.strictObject({
  apps: v.pipe(v.array(appSpecSchema), v.minLength(1)),
  /** What to do with an app that is known already. */
  known: v.picklist(["restart", "reload", "refuse", "copy", "leave"]),
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

/** One step of a reload, as it is taken. */
export const progressSchema = v.object({
  progress: v.picklist(["starting", "ready", "late", "draining", "stopping", "ended"]),
  at: time(),
  id: count(),
  generation: count(),
  name: text(),
  pid: nullable(count()),
  livedMs: v.pipe(nullable(v.number()), v.description("age of the child")),
});

export const triggerRequestSchema = v.strictObject({
  ids: v.pipe(v.array(count()), v.minLength(1)),
  action: text(),
  params: v.optional(v.unknown()),
  /** The id or the name they were chosen by, as it was given: an action with parameters receives it. */
  target: v.optional(v.union([text(), v.number()])),
});

/** What an app answered to an action. */
export const triggerResultSchema = v.object({
  id: count(),
  name: text(),
  ok: v.boolean(),
  message: text(),
  return: v.unknown(),
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
  text: v.pipe(text(), v.description("written as it is: a line ends with its newline")),
});

export const daemonRequestSchema = v.strictObject({ by: text() });

export const openInspectorSchema = v.strictObject({
  /** 0: any that is free. Without it: the one it listens on, else any. */
  port: v.optional(v.pipe(count(), v.maxValue(65_535))),
  /** Whoever uses the address may act on processes. */
  control: v.boolean(),
  by: text(),
});

/** What became of one process by a command. */
const outcomeKinds = [
  "started",
  "restarted",
  "reloaded",
  "stopped",
  "deleted",
  "reset",
  "flushed",
  "sent",
  "declared",
  /** It was as the command wants it already, or was to be left as it is. */
  "unchanged",
  /** It was started, and has ended by itself as it is meant to. */
  "ended",
  /** Another command came between. */
  "overtaken",
  "failed",
] as const;

/** One line of an action's answer: what became of one process. */
export const outcomeSchema = v.object({
  id: count(),
  name: text(),
  ok: v.boolean(),
  kind: v.picklist(outcomeKinds),
  /** For example `started`, `stopped`, `already stopped`, or what went wrong. */
  message: text(),
  note: v.pipe(
    nullable(text()),
    v.description("what is worth knowing although it succeeded; `null` when its kind says it all"),
  ),
  warning: v.pipe(
    nullable(text()),
    v.description("what is to be known of a success that may not last, such as a full disk"),
  ),
  lastWords: v.pipe(
    v.array(text()),
    v.description("of a failure: the last lines the program wrote to its errors"),
  ),
  /** Names of the settings that a declaration changed. */
  changed: v.array(text()),
  status: processSchema.entries.status,
  pid: nullable(count()),
});

/** One line of a reload's answer. */
export const reloadLineSchema = v.union([outcomeSchema, progressSchema]);

export const daemonSchema = v.object({
  pid: count(),
  version: text(),
  node: text(),
  home: text(),
  log: text(),
  startedAt: time(),
  memoryBytes: count(),
  processes: count(),
  watchdogPid: nullable(count()),
  stateIsWritable: v.boolean(),
  /** What was repaired, adopted or lost when it came up. */
  notes: v.array(text()),
});

export const inspectionRequestSchema = v.strictObject({
  id: count(),
  hold: v.pipe(
    v.optional(v.boolean()),
    v.description("closes the debugger's port when this request's connection ends"),
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

export const dumpRequestSchema = v.strictObject({
  empty: v.optional(v.pipe(v.boolean(), v.description("save an empty list"))),
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

export const dumpResultSchema = v.object({ file: text(), processes: count() });

export const resurrectResultSchema = v.object({
  outcomes: v.array(outcomeSchema),
  /** Entries that PM2 has saved; the client knows its words. */
  foreign: v.array(v.looseObject({})),
  notes: v.array(text()),
});

export const triggerResultsSchema = v.array(triggerResultSchema);

export const pingSchema = v.object({ pid: count(), version: text() });

export const leftSchema = v.object({
  stopped: count(),
  note: v.pipe(nullable(text()), v.description("what could not be written to disk")),
});

export const processesSchema = v.array(v.union([processDetailSchema, processSchema]));

export const outcomesSchema = v.array(outcomeSchema);

/** Ids of the states that each machine around a process is in, from the root down; `null` where there is none. */
export const machineStatesSchema = v.object({
  god: v.array(text()),
  app: nullable(v.array(text())),
  process: nullable(v.array(text())),
  reload: nullable(v.array(text())),
});

export const historySchema = v.array(historyRecordSchema);

export const problemSchema = v.object({
  type: text(),
  title: text(),
  status: count(),
  detail: text(),
  code: text(),
  class: text(),
  fix: text(),
});

export type ProcessView = v.InferOutput<typeof processSchema>;
export type ProcessDetail = v.InferOutput<typeof processDetailSchema>;
export type DeclareRequest = v.InferOutput<typeof declareRequestSchema>;
export type ActionRequest = v.InferOutput<typeof actionRequestSchema>;
export type ReloadRequestBody = v.InferOutput<typeof reloadRequestSchema>;
export type Progress = v.InferOutput<typeof progressSchema>;
export type TriggerRequest = v.InferOutput<typeof triggerRequestSchema>;
export type TriggerResult = v.InferOutput<typeof triggerResultSchema>;
export type ScaleRequest = v.InferOutput<typeof scaleRequestSchema>;
export type SignalRequest = v.InferOutput<typeof signalRequestSchema>;
export type OutcomeKind = (typeof outcomeKinds)[number];
export type Outcome = v.InferOutput<typeof outcomeSchema>;
export type DaemonView = v.InferOutput<typeof daemonSchema>;
export type HistoryRecordView = v.InferOutput<typeof historyRecordSchema>;
export type LogLine = v.InferOutput<typeof logLineSchema>;
export type Inspection = v.InferOutput<typeof inspectionSchema>;
export type ProfileLine = v.InferOutput<typeof profileSchema>;
export type ProfileRequest = v.InferOutput<typeof profileRequestSchema>;
export type BusEvent = v.InferOutput<typeof busEventSchema>;
export type BusTopic = (typeof busTopics)[number];
export type LogFiles = v.InferOutput<typeof logFilesSchema>;
export type FollowRequest = v.InferOutput<typeof followRequestSchema>;
export type DumpResult = v.InferOutput<typeof dumpResultSchema>;
export type ResurrectResult = v.InferOutput<typeof resurrectResultSchema>;
export type InspectorView = v.InferOutput<typeof inspectorSchema>;
export type InspectorOpened = v.InferOutput<typeof inspectorOpenedSchema>;
export type OpenInspector = v.InferOutput<typeof openInspectorSchema>;
export type MachineStates = v.InferOutput<typeof machineStatesSchema>;
export type Problem = v.InferOutput<typeof problemSchema>;
