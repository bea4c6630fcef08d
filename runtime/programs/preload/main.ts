import { readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import {
  preloadVariable,
  sharesVariable,
  type PreloadOptions,
} from "../../contract/app-link/protocol.ts";
import { watchSignalListeners } from "./bystanders.ts";
import { createDrain } from "./drain.ts";
import { onListening, reusePorts } from "./listening.ts";
import { createLink, type Link } from "./link.ts";
import { offerMessages } from "./messages.ts";
import { offerProfiles } from "./profile.ts";
import { holdEarlyMessages } from "./early-messages.ts";
import { tellExceptions } from "./exceptions.ts";
import { surviveFullDisk } from "./full-disk.ts";
import { createSharing, type Sharing } from "./sharing.ts";
import { isThread, isTool, keepToOneself, passOn } from "./passing-on.ts";
import { tellIfPrimaryIsNeeded } from "./primary-needed.ts";
import { answerQuestions } from "./answers.ts";
import { createTraffic } from "./traffic.ts";
import { createTurns } from "./turns.ts";

/*
 * Loaded by `--require` in `NODE_OPTIONS` in front of a Node app. It must cost next to nothing and change nothing that the
 * app can tell: no module is loaded that Node has not loaded already, no connection is made before the app listens, sends
 * or is sent something, and what brought it here is taken out of the environment, so that the app's own children and
 * workers do not get it. A fault in it must never become a fault of the app.
 */
const text = process.env[preloadVariable];
if (text !== undefined) {
  try {
    begin(JSON.parse(text) as PreloadOptions);
  } catch (error) {
    // The app must not suffer from a fault of ours: it runs without us, and its log has the reason.
    console.error(`xm: ${String(error)}; the app runs without its process manager's help`);
  }
}

function begin(options: PreloadOptions): void {
  const shared = process.env[sharesVariable];
  delete process.env[sharesVariable];
  if (options.isWorker || !isTool(process.argv[1])) {
    keepToOneself(options);
    start(options, shared);
  } else if (!isThread()) {
    passOn(options);
    // Node has taken the channel: what this tool starts has none of God's.
    process.env[preloadVariable] = JSON.stringify({ ...options, hasGodsChannel: false });
    start(options, shared, () => keepToOneself(options));
  }
}

/** @param isApp called when the process shows that it is the app: it serves, or has something to say. */
function start(options: PreloadOptions, shared: string | undefined, isApp?: () => void): void {
  const link = createLink(options);
  offerMessages(link, options, isApp);
  if (options.isWorker) holdEarlyMessages();
  tellExceptions(link, options);
  surviveFullDisk(link);
  if (options.sourceMaps) process.setSourceMapsEnabled(true);
  if (options.reusesPort) reusePorts();
  freeInspectorPort();
  offerProfiles(link);
  const sharing = sharingOf(options, shared, link);
  const traffic = createTraffic(link, sharing);
  const { measuresLoop = false } = options;
  const answers = answerQuestions(link, { nameOf, traffic, measuresLoop });
  const { isWorker } = options;
  const isBehind = !isWorker && process.ppid !== options.parent;
  const bystanders = watchSignalListeners();
  const drain = createDrain(link, { sharing, isWorker, isBehind, bystanders });
  const beats = once(() => {
    if (options.heartbeatMs !== null) beat(options.heartbeatMs, link);
  });
  let isListening = false;
  if (options.isWorker) tellIfPrimaryIsNeeded(() => isListening);
  onListening((server) => {
    isListening = true;
    isApp?.();
    beats();
    link.listening(nameOf(server));
    if (options.drain) drain.track(server);
    sharing?.share(server);
    answers.track(server);
    if (options.isWorker) traffic.track(server);
  });
  if (options.drain || options.isWorker) drain.obey();
  // Whether a tool in front of the app turns says nothing of the app.
  if (isApp === undefined) beats();
  if (options.socket !== null && !isBehind) leaveExitCode(options);
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

/** Where a server listens; the same for every address of one port. */
function nameOf(server: Server): string {
  const address = server.address();
  if (typeof address === "string") return address;
  return address === null ? "" : String(address.port);
}

/** A worker shares its connections with the others, or gets them in turn; with a port of its own it does neither. */
function sharingOf(
  { isWorker, reusesPort, isSticky = false }: PreloadOptions,
  shared: string | undefined,
  link: Link,
): Sharing | undefined {
  if (shared !== undefined) return createSharing(shared, link, isSticky);
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
      // The time of the kernel's clock, which cannot be set and which God compares with its own.
      const up = Number(process.hrtime.bigint()) / 1e6;
      const left = { at: Date.now(), up, code: process.exitCode ?? code };
      writeFileSync(file, JSON.stringify(left), { mode: 0o600 });
    } catch {
      // The home is gone or full: the exit code stays unknown, as without us.
    }
  });
}

/**
 * A killed parent stays its children's parent until the kernel has taken it apart, which takes longer the more memory it
 * has: it is dying when SIGKILL waits for it, when it is exiting (proc(5): `PF_EXITING` of its flags), and as a zombie.
 */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "Z", , , , , , flags = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (/[ZX]/.test(state) || (Number(flags) & exiting) !== 0) return false;
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const pending = /^SigPnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0";
    return (Number.parseInt(pending.slice(-8), 16) & killPending) === 0;
  } catch {
    return false;
  }
}

const exiting = 0x4;
/** SIGKILL's bit in a mask of signals. */
const killPending = 0x100;
