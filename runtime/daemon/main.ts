import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { serveApi } from "./api/server.ts";
import { messageOf } from "../contract/errors.ts";
import { createComplaints } from "../host/complaints.ts";
import {
  closeInherited,
  isShortage,
  noteShortage,
  reserveDescriptors,
} from "../host/descriptors.ts";
import { readIfThere } from "../host/files/read.ts";
import { holderWords, homeTakenCode } from "../host/home/lock.ts";
import { readBootId } from "../host/boot.ts";
import { homePaths, resolveHome } from "../host/home/paths.ts";
import { removeDaemonPid, writeDaemonPid } from "../host/home/pid-file.ts";
import { recoverRotation } from "../host/rotation/recover.ts";
import { prepareHome } from "../host/home/prepare.ts";
import type { PageFolders } from "./inspector/files.ts";
import { inheritPort } from "./inspector/held-port.ts";
import { createInspector } from "./inspector/index.ts";
import { lifeVariable } from "./children/life.ts";
import { writeFileAtomic } from "../host/atomic.ts";
import { openStore } from "./state/store.ts";
import { version } from "../contract/version.ts";
import { startDaemon } from "./start.ts";
import type { Programs } from "./services.ts";
import { createOwnLog } from "./own-log.ts";
import { leaveDaemon } from "./leave.ts";
import { takeHome } from "./take-home.ts";
import { countBoots, startWatchdog } from "./watchdog.ts";
import type { Leave } from "./api/exchange.ts";
import { foregroundOf } from "../contract/foreground.ts";
import { lifelineVariable } from "../contract/variables.ts";
import { servePm2Clients, type Pm2Clients } from "./api/pm2-clients.ts";
import { openClock, steadyNow, useClock } from "../host/clock.ts";

/** God: `node god.cjs HOME`. One per home; started by the first client, by the watchdog, or inside `xm-runtime`. */
async function main(): Promise<void> {
  closeInherited();
  process.umask(0o077);
  const paths = prepareHome(process.argv[2] ?? resolveHome(process.env));
  process.chdir("/");
  // A daemon started from within a managed app is not a part of that app's life.
  delete process.env[lifeVariable];
  const lock = await takeHome(paths.home, log);
  if (lock.kind === "taken") giveWay(holderWords(lock.pid), paths.home);
  for (const note of lock.notes) log(note);
  // First of all: no process stays paused.
  for (const note of recoverRotation(paths.rotation)) log(note);
  process.title = process.env["PM2_DAEMON_TITLE"] || `xm v${version}: God Daemon (${paths.home})`;

  reserveDescriptors(log);
  useClock(openClock(join(paths.state, "clock.json")));
  const now = steadyNow;
  const boots = countBoots(process.env, now());
  const store = openStore(paths.state, { now, log });
  const wasRebooted = noteBoot(join(paths.state, "boot-id"));
  store.append({ type: "daemon.started", at: now(), pid: process.pid, version });

  const heldPort = inheritPort(process.env);
  const hasLifeline = process.env[lifelineVariable] !== undefined;
  delete process.env[lifelineVariable];
  const hasWatchdog =
    process.env["XM_WATCHDOG"] !== "off" && !hasLifeline && foreground === undefined;
  const command = [process.execPath, ...process.execArgv, process.argv[1] ?? "", paths.home];
  const signals = foreground === undefined ? heedSignals() : undefined;
  // Before what takes long and needs memory: a daemon that is killed while it adopts its apps is brought back too.
  if (hasWatchdog) watchdog = startWatchdog({ command, boots, log, heldPort });
  const programs = programsBeside(process.argv[1] ?? "");
  const daemon = await startDaemon({
    programs,
    paths,
    store,
    wasRebooted,
    watchdogPid: () => watchdog?.pid() ?? null,
    log,
  });
  told = (line) => daemon.bus.logged(line);
  await daemon.isRestored;
  for (const note of daemon.notes) log(note);

  let closeInspector: (() => void) | undefined;
  let pm2Clients: Pm2Clients | undefined;
  let isLeaving = false;
  const leave = (how: Leave | "signal", why: string): void => {
    if (isLeaving) return;
    isLeaving = true;
    log(`leaving: ${why}`);
    watchdog?.standDown();
    if (how === "shutDown") closeInspector?.();
    pm2Clients?.close();
    leaveDaemon({ daemon, how, why, lock, server })
      .catch((error: unknown) => log(`while leaving: ${messageOf(error)}`))
      .finally(() => process.exit(0));
  };
  const leaveAsAsked = (how: Leave): void =>
    leave(how, how === "shutDown" ? "xm kill" : "handing over");
  const asked = { daemon, log, leave: leaveAsAsked };
  const inspector = createInspector({ ...asked, heldPort, folders: programs });
  closeInspector = () => void inspector.close();
  const server = await serveApi({ ...asked, inspector, socket: paths.socket });
  writeDaemonPid(paths.pidFile, log);
  pm2Clients = await servePm2Clients({
    path: paths.pm2Socket,
    busPath: paths.pm2BusSocket,
    daemon,
    log,
  });
  if (hasLifeline) {
    onInputEnd(() => {
      const why = "the program that started it has exited";
      void daemon
        .stopEverything(why)
        .then(daemon.forgetEverything)
        .then(() => leave("shutDown", why));
    });
  }
  isUp = true;
  inspector.reopen();
  log(
    `up: version ${version}, pid ${process.pid}, ${daemon.registry.processes().length} process(es)`,
  );
  signals?.take(leave);
}

