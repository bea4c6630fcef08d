import type { CallName } from "./calls.ts";

/** What each call does, for who reads the OpenAPI file; apart from the calls, which every program that asks loads. */
export const summaries: Readonly<Record<CallName, string>> = {
  ping: "Is it there?",
  daemon: "The daemon itself",
  shutDown: "Stops and removes every process and ends the daemon",
  handOver: "Ends the daemon and leaves every process running",
  inspector: "The inspector: whether it listens, and who looks",
  openInspector:
    "Opens the inspector on 127.0.0.1, and gives an address that lets its reader in once",
  closeInspector: "Closes the inspector; all its addresses, pages and tokens become invalid",
  processes:
    "All processes; `metrics=true` samples memory and CPU, `detail=true` adds specification and decisions",
  process: "One process with everything that is known of it",
  states: "The states that its machine, its app's, a reload's and God's are in",
  history:
    "Past moments, oldest first: `ids`, `app` (a key; may be given again), `kinds` (process, reload, app, god, daemon), `since` and `until` (ms since the epoch), `after` and `before` (numbers), `limit` (the last N)",
  declare: "Declares apps: starts what is missing, treats known ones as `known` says",
  scale: "Scales an app to N processes",
  act: "Does one thing to some processes",
  reload: "Replaces processes without a gap: its steps as they are taken, then an outcome each",
  trigger: "Triggers a custom action in apps and returns their answers",
  signal: "Sends a signal to the main process of each target",
  message: "Gives some processes a message (`process.on('message')`)",
  input: "Writes text to the standard input of some processes",
  inspect:
    "Switches the Node inspector of a running app on, on the loopback interface: a stream of one line, whose end switches it off",
  profile:
    "Profiles the daemon for a time: one line, the profile; with `id` an app, which profiles itself: its parts",
  save: "Saves the list (PM2's dump)",
  resurrect: "Starts saved apps that are not running",
  events:
    "Every moment as it happens, or those of some `kinds`; with `after` first those with a higher number, so that nothing is missed",
  bus: "What happens, as it happens: `topics` are processes, messages, logs, daemon; who does not read is cut off",
  logs: "Log lines: `ids`, `lines`, `follow`, `streams`",
  followLogs:
    "Log lines, also of processes that come later, and from where another daemon's stream was cut",
  flushLogs: "Empties log files",
  rotateLogs: "Rotates log files now, whatever their size",
  reopenLogs: "Reopens log files that were renamed or removed, for logrotate",
};
