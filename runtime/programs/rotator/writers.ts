import { readdirSync, readFileSync, statSync, type Stats } from "node:fs";
import { errnoOf } from "../../contract/errors.ts";
import { readProcess } from "../../host/procfs.ts";
import type { Identity } from "../../contract/rotation.ts";

/*
 * The writers of a file, and stopping them for a moment. A writer is a process with a descriptor of the very file that can
 * write, no matter what started it: a cluster's workers, a shell's children. What cannot be looked into (another user's, without the
 * right to) is taken for no writer.
 */

/** The processes there are; this one is not among them. */
export function pidsNow(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}

/** Those of some processes that can write to a file. */
export function writersAmong(pids: readonly number[], file: Pick<Stats, "dev" | "ino">): number[] {
  return pids.filter((pid) => descriptorsOf(pid).some((each) => writesTo(pid, each, file)));
}

function descriptorsOf(pid: number): string[] {
  return orGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
}

function writesTo(pid: number, descriptor: string, file: Pick<Stats, "dev" | "ino">): boolean {
  const stat = orGone(() => statSync(`/proc/${pid}/fd/${descriptor}`));
  if (stat === undefined || stat.ino !== file.ino || stat.dev !== file.dev) return false;
  const info = orGone(() => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "latin1")) ?? "";
  const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8);
  return (flags & 0o3) !== 0;
}

/** What is read of a process that may end meanwhile, or be another user's. */
function orGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM", "EINVAL"].includes(errnoOf(error) ?? ""))
      return undefined;
    throw error;
  }
}

/** A process as recorded for the one that resumes it; `undefined` when it is gone, or was stopped by another program. */
export function toStop(pid: number): Identity | undefined {
  const stat = readProcess(pid);
  if (stat === undefined || "TtZX".includes(stat.state)) return undefined;
  return { pid, startTicks: stat.startTicks };
}

/** Asks for a stop. @returns `false` when it may not be stopped. */
export function stop({ pid }: Identity): boolean {
  try {
    process.kill(pid, "SIGSTOP");
    return true;
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return true;
    if (errnoOf(error) === "EPERM") return false;
    throw error;
  }
}

/** Whether every thread of it stands still: a stop reaches each where it leaves the kernel. */
export function standsStill({ pid }: Identity): boolean {
  const threads = orGone(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.every((thread) => {
    const text = orGone(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1"));
    if (text === undefined) return true;
    const state = text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3);
    return "TtZX".includes(state);
  });
}
