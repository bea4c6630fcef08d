import { existsSync } from "node:fs";
import type { OutOfMemory } from "../../../machines/exit.ts";
import {
  isPopulated,
  killAll,
  membersOf,
  numberIn,
  numbersIn,
  watchEvents,
} from "../../host/groups/group.ts";
import type { Groups } from "../../host/groups/groups.ts";
import { isLiving, readProcess, type ProcessStat } from "../../host/procfs.ts";
import type { End } from "./contract.ts";
import type { KernelIdentity } from "./tree.ts";

/** The cgroup of one life: whatever the life starts is in it and nothing else is. */
export class OwnGroup {
  readonly path: string;
  readonly #groups: Pick<Groups, "remove">;
  #stopWatching: (() => void) | undefined;

  constructor(path: string, groups: Pick<Groups, "remove">) {
    this.path = path;
    this.#groups = groups;
  }

  /** Its processes, and the main one, which enters it a moment after it was spawned. */
  tree(main: KernelIdentity): ProcessStat[] {
    const pids = new Set([main.pid, ...membersOf(this.path)]);
    return [...pids]
      .flatMap((pid) => readProcess(pid) ?? [])
      .filter((stat) => isLiving(stat) && stat.startTicks >= main.startTicks)
      .filter(({ pid, startTicks }) => pid !== main.pid || startTicks === main.startTicks);
  }

  /** Whether the kernel knows nothing in it. @param tree what was found. */
  isEmpty(tree: readonly ProcessStat[]): boolean {
    return tree.length === 0 && isPopulated(this.path) !== true;
  }

  kill(): void {
    killAll(this.path);
  }

  /** Calls back when something in it has ended. */
  watch(listener: () => void): void {
    this.#stopWatching ??= watchEvents(this.path, listener);
  }

  release(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  remove(): void {
    this.release();
    this.#groups.remove(this.path);
  }

  /** An end, with what the kernel has killed in it. */
  explained(end: End): End {
    const outOfMemory = readOutOfMemory(this.path);
    return outOfMemory === undefined ? end : { ...end, outOfMemory };
  }
}

/**
 * What the kernel has killed in a group because memory ran out.
 * @param before kills that are known already.
 */
export function readOutOfMemory(group: string, before = 0): OutOfMemory | undefined {
  const events = numbersIn(group, "memory.events");
  const kills = (events.get("oom_kill") ?? 0) - before;
  if (kills <= 0) return undefined;
  // Without it, it was a limit further up, or the machine, that memory ran out of.
  const wasOwnLimit = (events.get("oom") ?? 0) > 0;
  return {
    kills,
    limitBytes: wasOwnLimit ? numberIn(group, "memory.max") : null,
    peakBytes: numberIn(group, "memory.peak"),
  };
}

/** Kills by group of a cluster that an exit was already explained with. */
const explained = new Map<string, number>();

/** Begins to count in a group that several lives share; those that are gone are forgotten. */
export function beginCount(group: string): void {
  for (const each of explained.keys()) if (!existsSync(each)) explained.delete(each);
  if (!explained.has(group)) explained.set(group, killsIn(group));
}

/** The same as `readOutOfMemory`, for the life that has just ended by SIGKILL in a shared group. */
export function takeOutOfMemory(group: string): OutOfMemory | undefined {
  const found = readOutOfMemory(group, explained.get(group) ?? 0);
  if (found === undefined) return undefined;
  explained.set(group, killsIn(group));
  return found;
}

function killsIn(group: string): number {
  return numbersIn(group, "memory.events").get("oom_kill") ?? 0;
}
