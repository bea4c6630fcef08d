import { statSync } from "node:fs";
import { isLiving, readEnvironVariable, readProcess } from "../../host/procfs.ts";
import type { Identity } from "../../host/users.ts";
import type { LifeMark } from "./contract.ts";

/**
 * Whether a process is what its balancer says: forked by it, for the life that it was to be forked for, and of its user.
 * A process that has ended meanwhile is believed: there is nothing left to signal.
 * @param options.identity whose the worker is to be; with one of its own the mark must be there to be read. (The
 * environment of a program with capabilities cannot be read by its own user.)
 * @returns what is wrong with it.
 */
export function doubtsAbout(options: {
  readonly pid: number;
  readonly balancerPid: number;
  readonly mark: LifeMark;
  readonly identity: Identity;
}): string | undefined {
  const { pid, balancerPid, mark, identity } = options;
  const stat = readProcess(pid);
  if (stat === undefined) return undefined;
  if (stat.ppid !== balancerPid) return `it names pid ${pid}, which it has not forked`;
  if (!isLiving(stat)) return undefined;
  const isOther = identity.uid !== undefined || identity.gid !== undefined;
  const found = readEnvironVariable(pid, mark.variable);
  if (found === undefined ? isOther && isStillLiving(pid) : found !== mark.text) {
    return `it names pid ${pid}, which is not the worker that was ordered`;
  }
  const owner = identity.uid === undefined ? undefined : ownerOf(pid);
  if (owner !== undefined && owner !== identity.uid) {
    return `it names pid ${pid}, which is another user's (${owner})`;
  }
  return undefined;
}

/** An environment is gone with its process, before the process is. */
function isStillLiving(pid: number): boolean {
  const stat = readProcess(pid);
  return stat !== undefined && isLiving(stat);
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}
