import { readSync, writeSync } from "node:fs";

/*
 * How many connections each worker of a cluster app has, in a small file that its workers and its balancer share: a
 * slot of four bytes each, written and read in place. Nothing is locked: a count that is an instant old is good
 * enough, and four aligned bytes are written whole.
 */
const slotBytes = 4;
const slots = 256;

/** No worker, or one that takes no more. */
export const absent = -1;

/** Slots are used again: an app that has restarted 256 times since has no worker of then. */
export function slotOf(workerId: number): number {
  return workerId % slots;
}

export interface Shares {
  write(slot: number, count: number): void;
  /** The count of every worker, by slot. */
  read(): Int32Array;
}

export function sharesIn(descriptor: number): Shares {
  const own = new Int32Array(1);
  const ownBytes = new Uint8Array(own.buffer);
  const all = new Int32Array(slots);
  const allBytes = new Uint8Array(all.buffer);
  return {
    write: (slot, count) => {
      own[0] = count;
      writeSync(descriptor, ownBytes, 0, slotBytes, slot * slotBytes);
    },
    read: () => {
      readSync(descriptor, allBytes, 0, allBytes.length, 0);
      return all;
    },
  };
}

/** A file of absent workers. */
export function emptyShares(): Uint8Array {
  return new Uint8Array(new Int32Array(slots).fill(absent).buffer);
}
