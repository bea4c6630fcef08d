import type { InferInput, InferOutput } from "valibot";
import type { controlSchemas } from "./control-schemas.ts";
import type * as schemas from "./schemas.ts";

/*
 * The whole API: what the daemon routes by and validates with, what the client asks with, and what the OpenAPI file is made from.
 * Schemas are listed here by name, so that a program that only calls the API loads none of them.
 */

/** One thing that can be asked of the daemon. */
export interface Call {
  readonly method: "GET" | "POST";
  /** Path under `/v1`; `:name` is a parameter. */
  readonly path: string;
  /** Name of the request's schema in `schemas.ts`, where it takes a body. */
  readonly body?: SchemaName;
  /** Name of the answer's schema; `stream` when it is a line each. */
  readonly answer: SchemaName;
  readonly kind: "json" | "stream";
  /** Who may request it over TCP: every viewer, or only with `--control`. Without it, only the unix socket. */
  readonly overTcp?: "read" | "control";
  /** The schema a body over TCP must meet besides the call's own: it holds less. */
  readonly bodyOverTcp?: keyof typeof controlSchemas;
}

type Schemas = typeof schemas;

export type SchemaName = Extract<keyof Schemas, `${string}Schema`>;

export const calls = {
  ping: {
    method: "GET",
    path: "/ping",
    answer: "pingSchema",
    kind: "json",
    overTcp: "read",
  },
  daemon: {
    method: "GET",
    path: "/daemon",
    answer: "daemonSchema",
    kind: "json",
    overTcp: "read",
  },
  shutDown: {
    method: "POST",
    path: "/daemon/shut-down",
    body: "daemonRequestSchema",
    answer: "leftSchema",
    kind: "json",
  },
  handOver: {
    method: "POST",
    path: "/daemon/hand-over",
    body: "daemonRequestSchema",
    answer: "leftSchema",
    kind: "json",
  },
  inspector: {
    method: "GET",
    path: "/inspector",
    answer: "inspectorSchema",
    kind: "json",
    overTcp: "read",
  },
  openInspector: {
    method: "POST",
    path: "/inspector",
    body: "openInspectorSchema",
    answer: "inspectorOpenedSchema",
    kind: "json",
  },
  closeInspector: {
    method: "POST",
    path: "/inspector/close",
    body: "daemonRequestSchema",
    answer: "inspectorSchema",
    kind: "json",
  },
  processes: {
    method: "GET",
    path: "/processes",
    answer: "processesSchema",
    kind: "json",
    overTcp: "read",
  },
  process: {
    method: "GET",
    path: "/processes/:id",
    answer: "processDetailSchema",
    kind: "json",
    overTcp: "read",
  },
  states: {
    method: "GET",
    path: "/processes/:id/states",
    answer: "machineStatesSchema",
    kind: "json",
    overTcp: "read",
  },
  usage: {
    method: "GET",
    path: "/usage",
    answer: "usageSchema",
    kind: "json",
    overTcp: "read",
  },
  history: {
    method: "GET",
    path: "/history",
    answer: "historySchema",
    kind: "json",
    overTcp: "read",
  },
  declare: {
    method: "POST",
    path: "/apps",
    body: "declareRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
  },
  scale: {
    method: "POST",
    path: "/apps/:name/scale",
    body: "scaleRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
    overTcp: "control",
    bodyOverTcp: "controlScaleSchema",
  },
  act: {
    method: "POST",
    path: "/actions",
    body: "actionRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
    overTcp: "control",
    bodyOverTcp: "controlActionSchema",
  },
  run: {
    method: "POST",
    path: "/runs",
    body: "runRequestSchema",
    answer: "runLineSchema",
    kind: "stream",
  },
  reload: {
    method: "POST",
    path: "/reloads",
    body: "reloadRequestSchema",
    answer: "reloadLineSchema",
    kind: "stream",
    overTcp: "control",
    bodyOverTcp: "controlReloadSchema",
  },
  trigger: {
    method: "POST",
    path: "/trigger",
    body: "triggerRequestSchema",
    answer: "triggerResultsSchema",
    kind: "json",
  },
  signal: {
    method: "POST",
    path: "/signals",
    body: "signalRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
    overTcp: "control",
    bodyOverTcp: "controlSignalSchema",
  },
  message: {
    method: "POST",
    path: "/messages",
    body: "messageRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
  },
  input: {
    method: "POST",
    path: "/input",
    body: "inputRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
  },
  inspect: {
    method: "POST",
    path: "/inspections",
    body: "inspectionRequestSchema",
    answer: "inspectionSchema",
    kind: "stream",
  },
  profile: {
    method: "POST",
    path: "/profiles",
    body: "profileRequestSchema",
    answer: "profileSchema",
    kind: "stream",
  },
  save: {
    method: "POST",
    path: "/dump",
    body: "dumpRequestSchema",
    answer: "dumpResultSchema",
    kind: "json",
  },
  resurrect: {
    method: "POST",
    path: "/resurrect",
    body: "daemonRequestSchema",
    answer: "resurrectResultSchema",
    kind: "json",
  },
  events: {
    method: "GET",
    path: "/events",
    answer: "historyRecordSchema",
    kind: "stream",
    overTcp: "read",
  },
  bus: {
    method: "GET",
    path: "/bus",
    answer: "busEventSchema",
    kind: "stream",
    overTcp: "read",
  },
  logs: {
    method: "GET",
    path: "/logs",
    answer: "logLineSchema",
    kind: "stream",
    overTcp: "read",
  },
  followLogs: {
    method: "POST",
    path: "/logs",
    body: "followRequestSchema",
    answer: "logLineSchema",
    kind: "stream",
  },
  flushLogs: {
    method: "POST",
    path: "/logs/flush",
    body: "flushRequestSchema",
    answer: "logFilesSchema",
    kind: "json",
  },
  rotateLogs: {
    method: "POST",
    path: "/logs/rotate",
    body: "rotateRequestSchema",
    answer: "logFilesSchema",
    kind: "json",
  },
  reopenLogs: {
    method: "POST",
    path: "/logs/reopen",
    answer: "logFilesSchema",
    kind: "json",
  },
} as const satisfies Readonly<Record<string, Call>>;

export type CallName = keyof typeof calls;

/** The calls that are answered with one value; the others are with a line each. */
export type JsonCall = Extract<
  { [N in CallName]: (typeof calls)[N]["kind"] extends "json" ? N : never }[CallName],
  CallName
>;

/** What a call takes, as it comes out of its validation; `undefined` when it takes nothing. */
export type BodyOf<N extends CallName> = (typeof calls)[N] extends {
  readonly body: infer S extends SchemaName;
}
  ? InferOutput<Schemas[S]>
  : undefined;

/** What is given to a call. */
export type GivenTo<N extends CallName> = (typeof calls)[N] extends {
  readonly body: infer S extends SchemaName;
}
  ? Readonlys<InferInput<Schemas[S]>>
  : undefined;

/** What a call is answered with: the whole of it, or one line. */
export type AnswerOf<N extends CallName> = InferOutput<Schemas[(typeof calls)[N]["answer"]]>;

/** The same, read-only; what may hold anything is any object. */
export type Readonlys<T> = T extends readonly (infer U)[]
  ? readonly Readonlys<U>[]
  : T extends object
    ? string extends keyof T
      ? unknown extends T[string & keyof T]
        ? object
        : T
      : { readonly [K in keyof T]: Readonlys<T[K]> }
    : T;
