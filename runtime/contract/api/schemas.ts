import * as v from "valibot";
import type { busEventSchema, busTopics } from "./bus-schemas.ts";
import type {
  actionRequestSchema,
  declareRequestSchema,
  reloadRequestSchema,
  scaleRequestSchema,
  signalRequestSchema,
  triggerRequestSchema,
} from "./command-schemas.ts";
import { historyRecordSchema } from "./history-schemas.ts";
import type {
  inspectionSchema,
  inspectorOpenedSchema,
  inspectorSchema,
  openInspectorSchema,
  profileRequestSchema,
  profileSchema,
} from "./inspection-schemas.ts";
import type { followRequestSchema, logFilesSchema, logLineSchema } from "./log-schemas.ts";
import {
  outcomeSchema,
  triggerResultSchema,
  type outcomeKinds,
  type progressSchema,
  type runLineSchema,
} from "./outcome-schemas.ts";
import { processDetailSchema, processSchema, type usageSchema } from "./process-schemas.ts";
import { count, nullable, text, time } from "./schema-words.ts";

export * from "./bus-schemas.ts";
export * from "./command-schemas.ts";
export * from "./history-schemas.ts";
export * from "./inspection-schemas.ts";
export * from "./log-schemas.ts";
export * from "./outcome-schemas.ts";
export { processDetailSchema, processSchema, usageSchema } from "./process-schemas.ts";
export * from "./spec-schema.ts";
export {
  controlActionSchema,
  controlReloadSchema,
  controlScaleSchema,
  controlSignalSchema,
} from "./control-schemas.ts";

/** What goes in and out of the API. `docs/generate/openapi.ts` turns these into the OpenAPI file, the client takes its types. */

export const daemonRequestSchema = v.strictObject({ by: text() });

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
  /** What was repaired, adopted or lost at its start. */
  notes: v.array(text()),
});

export const dumpRequestSchema = v.strictObject({
  empty: v.optional(v.pipe(v.boolean(), v.description("save an empty list"))),
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
  group: v.optional(nullable(v.array(text()))),
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
export type RunLine = v.InferOutput<typeof runLineSchema>;
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
export type UsageView = v.InferOutput<typeof usageSchema>[number];
export type MachineStates = v.InferOutput<typeof machineStatesSchema>;
export type Problem = v.InferOutput<typeof problemSchema>;
