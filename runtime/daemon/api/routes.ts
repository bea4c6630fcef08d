import type { IncomingMessage, ServerResponse } from "node:http";
import type { Daemon } from "../start.ts";
import type { Inspector } from "../inspector/index.ts";
import * as daemonRoutes from "./daemon-routes.ts";
import * as inspectorRoutes from "./inspector-routes.ts";
import * as logRoutes from "./log-routes.ts";
import * as processRoutes from "./process-routes.ts";
import * as streamRoutes from "./stream-routes.ts";

/** One request as a handler sees it. */
export interface Exchange {
  readonly daemon: Daemon;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly inspector: Inspector;
  /** It came by TCP: see `Route.overTcp`. */
  readonly isRemote: boolean;
  /** Ends the daemon once the answer is out. */
  readonly leave: (how: Leave) => void;
}

/** How a daemon goes: its processes stopped and forgotten, or left running for the next one. */
export type Leave = "shutDown" | "handOver";

export interface Route {
  readonly method: "GET" | "POST";
  /** Path under `/v1`; `:name` is a parameter. */
  readonly path: string;
  readonly summary: string;
  /** Name of the request's schema in `schemas.ts`, where it takes a body. */
  readonly body?: string;
  /** Name of the answer's schema; `stream` when it is a line each. */
  readonly answer: string;
  readonly kind: "json" | "stream";
  /** What acts on processes may be asked for by TCP, with `--control`; what reads always, and all else never. */
  readonly overTcp?: "control";
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}