/** The home has a daemon. */
function giveWay(holder: string, home: string): never {
  const why = `not started: ${holder} is the daemon of ${home}`;
  log(why);
  foreground?.failed(why);
  process.exit(homeTakenCode);
}

/** How the daemon leaves when it is sent a signal; one that comes while it starts is kept until it can. */
function heedSignals(): { take: (leave: (how: Leave | "signal", why: string) => void) => void } {
  let leave: ((how: Leave | "signal", why: string) => void) | undefined;
  let kept: readonly [how: Leave | "signal", why: string] | undefined;
  const hear = (how: Leave | "signal", why: string): void => {
    if (leave === undefined) kept = [how, why];
    else leave(how, why);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => hear("signal", signal));
  }
  // A service manager that restarts its service: the apps are left to the next daemon.
  process.on("SIGUSR2", () => hear("handOver", "handing over"));
  return {
    take: (how) => {
      leave = how;
      if (kept !== undefined) leave(...kept);
    },
  };
}

/** Calls back when standard input ends. */
function onInputEnd(listener: () => void): void {
  process.stdin.on("error", listener);
  process.stdin.once("close", listener);
  process.stdin.resume();
}

/** Where the other programs of this build are. Real paths: the preload looks for its own in `execArgv`. */
function programsBeside(god: string): Programs & PageFolders {
  const folder = dirname(realpathSync(god));
  return {
    preload: join(folder, "preload.cjs"),
    balancer: join(folder, "balancer.cjs"),
    page: join(folder, "../inspector"),
    charts: join(folder, "../../docs/charts"),
    lane: join(folder, "lane.cjs"),
    rotator: join(folder, "rotator.cjs"),
    notifier: join(folder, "notifier.cjs"),
  };
}

/**
 * A fault of the daemon's own: the journal has every fact, the apps keep running, and the watchdog brings it back. One that
 * cannot start is not: the next would fail of the same.
 */
function fail(error: unknown): never {
  if (!isUp) watchdog?.standDown();
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log(why);
  foreground?.failed(why);
  removeDaemonPid(homePaths(process.argv[2] ?? resolveHome(process.env)).pidFile);
  process.exit(1);
}

/**
 * Whether the machine was booted since the last daemon ran: no pid in the state means anything then. Where the kernel
 * has no name for a boot (gVisor, some containers), only start times distinguish processes.
 */
function noteBoot(file: string): boolean {
  const bootId = readBootId();
  if (bootId === undefined) return false;
  const before = readOrTell(file);
  if (before !== bootId) {
    try {
      writeFileAtomic(file, bootId);
    } catch (error) {
      log(`${file} cannot be written: ${messageOf(error)}`);
    }
  }
  return before !== undefined && before !== bootId;
}

function readOrTell(file: string): string | undefined {
  try {
    return readIfThere(file, 4_096);
  } catch (error) {
    log(`${file} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

const foreground = foregroundOf();

let watchdog: ReturnType<typeof startWatchdog> | undefined;
let isUp = false;

let told: ((line: string) => void) | undefined;

function log(line: string): void {
  told?.(line);
  const { log: path } = homePaths(process.argv[2] ?? resolveHome(process.env));
  ownLog ??= createOwnLog(path, foreground?.log ?? 1);
  ownLog(line);
}

let ownLog: ((line: string) => void) | undefined;

/** A shortage ends with what caused it, and a daemon that goes with it finds the same when it comes back. */
function failUnlessShort(error: unknown): void {
  if (!isShortage(error)) fail(error);
  noteShortage(error);
  complain(`shortage ${messageOf(error)}`, error instanceof Error ? (error.stack ?? "") : "");
}

const complain = createComplaints(log, steadyNow);

process.on("uncaughtException", failUnlessShort);
process.on("unhandledRejection", failUnlessShort);
main().catch(fail);
