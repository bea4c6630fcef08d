import { readFileSync, writeFileSync } from "node:fs";
import {
  preloadVariable,
  sharesVariable,
  type PreloadOptions,
} from "../../contract/app-link/protocol.ts";
import { createDrain } from "./drain.ts";
import { onListening, reusePorts } from "./listening.ts";
import { createLink, type Link } from "./link.ts";
import { offerMessages } from "./messages.ts";
import { holdEarlyMessages } from "./early-messages.ts";
import { tellExceptions } from "./exceptions.ts";
import { surviveFullDisk } from "./full-disk.ts";
import { createSharing, type Sharing } from "./sharing.ts";
import { createTurns } from "./turns.ts";

/*
 * Loaded by `--require` in front of a Node app. It must cost next to nothing and change nothing that the app can
 * tell: no module is loaded that Node has not loaded already, no connection is made before the app listens, sends
 * or is sent something, and what brought it here is taken out of the environment and of `execArgv`, so that the
 * app's own children and workers do not get it. A fault in it must never become a fault of the app.
 */
const text = process.env[preloadVariable];
// In a worker thread too, which runs this file again and finds nothing to do.
hideFromChildren();
if (text !== undefined) {
  delete process.env[preloadVariable];
  const shared = process.env[sharesVariable];
  delete process.env[sharesVariable];
  try {
    start(JSON.parse(text) as PreloadOptions, shared);
  } catch (error) {
    // The app must not suffer from a fault of ours: it runs without us, and its log says so.
    console.error(`xm: ${String(error)}; the app runs without its process manager's help`);
  }
}

function start(options: PreloadOptions, shared: string | undefined): void {
  const link = createLink(options);
  offerMessages(link);
  if (options.isWorker) holdEarlyMessages();
  tellExceptions(link, options);
  surviveFullDisk(link);
  if (options.sourceMaps) process.setSourceMapsEnabled(true);
  if (options.reusesPort) reusePorts();
  freeInspectorPort();
  const sharing = sharingOf(options, shared, link);
  const drain = createDrain(link, { sharing, isWorker: options.isWorker });
  onListening((server) => {
    link.listening();
    if (options.drain) drain.track(server);
    sharing?.share(server);
  });
  if (options.drain || options.isWorker) drain.obey();
  if (options.heartbeatMs !== null) beat(options.heartbeatMs, link);
  if (options.socket !== null) leaveExitCode(options);
}

/** A worker shares its connections with the others, or gets them in turn; with a port of its own it does neither. */
function sharingOf(
  { isWorker, reusesPort }: PreloadOptions,
  shared: string | undefined,
  link: Link,
): Sharing | undefined {
  if (shared !== undefined) return createSharing(shared, link);
  return isWorker && !reusesPort ? createTurns(link) : undefined;
}

/**
 * SIGUSR1 switches Node's inspector on (`xm inspect`): on any free port, so that several apps can be inspected at
 * once, unless the app was given one.
 */
function freeInspectorPort(): void {
  const given = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (!given.includes("--inspect") && !given.includes("--debug-port")) process.debugPort = 0;
}

/** `child_process.fork` and `cluster` hand `execArgv` on. */
function hideFromChildren(): void {
  const at = process.execArgv.indexOf(__filename);
  if (at > 0 && process.execArgv[at - 1] === "--require") process.execArgv.splice(at - 1, 2);
}

/** Three beats in the time after which God takes the event loop for dead. */
function beat(heartbeatMs: number, link: ReturnType<typeof createLink>): void {
  link.open();
  setInterval(() => link.send({ type: "beat" }), Math.max(10, heartbeatMs / 3)).unref();
}

/** Only a parent learns an exit code: an app whose God has died leaves it in a file for the next one. */
function leaveExitCode({ life, exits, parent }: PreloadOptions): void {
  process.on("exit", (code) => {
    if (process.ppid === parent && isAlive(parent)) return;
    const file = `${exits}/${life}`;
    try {
      writeFileSync(file, JSON.stringify({ at: Date.now(), code: process.exitCode ?? code }), {
        mode: 0o600,
      });
    } catch {
      // The home is gone or full: the exit code stays unknown, as without us.
    }
  });
}

/** A killed parent with threads stays its children's parent for an instant, as a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
