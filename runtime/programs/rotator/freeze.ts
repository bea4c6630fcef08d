import { accessSync, constants, type Stats } from "node:fs";
import { join } from "node:path";
import { setFrozen, standsFrozen } from "../../host/groups/group.ts";
import { groupOfProcess, lifeGroupOf } from "../../host/groups/place.ts";
import type { Halted, Identity } from "../../contract/rotation.ts";
import { pidsNow, standsStill, stop, toStop, writersAmong } from "./writers.ts";

/** Between two looks whether they stand still; ms. */
const looksEveryMs = 0.2;

const nap = new Int32Array(new SharedArrayBuffer(4));

export interface Freeze {
  readonly kind: "frozen";
  readonly pauseMs: number;
  halted(): Halted;
  /** Also stops writers that have opened it since; `refused` when that is impossible, or the daemon is starting one. */
  stopNewcomers(): "none" | "stopped" | "refused";
  hasTime(): boolean;
  sinceMs(): number;
}

/** Whoever was stopped already has to be let run again. */
export interface Refused {
  readonly kind: "refused";
  readonly why: string;
  halted(): Halted;
}

/**
 * Stops the writers of a file. The first scan of all processes happens while they run; then only those are checked that
 * have started since, because a stopped process starts none. A process stopped by someone else stays stopped. An app that has a
 * cgroup is frozen as a whole, which none of its processes can notice.
 * @param options.declare what it stops; called before any is stopped, and before each further one.
 */
export function freeze(options: {
  readonly file: Pick<Stats, "dev" | "ino">;
  readonly pauseMs: number;
  /** Whom it does not stop: it gives up while one of them may write to the file. */
  readonly never: readonly number[];
  readonly declare: (halted: Halted, isFirst: boolean) => void;
  readonly onStopping?: (() => void) | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
}): Freeze | Refused {
  const { file, pauseMs, never, declare, onStopping, onStep } = options;
  const stopped: Identity[] = [];
  const frozen: string[] = [];
  const halted = (): Halted => ({ stopped, frozen });
  const refused = (why: string): Refused => ({ kind: "refused", why, halted });
  const isStarting = (): boolean => writersAmong(never, file).length > 0;
  const known = new Set([...pidsNow(), ...never]);
  const first = byGroup(
    writersAmong(
      [...known].filter((pid) => !never.includes(pid)),
      file,
    ),
    never,
  );
  declare(first, true);
  onStep?.("declared");
  const began = performance.now();
  const hasTime = (): boolean => performance.now() - began < pauseMs;
  onStopping?.();
  const stopAll = (those: Halted): boolean => {
    stopped.push(...those.stopped);
    frozen.push(...those.frozen);
    const isTaken = those.frozen.map((group) => setFrozen(group, true));
    return those.stopped.every(stop) && !isTaken.includes(false);
  };
  if (!stopAll(first)) return refused("a process of another user writes to it");
  onStep?.("stopped");
  const newcomers = (): Halted => {
    const fresh = pidsNow().filter((pid) => !known.has(pid));
    for (const pid of fresh) known.add(pid);
    return byGroup(writersAmong(fresh, file), never, frozen);
  };
  const wait = (): boolean => {
    while (!stopped.every(standsStill) || !frozen.every(standsFrozen)) {
      if (!hasTime()) return false;
      Atomics.wait(nap, 0, 0, looksEveryMs);
    }
    return true;
  };
  if (!wait()) return refused(`its writers did not stop within ${pauseMs} ms`);
  onStep?.("still");
  return {
    kind: "frozen",
    pauseMs,
    halted,
    stopNewcomers: () => {
      const more = newcomers();
      if (more.stopped.length + more.frozen.length === 0) return isStarting() ? "refused" : "none";
      declare(
        { stopped: [...stopped, ...more.stopped], frozen: [...frozen, ...more.frozen] },
        false,
      );
      return stopAll(more) && wait() ? "stopped" : "refused";
    },
    hasTime,
    sinceMs: () => performance.now() - began,
  };
}

/** Writers, and the groups in whose place they are frozen. @param done groups that stand still already. */
function byGroup(
  writers: readonly number[],
  never: readonly number[],
  done: readonly string[] = [],
): Halted {
  const untouched = new Set([...never, process.pid].map(groupToFreeze));
  const frozen = new Set<string>();
  const stopped: Identity[] = [];
  for (const pid of writers) {
    const group = groupToFreeze(pid);
    if (group !== undefined && done.includes(group)) continue;
    if (group !== undefined && !untouched.has(group)) {
      frozen.add(group);
      continue;
    }
    const each = toStop(pid);
    if (each !== undefined) stopped.push(each);
  }
  return { stopped, frozen: [...frozen] };
}

/** The group of the life that a process belongs to, where it can be frozen. */
function groupToFreeze(pid: number): string | undefined {
  const group = lifeGroupOf(groupOfProcess(pid) ?? "");
  if (group === undefined) return undefined;
  try {
    accessSync(join(group, "cgroup.freeze"), constants.W_OK);
    return group;
  } catch {
    // Its processes are stopped one by one.
    return undefined;
  }
}
