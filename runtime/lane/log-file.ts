import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { errnoOf, messageOf } from "../errors.ts";
import { openLog } from "../logs/open.ts";

/** How often it is looked whether the path still names the open file; ms. */
const looksEveryMs = 1_000;

/** A file that cannot be written is told of and tried again this often; ms. */
const complainsEveryMs = 10_000;

/**
 * A log file that the lane appends to. Writing waits for the disk: whoever writes faster than it is held up by its
 * pipe, and no memory grows. A file that was renamed or removed is made anew within a second, or at once by `reopen`.
 * What a full disk does not take is lost, as it is for a program that writes by itself.
 */
export class LogFile {
  readonly #path: string;
  readonly #complain: (what: string) => void;
  #descriptor: number | undefined;
  #identity = "";
  #lookedAt = 0;
  #complainedAt = 0;
  /** The last write was cut short: what comes next begins a line. */
  #isCut = false;

  constructor(path: string, complain: (what: string) => void) {
    this.#path = path;
    this.#complain = complain;
  }

  /** Bytes in it now. */
  size(): number {
    const descriptor = this.#open();
    return descriptor === undefined ? 0 : fstatSync(descriptor).size;
  }

  append(bytes: Buffer): void {
    const descriptor = this.#open();
    if (descriptor === undefined) return;
    try {
      if (this.#isCut) writeSync(descriptor, "\n");
      this.#isCut = false;
      for (let done = 0; done < bytes.length;) {
        this.#isCut = done > 0;
        done += writeSync(descriptor, bytes, done);
      }
      this.#isCut = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The bytes from a position on, as many at most. */
  readFrom(position: number, most: number): Buffer {
    try {
      const descriptor = openSync(this.#path, "r");
      try {
        const bytes = Buffer.alloc(most);
        return bytes.subarray(0, readSync(descriptor, bytes, 0, most, position));
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") this.#fail(error);
      return Buffer.alloc(0);
    }
  }

  reopen(): void {
    this.close();
    this.#open();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number | undefined {
    const now = Date.now();
    if (now - this.#lookedAt > looksEveryMs || now < this.#lookedAt) {
      this.#lookedAt = now;
      if (this.#descriptor !== undefined && identityOf(this.#path) !== this.#identity) this.close();
    }
    if (this.#descriptor !== undefined) return this.#descriptor;
    if (now - this.#complainedAt < looksEveryMs) return undefined;
    try {
      this.#descriptor = openLog(this.#path);
      this.#identity = identityOf(this.#path);
    } catch (error) {
      this.#fail(error);
    }
    return this.#descriptor;
  }

  #fail(error: unknown): void {
    const now = Date.now();
    if (now - this.#complainedAt < complainsEveryMs) return;
    this.#complainedAt = now;
    this.#complain(`${this.#path} cannot be written, and lines are lost: ${messageOf(error)}`);
  }
}

function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
}
