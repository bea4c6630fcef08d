import { readlinkSync } from "node:fs";
import { errnoOf, xmError } from "../../contract/errors.ts";
import { isShortage, withReserve } from "../../host/descriptors.ts";
import { fifoOf, numbersOf } from "../../host/lane-folder.ts";
import { makePipes } from "../../host/pipes.ts";

/** Pipes made at once. */
const madeAtOnce = 4;

/** The number of an unused pipe; creates more if there is none. */
export function freeNumber(folder: string): number {
  const used = new Set(numbersOf(folder, "json"));
  const free = (): number | undefined => numbersOf(folder, "fifo").find((each) => !used.has(each));
  return free() ?? makeMore(folder) ?? free() ?? 0;
}

/** Whether there is something for a lane to do; where that cannot be seen, for want of descriptors, there may be. */
export function isNeeded(folder: string): boolean {
  try {
    return withReserve(() => numbersOf(folder, "json")).length > 0;
  } catch (error) {
    if (!isShortage(error)) throw error;
    return true;
  }
}

/** The next few pipes of a folder. */
function makeMore(folder: string): undefined {
  const there = numbersOf(folder, "fifo");
  const first = Math.max(0, ...there) + 1;
  const paths = Array.from({ length: madeAtOnce }, (_, index) => fifoOf(folder, first + index));
  const why = makePipes(paths);
  if (why === undefined) return;
  throw xmError("ERR_LOG_UNWRITABLE", { path: paths[0] ?? folder, why: `mkfifo: ${why}` });
}

/** The number of the pipe that a descriptor of a process is. */
export function pipeNumber(folder: string, pid: number, descriptor: number): number | undefined {
  try {
    const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    const number = Number.parseInt(path.slice(folder.length + 1), 10);
    return path === fifoOf(folder, number) ? number : undefined;
  } catch (error) {
    // Another user's, or gone.
    if (["ENOENT", "EACCES", "EPERM"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