/** The whole API: what the server routes by and what the OpenAPI file is made from. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/ping",
    summary: "Is it there?",
    answer: "pingSchema",
    kind: "json",
    handle: daemonRoutes.ping,
  },
  {
    method: "GET",
    path: "/daemon",
    summary: "The daemon itself",
    answer: "daemonSchema",
    kind: "json",
    handle: daemonRoutes.show,
  },
  {
    method: "POST",
    path: "/daemon/shut-down",
    summary: "Stops every process, forgets them and ends the daemon",
    body: "daemonRequestSchema",
    answer: "leftSchema",
    kind: "json",
    handle: daemonRoutes.shutDown,
  },
  {
    method: "POST",
    path: "/daemon/hand-over",
    summary: "Ends the daemon and leaves every process running",
    body: "daemonRequestSchema",
    answer: "leftSchema",
    kind: "json",
    handle: daemonRoutes.handOver,
  },
  {
    method: "GET",
    path: "/inspector",
    summary: "The inspector: whether it listens, and who looks",
    answer: "inspectorSchema",
    kind: "json",
    handle: inspectorRoutes.show,
  },
  {
    method: "POST",
    path: "/inspector",
    summary: "Opens the inspector on 127.0.0.1, and gives an address that lets its reader in once",
    body: "openInspectorSchema",
    answer: "inspectorOpenedSchema",
    kind: "json",
    handle: inspectorRoutes.open,
  },
  {
    method: "POST",
    path: "/inspector/close",
    summary: "Closes the inspector; every address, page and token of it is void",
    body: "daemonRequestSchema",
    answer: "inspectorSchema",
    kind: "json",
    handle: inspectorRoutes.close,
  },
  {
    method: "GET",
    path: "/processes",
    summary:
      "All processes; `metrics=true` samples memory and CPU, `detail=true` adds specification and decisions",
    answer: "processesSchema",
    kind: "json",
    handle: processRoutes.list,
  },
  {
    method: "GET",
    path: "/processes/:id",
    summary: "One process with everything that is known of it",
    answer: "processDetailSchema",
    kind: "json",
    handle: processRoutes.show,
  },
  {
    method: "GET",
    path: "/processes/:id/states",
    summary: "The states that its machine, its app's, a reload's and God's are in",
    answer: "machineStatesSchema",
    kind: "json",
    handle: processRoutes.states,
  },
  {
    method: "GET",
    path: "/history",
    summary:
      "Past moments, oldest first: `ids`, `app` (a key; may be given again), `kinds` (process, reload, app, god, daemon), `since` and `until` (ms since the epoch), `after` and `before` (numbers), `limit` (the last so many)",
    answer: "historySchema",
    kind: "json",
    handle: processRoutes.history,
  },
  {
    method: "POST",
    path: "/apps",
    summary: "Declares apps: starts what is missing, treats known ones as `known` says",
    body: "declareRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
    handle: processRoutes.declareApps,
  },
  {
    method: "POST",
    path: "/apps/:name/scale",
    summary: "Brings an app to so many processes",
    body: "scaleRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
    overTcp: "control",
    handle: processRoutes.scaleApp,
  },
  {
    method: "POST",
    path: "/actions",
    summary: "Does one thing to some processes",
    body: "actionRequestSchema",
    answer: "outcomeSchema",
    kind: "stream",
    overTcp: "control",
    handle: processRoutes.actOn,
  },
  {
    method: "POST",
    path: "/reloads",
    summary: "Replaces processes without a gap: its steps as they are taken, then an outcome each",
    body: "reloadRequestSchema",
    answer: "reloadLineSchema",
    kind: "stream",
    overTcp: "control",
    handle: processRoutes.reloadProcesses,
  },
  {
    method: "POST",
    path: "/trigger",
    summary: "Asks apps to do an action that they offer, and gives their answers",
    body: "triggerRequestSchema",
    answer: "triggerResultsSchema",
    kind: "json",
    overTcp: "control",
    handle: processRoutes.trigger,
  },
  {
    method: "POST",
    path: "/signals",
    summary: "Sends a signal to the main process of some",
    body: "signalRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
    overTcp: "control",
    handle: processRoutes.signal,
  },
  {
    method: "POST",
    path: "/messages",
    summary: "Gives some processes a message (`process.on('message')`)",
    body: "messageRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
    handle: processRoutes.message,
  },
  {
    method: "POST",
    path: "/input",
    summary: "Writes text to the standard input of some processes",
    body: "inputRequestSchema",
    answer: "outcomesSchema",
    kind: "json",
    handle: processRoutes.input,
  },
  {
    method: "POST",
    path: "/inspections",
    summary: "Switches the Node inspector of a running app on, on the loopback interface",
    body: "inspectionRequestSchema",
    answer: "inspectionSchema",
    kind: "json",
    handle: processRoutes.inspect,
  },
  {
    method: "POST",
    path: "/profiles",
    summary: "Profiles the daemon itself for a time: one line, the profile",
    body: "profileRequestSchema",
    answer: "profileSchema",
    kind: "stream",
    handle: daemonRoutes.profile,
  },
  {
    method: "POST",
    path: "/dump",
    summary: "Saves the list (PM2's dump)",
    body: "dumpRequestSchema",
    answer: "dumpResultSchema",
    kind: "json",
    handle: daemonRoutes.save,
  },
  {
    method: "POST",
    path: "/resurrect",
    summary: "Starts what the saved list has and the daemon has not",
    body: "daemonRequestSchema",
    answer: "resurrectResultSchema",
    kind: "json",
    handle: daemonRoutes.resurrect,
  },
  {
    method: "GET",
    path: "/events",
    summary:
      "Every moment as it happens, or those of some `kinds`; with `after` first those with a higher number, so that nothing is missed",
    answer: "historyRecordSchema",
    kind: "stream",
    handle: streamRoutes.events,
  },
  {
    method: "GET",
    path: "/bus",
    summary:
      "What happens, as it happens: `topics` are processes, messages, logs, daemon; who does not read is cut off",
    answer: "busEventSchema",
    kind: "stream",
    handle: streamRoutes.bus,
  },
  {
    method: "GET",
    path: "/logs",
    summary: "Log lines: `ids`, `lines`, `follow`, `streams`",
    answer: "logLineSchema",
    kind: "stream",
    handle: streamRoutes.logs,
  },
  {
    method: "POST",
    path: "/logs",
    summary:
      "Log lines, also of processes that come later, and from where another daemon's stream was cut",
    body: "followRequestSchema",
    answer: "logLineSchema",
    kind: "stream",
    handle: streamRoutes.followLogs,
  },
  {
    method: "POST",
    path: "/logs/flush",
    summary: "Empties log files",
    body: "flushRequestSchema",
    answer: "logFilesSchema",
    kind: "json",
    handle: logRoutes.flush,
  },
  {
    method: "POST",
    path: "/logs/reopen",
    summary: "Makes log files anew that were renamed or removed, for logrotate",
    answer: "logFilesSchema",
    kind: "json",
    handle: logRoutes.reopen,
  },
];
