import {
  closeSync,
  constants,
  fstatSync,
  readSync,
  statSync,
  writeSync,
  type Stats,
} from "node:fs";
import { errnoOf, messageOf } from "../../contract/errors.ts";
import { openPlace } from "../../host/files/open.ts";
import { openLogWithoutWaiting, ownStream, type LogRights } from "../../host/log-files/open.ts";

/** How often it is looked whether the path still names the open file; ms. */
const looksEveryMs = 1_000;

/** A file that cannot be written is reported again after this, and then after twice as long each time; ms. */
const complainsAfterMs = 10_000;
const longestSilenceMs = 60 * 60_000;

/**
 * A log file that the lane appends to. Writing waits for the disk: a program that writes faster is held up by its
 * pipe, and no memory grows. A file that was renamed or removed is created again within a second, or at once by `reopen`.
 * What a full disk does not take is lost, as it is for a program that writes by itself: no app waits for someone to
 * make room. Its beginning and its end are reported.
 */
export class LogFile {
  readonly #path: string;
  readonly #complain: (what: string) => void;
  readonly #rights: LogRights;
  /** It is the lane's own output, as in a container. */
  readonly #own: 1 | 2 | undefined;
  #descriptor: number | undefined;
  #identity = "";
  #lookedAt = 0;
  #openedAt = 0;
  #failedAt = 0;
  #complainedAt = 0;
  #silenceMs = 0;
  #lostBytes = 0;
  /** The last write was cut short: the next one begins a new line. */
  #isCut = false;

  constructor(path: string, complain: (what: string) => void, rights: LogRights = {}) {
    this.#path = path;
    this.#own = ownStream(path);
    this.#complain = complain;
    this.#rights = rights;
  }

  /** Bytes in it now. */
  size(): number {
    const descriptor = this.#open();
    return descriptor === undefined ? 0 : fstatSync(descriptor).size;
  }

  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const descriptor = this.#open();
    let done = 0;
    try {
      if (descriptor === undefined) return;
      if (this.#isCut && fstatSync(descriptor).size > 0) writeSync(descriptor, "\n");
      this.#isCut = false;
      while (done < bytes.length) {
        done += writeSync(descriptor, bytes, done);
        this.#isCut = done < bytes.length;
      }
      this.#recover();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#lostBytes += bytes.length - done;
    }
  }

  /** The bytes from a position on, as many at most. */
  readFrom(position: number, most: number): Buffer {
    try {
      const { owner } = this.#rights;
      const { descriptor, stat } = openPlace(this.#path, { flags: constants.O_RDONLY, owner });
      try {
        if (!stat.isFile()) return Buffer.alloc(0);
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
    if (this.#descriptor !== undefined && this.#own === undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number | undefined {
    if (this.#own !== undefined) return this.#own;
    const now = Date.now();
    if (now - this.#lookedAt > looksEveryMs || now < this.#lookedAt) {
      this.#lookedAt = now;
      if (this.#descriptor !== undefined && this.#isAnother()) this.close();
    }
    if (this.#descriptor !== undefined) return this.#descriptor;
    if (now - this.#openedAt < looksEveryMs) return undefined;
    try {
      this.#descriptor = openLogWithoutWaiting(this.#path, this.#rights);
      this.#identity = identityOf(fstatSync(this.#descriptor));
    } catch (error) {
      this.#openedAt = now;
      this.#fail(error);
    }
    return this.#descriptor;
  }

  /** Whether the path names another file than the open one, or none. */
  #isAnother(): boolean {
    try {
      const stat = statSync(this.#path, { throwIfNoEntry: false });
      return stat === undefined || identityOf(stat) !== this.#identity;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return true;
    }
  }

  #fail(error: unknown): void {
    const now = Date.now();
    this.#failedAt = now;
    if (now - this.#complainedAt < this.#silenceMs) return;
    this.#complainedAt = now;
    this.#silenceMs = Math.min(this.#silenceMs * 2 || complainsAfterMs, longestSilenceMs);
    this.#complain(`${this.#path} cannot be written, and lines are lost: ${messageOf(error)}`);
  }

  /** A disk that is nearly full takes a little now and then. */
  #recover(): void {
    if (this.#silenceMs === 0 || Date.now() - this.#failedAt < looksEveryMs) return;
    this.#complain(
      `${this.#path} can be written again; ${this.#lostBytes} bytes of lines were lost`,
    );
    this.#silenceMs = 0;
    this.#complainedAt = 0;
    this.#lostBytes = 0;
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
