import { closeSync, constants, fdatasync, fdatasyncSync, fstatSync, ftruncateSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { syncDirectory, writeWhole } from "../../host/atomic.ts";
import { openPlain } from "../../host/files/read.ts";
import { GroupCommit } from "./group-commit.ts";

const { O_WRONLY, O_APPEND, O_CREAT } = constants;

const syncData = promisify(fdatasync);

/**
 * The file that is appended to. A line is in it whole or not at all: on a full disk what was written of it is cut
 * off again. Methods throw the errno of what failed; the caller keeps the line and tries again.
 */
export class JournalFile {
  readonly #path: string;
  readonly #commits = new GroupCommit(() => this.#sync());
  #fd: number | null = null;
  /** Where the last whole line ends, after a line could neither be written nor cut off. */
  #cutTo: number | null = null;
  #bytes = 0;
  /** Grows when a file is given up that may not be on disk. */
  #lives = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isOpen(): boolean {
    return this.#fd !== null;
  }

  open(): void {
    if (this.#fd !== null) return;
    const fd = openPlain(this.#path, O_WRONLY | O_APPEND | O_CREAT);
    try {
      syncDirectory(dirname(this.#path));
      this.#bytes = fstatSync(fd).size;
      this.#fd = fd;
    } finally {
      if (this.#fd === null) closeSync(fd);
    }
  }

  write(line: string): void {
    if (this.#fd === null) this.open();
    const fd = this.#fd as number;
    if (this.#cutTo !== null) this.#cut(fd, this.#cutTo);
    const data = Buffer.from(line);
    try {
      writeWhole(fd, data);
      this.#bytes += data.length;
    } catch (error) {
      // The smaller one: another program may have emptied the file, and cutting must never lengthen it.
      this.#cut(fd, Math.min(this.#bytes, fstatSync(fd).size));
      throw error;
    }
  }

  /** Resolves when every line written so far is on disk. */
  async flush(): Promise<void> {
    const lives = this.#lives;
    await this.#commits.commit();
    if (lives !== this.#lives) throw new Error("the journal was given up before it was on disk");
  }

  /** Forces everything to disk and gives the file up; the next write reopens the path. */
  closeDurably(): void {
    const fd = this.#fd;
    if (fd === null) return;
    fdatasyncSync(fd);
    this.#leave(fd);
  }

  /** Gives the file up as it is. */
  abandon(): void {
    this.#lives += 1;
    if (this.#fd !== null) this.#leave(this.#fd);
  }
  /** Everything that is written before a file is given up is on disk by then, so the one in hand is enough. */
  async #sync(): Promise<void> {
    if (this.#fd !== null) await syncData(this.#fd);
  }

  #leave(fd: number): void {
    this.#fd = null;
    this.#cutTo = null;
    // Not before an fdatasync on it has come back: the number could by then be another file's.
    void this.#commits.idle().then(() => closeSync(fd));
  }

  #cut(fd: number, bytes: number): void {
    this.#cutTo = bytes;
    ftruncateSync(fd, bytes);
    this.#cutTo = null;
  }
}
