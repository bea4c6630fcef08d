import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { errnoOf } from "../../contract/errors.ts";
import { removeIfThere } from "../../host/files.ts";

/*
 * One stream of a hook. It writes to a file of its own and not to a pipe, so that it outlives the daemon, and what it has
 * written is carried into the app's log by the daemon: a beginning, and an end. The file is emptied when it has grown.
 */

/** Of a run, in the app's log; less than a pipe holds, so that no write of the daemon waits. */
const mostBytes = 48 * 1024;
/** The end of what is left out. */
const tailBytes = 2 * 1024;
/** The file is emptied beyond this. */
const fullBytes = 1024 * 1024;
const longestLine = 300;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR, O_TRUNC } = constants;

/** Where what was written goes. */
export type Sink = (bytes: Uint8Array) => void;

export class Capture {
  readonly descriptor: number;
  readonly #path: string;
  readonly #sink: Sink;
  #carried = 0;
  #leftOut = 0;
  #at = 0;
  #tail: Buffer = Buffer.alloc(0);

  /** @param isAdopted what was written before is in the log already. */
  constructor(path: string, sink: Sink, isAdopted: boolean) {
    this.#path = path;
    this.#sink = sink;
    const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CREAT | (isAdopted ? 0 : O_TRUNC);
    this.descriptor = openSync(path, flags, 0o600);
    // Its folder is closed to others; a program of another user may open it again as /dev/stdout.
    if (!isAdopted) fchmodSync(this.descriptor, 0o622);
    const { size } = fstatSync(this.descriptor);
    if (!isAdopted || size === 0) return;
    this.#at = Math.max(0, size - tailBytes);
    this.#tail = this.#read(tailBytes);
    this.#at = size;
  }

  /** Carries on from where it was. */
  copy(): void {
    const { size } = fstatSync(this.descriptor);
    // What opens it again by the name /dev/stdout may empty it.
    this.#at = Math.min(this.#at, size);
    while (this.#carried < mostBytes && this.#at < size) {
      const piece = this.#read(Math.min(mostBytes - this.#carried, size - this.#at));
      if (piece.length === 0) break;
      this.#carried += piece.length;
      this.#keep(piece);
      this.#sink(piece);
    }
    if (this.#at < size) {
      const skipped = Math.max(0, size - this.#at - tailBytes);
      this.#at += skipped;
      this.#leftOut += skipped;
      for (; this.#at < size;) {
        const piece = this.#read(size - this.#at);
        if (piece.length === 0) break;
        this.#leftOut += piece.length;
        this.#keep(piece);
      }
    }
    if (size < fullBytes) return;
    ftruncateSync(this.descriptor, 0);
    this.#at = 0;
  }

  /** The last line that says something. */
  lastLine(): string | null {
    const lines = this.#tail.toString("utf8").split(/\r?\n/);
    const line = lines.findLast((each) => each.trim() !== "")?.trim();
    if (line === undefined) return null;
    return line.length > longestLine ? `${line.slice(0, longestLine)} …` : line;
  }

  /** What was left out is said, with its end. */
  finish(name: string): void {
    this.copy();
    if (this.#leftOut > 0) {
      const rest = Math.min(this.#leftOut, this.#tail.length);
      const text = `… ${name} wrote ${this.#leftOut} bytes more; the end of it:\n`;
      this.#sink(Buffer.concat([Buffer.from(`\n${text}`), this.#tail.subarray(-rest)]));
    }
    this.close();
    removeIfThere(this.#path);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #read(length: number): Buffer {
    const bytes = Buffer.alloc(Math.min(length, 64 * 1024));
    const read = readSync(this.descriptor, bytes, 0, bytes.length, this.#at);
    this.#at += read;
    return bytes.subarray(0, read);
  }

  #keep(piece: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, piece]).subarray(-tailBytes);
  }
}

/** Writes to a descriptor what it takes: a disk that is full loses the words of a hook, and nothing else. */
export function writeTo(descriptor: number, bytes: Uint8Array): void {
  try {
    writeSync(descriptor, bytes);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
