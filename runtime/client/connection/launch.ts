import { setTimeout as pause } from "node:timers/promises";
import { builtProgram } from "../../host/built-program.ts";
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { errnoOf, messageOf, xmError } from "../../contract/errors.ts";
import { openPlain, lastLinesOf } from "../../host/files/read.ts";
import { homeTakenCode } from "../../host/home/lock.ts";
import { chosenPaths, homePaths } from "../../host/home/paths.ts";
import { lifelineVariable } from "../../contract/variables.ts";

const { O_WRONLY, O_APPEND, O_CREAT } = constants;

/** Starting, restoring and listening take 150 ms; a loaded machine may take many times that. */
const upWithinMs = 10_000;

/**
 * Starts a daemon for a home and resolves when its API answers. Twenty clients may do so at once: the lock
 * lets one daemon live, and each client waits for whichever it is.
 * @throws `ERR_DAEMON_NOT_STARTED`, `ERR_HOME_UNUSABLE`.
 */
export async function launchDaemon(
  home: string,
  answers: () => Promise<boolean>,
  { lifeline = false }: { lifeline?: boolean } = {},
): Promise<void> {
  const child = spawnDaemon(home, lifeline ? { [lifelineVariable]: "1" } : {}, lifeline);
  // The pipe ends with this process, of SIGKILL too.
  if (lifeline) lifelines.add(child);
  else child.unref();
  await comesUp(child, home, answers);
}

/** A daemon that lives as long as the call that started it. */
export interface ForegroundDaemon {
  readonly isAlive: () => boolean;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

/**
 * The same as a child that this call keeps and waits for; nothing brings it back when it dies.
 * @throws `ERR_DAEMON_NOT_STARTED`, `ERR_HOME_UNUSABLE`.
 */
export async function launchInForeground(
  home: string,
  answers: () => Promise<boolean>,
): Promise<ForegroundDaemon> {
  const child = spawnDaemon(home, { XM_WATCHDOG: "off" });
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
  });
  await comesUp(child, home, answers);
  return { isAlive: () => child.exitCode === null && child.signalCode === null, ended };
}

/** In its own session: Ctrl-C is for its starter, which asks it to stop. */
function spawnDaemon(
  home: string,
  variables: NodeJS.ProcessEnv = {},
  lifeline = false,
): ChildProcess {
  const output = openDaemonLog(home, homePaths(home).log);
  const child = spawn(process.execPath, [...daemonFlags, builtProgram("god.cjs"), home], {
    detached: true,
    cwd: "/",
    env: { ...daemonEnvironment(home), ...variables },
    stdio: [lifeline ? "pipe" : "ignore", output, output],
  });
  closeSync(output);
  return child;
}

async function comesUp(
  child: ChildProcess,
  home: string,
  answers: () => Promise<boolean>,
): Promise<void> {
  const { log } = homePaths(home);
  let ended: string | undefined;
  let isTaken = false;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    // Another client was faster: its daemon answers in a moment.
    if (code === homeTakenCode) isTaken = true;
    else if (code !== 0) ended = `it ended with ${signal ?? `code ${code}`}\n${lastLines(log)}`;
  });

  const deadline = Date.now() + upWithinMs;
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 1.5, 50)) {
    await pause(waitMs);
    if (await answers()) return;
    if (ended !== undefined) throw xmError("ERR_DAEMON_NOT_STARTED", { log, why: ended });
    if (Date.now() > deadline) {
      const why = `no answer within ${upWithinMs} ms`;
      throw xmError("ERR_DAEMON_NOT_STARTED", {
        log,
        why: isTaken ? `${why}; another daemon holds this home\n${lastLines(log)}` : why,
      });
    }
  }
}

/** Held, so that none of the pipes is collected. */
const lifelines = new Set<ChildProcess>();

/**
 * V8 sizes its young generation for throughput; a daemon that does little is smaller without (measured:
 * tests/bench).
 */
const daemonFlags: readonly string[] = ["--max-semi-space-size=1"];

/**
 * glibc gives each of Node's threads an arena of its own and keeps what was freed; a daemon has no use for
 * either. Measured with 200 apps: 70 MB without, 65 MB with (mallopt(3)).
 */
const daemonAllocator = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" } as const;

/** A daemon outlives the shell and the app that started it, so it carries nothing of either's life. */
function daemonEnvironment(home: string): NodeJS.ProcessEnv {
  const {
    XM_LIFE: _life,
    XM_BOOTS: _boots,
    [lifelineVariable]: _lifeline,
    NODE_OPTIONS: _options,
    NODE_CHANNEL_FD: _fd,
    ...env
  } = process.env;
  return { ...env, ...chosenPaths(), ...daemonAllocator, XM_HOME: home };
}

const logless = new Set(["ENOSPC", "EROFS", "EISDIR", "ELOOP", "ERR_UNUSABLE_FILE"]);

/** The file a daemon logs to, or nothing where that cannot be written. */
export function openDaemonLog(home: string, log: string): number {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return openPlain(log, O_WRONLY | O_APPEND | O_CREAT);
  } catch (error) {
    // A daemon without a log supervises as well; `xm report` shows what is there instead.
    if (logless.has(errnoOf(error) ?? "")) return openSync("/dev/null", "a");
    throw xmError("ERR_HOME_UNUSABLE", { home, why: messageOf(error) }, { cause: error });
  }
}

function lastLines(log: string): string {
  try {
    return lastLinesOf(log, 5, 65_536).join("\n");
  } catch (error) {
    return messageOf(error);
  }
}
