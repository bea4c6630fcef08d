import type { CallName } from "./calls.ts";

/** What each call does, for the OpenAPI file; separate from the calls, which every client loads. */
export const summaries: Readonly<Record<CallName, string>> = {
  ping: "Health check",
  daemon: "Daemon status",
  shutDown: "Stops and removes every process and ends the daemon",
  handOver: "Ends the daemon and leaves every process running",
  inspector: "Inspector status, with its viewers",
  openInspector: "Opens the inspector on 127.0.0.1 and returns an address that works once",
  closeInspector: "Closes the inspector; all its addresses, pages and tokens become invalid",
  processes:
    "All processes; `metrics=true` samples memory and CPU, `detail=true` adds specification and decisions",
  process: "One process with all details",
  states: "The current states of its machine, its app's, a reload's and God's",
  usage:
    "Memory and CPU of processes over time, as kept: `ids`, `since` and `until` (ms since the epoch; default: the last 15 minutes), `most` (points per process)",
  history:
    "History records, oldest first: `ids`, `app` (a key; may be given again), `kinds` (process, reload, app, group, god, daemon), `since` and `until` (ms since the epoch), `after` and `before` (numbers), `limit` (the last N)",
  declare: "Declares apps: starts missing ones, treats known ones according to `known`",
  scale: "Scales an app to N processes",
  act: "Applies an action to processes",
  run: "Runs a job: streams that it has begun, and how it has ended",
  reload:
    "Replaces processes without downtime: streams its steps, then an outcome for each process",
  trigger: "Triggers a custom action in apps and returns their answers",
  signal: "Sends a signal to the main process of each target",
  message: "Sends a message to processes (`process.on('message')`)",
  input: "Writes text to the standard input of processes",
  inspect:
    "Enables the Node inspector of a running app on the loopback interface: a stream of one line, whose end disables it",
  profile:
    "Profiles the daemon for a time: one line with the profile; with `id` an app, which profiles itself: the parts of its profile",
  save: "Saves the list (PM2's dump)",
  resurrect: "Starts saved apps that are not running",
  events:
    "Streams history records as they happen, or those of some `kinds`; with `after` first those with a higher number, so that none is missed",
  bus: "Streams live events: `topics` are processes, messages, logs, daemon; a client that does not read is disconnected",
  logs: "Log lines: `ids`, `lines`, `follow`, `streams`",
  followLogs:
    "Log lines, including those of processes declared later, and from where another daemon's stream was cut",
  flushLogs: "Empties log files",
  rotateLogs: "Rotates log files now, whatever their size",
  reopenLogs: "Reopens log files that were renamed or removed, for logrotate",
};
