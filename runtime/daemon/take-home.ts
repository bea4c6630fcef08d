import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../contract/errors.ts";
import { acquireLock, type Lock, type Taken } from "../host/home/lock.ts";
import { readEnvironVariable } from "../host/procfs.ts";

/** Set in the environment of a daemon that a service manager starts and looks after. */
const supervisedVariable = "XM_SUPERVISED";

/** A daemon that hands over writes its state and ends. */
const handsOverWithinMs = 10_000;

/**
 * Takes the lock of a home. A service manager's daemon is the one that shall run: any other one that a command
 * has started meanwhile is asked to hand over, with its apps running on.
 */
export async function takeHome(home: string, log: (line: string) => void): Promise<Lock | Taken> {
  const lock = await acquireLock(home, "god");
  if (lock.kind === "held" || lock.pid === undefined) return lock;
  const isOurs = process.env[supervisedVariable] === "1";
  if (!isOurs || readEnvironVariable(lock.pid, supervisedVariable) === "1") return lock;
  log(
    `taking the home over from the daemon with pid ${lock.pid}, which no service manager has started`,
  );
  try {
    process.kill(lock.pid, "SIGUSR2");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
  const deadline = performance.now() + handsOverWithinMs;
  for (;;) {
    await pause(20);
    const again = await acquireLock(home, "god");
    if (again.kind === "held" || performance.now() > deadline) return again;
  }
}
