import { errnoOf } from "../../contract/errors.ts";
import { readDisk } from "../../host/disk.ts";

const looksEveryMs = 30_000;

/** With less than this nothing can be written that matters; bytes. */
const fullBelowBytes = 16 * 1024 * 1024;

/** Again only when there is room for twice as much. */
const freeAboveBytes = 2 * fullBelowBytes;

/** Looks at the space of the home's disk, and tells each time it has run out. */
export function watchDisk(folder: string, full: (leftBytes: number) => void): void {
  let isFull = false;
  const look = (): void => {
    const left = leftOn(folder);
    if (left === undefined) return;
    if (!isFull && left < fullBelowBytes) {
      isFull = true;
      full(left);
    } else if (left > freeAboveBytes) isFull = false;
  };
  look();
  setInterval(look, looksEveryMs);
}

function leftOn(folder: string): number | undefined {
  try {
    return readDisk(folder).freeBytes;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
