import { readdirSync, rmdirSync, watch, writeFileSync, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { readFact } from "../files/read.ts";

/*
 * What the kernel knows of one cgroup. An app may be able to make groups below its own, and to change files in them: they are
 * read up to a limit, and a thing that is not as expected is absent.
 */

const mostBytes = 64 * 1024;
/** Groups that an app has made below its own, and how deep they are looked for. */
const mostBelow = 1_000;
const deepest = 10;

/** The processes of a group and of those below it. */
export function membersOf(group: string): number[] {
  return treeOf(group).flatMap((each) =>
    (readFact(join(each, "cgroup.procs"), mostBytes) ?? "")
      .split("\n")
      .map(Number)
      // Zero is a process of another namespace.
      .filter((pid) => pid > 0),
  );
}

/** Whether a process is in it or below it; `undefined` where the kernel does not tell. */
export function isPopulated(group: string): boolean | undefined {
  const populated = numbersIn(group, "cgroup.events").get("populated");
  return populated === undefined ? undefined : populated !== 0;
}

/** Kills everything in it at once, before anything of it can fork. @returns whether the kernel can (Linux 5.14). */
export function killAll(group: string): boolean {
  return writeTo(group, "cgroup.kill", "1");
}

/** Stops everything in it, or lets it run again. @returns whether the kernel has taken the order. */
export function setFrozen(group: string, isFrozen: boolean): boolean {
  return writeTo(group, "cgroup.freeze", isFrozen ? "1" : "0");
}

/** Whether all of it stands still: each thread does where it leaves the kernel. */
export function standsFrozen(group: string): boolean {
  return numbersIn(group, "cgroup.events").get("frozen") === 1;
}

/** Calls back whenever the kernel tells of a change in it (inotify); where it cannot be watched never. */
export function watchEvents(group: string, listener: () => void): () => void {
  let watcher: FSWatcher;
  try {
    watcher = watch(join(group, "cgroup.events"), { persistent: false }, listener);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return () => {};
  }
  watcher.on("error", () => watcher.close());
  return () => watcher.close();
}

/** Removes an empty group, by default with those below it. @returns whether it is gone. */
export function removeGroup(group: string, withBelow = true): boolean {
  // Those below come after it.
  for (const each of withBelow ? treeOf(group).toReversed() : [group]) {
    try {
      rmdirSync(each);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") continue;
      if (errnoOf(error) === undefined) throw error;
      return false;
    }
  }
  return true;
}

/** The names of the groups directly below one. */
export function groupsBelow(group: string): string[] {
  try {
    return readdirSync(group, { withFileTypes: true })
      .filter((each) => each.isDirectory())
      .slice(0, mostBelow)
      .map(({ name }) => name);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** A file of lines `name number`. */
export function numbersIn(group: string, file: string): ReadonlyMap<string, number> {
  const lines = (readFact(join(group, file), mostBytes) ?? "").split("\n");
  return new Map(
    lines
      .map((line) => line.split(" "))
      .filter(([, number = ""]) => /^\d+$/.test(number))
      .map(([name = "", number]) => [name, Number(number)]),
  );
}

/** A file of one number; `null` where it is not there, or is `max`. */
export function numberIn(group: string, file: string): number | null {
  const text = readFact(join(group, file), 64)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

function writeTo(group: string, file: string, text: string): boolean {
  try {
    // Without `O_CREAT`: a file that the kernel does not have is none.
    writeFileSync(join(group, file), text, { flag: "r+" });
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function treeOf(group: string): string[] {
  const found = [group];
  let level = [group];
  for (let depth = 0; depth < deepest && level.length > 0 && found.length < mostBelow; depth += 1) {
    level = level.flatMap((each) => groupsBelow(each).map((name) => join(each, name)));
    found.push(...level);
  }
  return found;
}
