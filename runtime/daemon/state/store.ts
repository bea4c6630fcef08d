import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, messageOf, xmError, type XmError } from "../../contract/errors.ts";
import { pauseAfter, rotateSegments, writeSnapshot } from "./compact.ts";
import type { Restored, StateStore, StoreOptions } from "./contract.ts";
import { applyEntry, type Image } from "./image.ts";
import { JournalFile } from "./journal.ts";
import { recover } from "./recover.ts";
import type { Repair } from "./repair.ts";
import type { JournalEntry } from "./entries.ts";
import { encodeLine } from "./segment.ts";
import { probeWritable } from "./space.ts";

export type { Restored, StateStore, StoreOptions } from "./contract.ts";

/** How long records wait for a disk that refuses before it is tried again. */
const retryMs = 1000;

/** Waiting lines beyond this many characters are given up for a snapshot of the whole image, which holds them all. */
const maxPendingCharacters = 4 * 1024 * 1024;

/** Opens the state in `directory`, made when it is missing. Never throws for what the files hold or the disk refuses. */
export function openStore(directory: string, options: StoreOptions): StateStore {
  return new Store(directory, options);
}

class Store implements StateStore {
  readonly restored: Restored;
  readonly #directory: string;
  readonly #options: StoreOptions;
  readonly #maxJournalBytes: number;
  readonly #image: Image;
  readonly #journal: JournalFile;
  #repairs: Repair[];
  #seq: number;
  /** Lines not yet in the journal, oldest first. */
  #pending: string[] = [];
  #pendingCharacters = 0;
  /** The journal no longer holds everything: only a snapshot will do. */
  #needsSnapshot = false;
  /** Why the disk refuses. */
  #fault: unknown = null;
  /** A snapshot larger than the journal may become is not written again for every megabyte. */
  readonly #growsWithSnapshot: boolean;
  /** Journal size at which to compact; grows when a compaction fails. */
  #compactAtBytes: number;
  #compaction: NodeJS.Timeout | null = null;
  /** How soon a declaration is in the snapshot, so that losing the journal loses none; ms. */
  #declarationMs = pauseAfter(0);
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(directory: string, options: StoreOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#maxJournalBytes = options.maxJournalBytes ?? 1024 * 1024;
    this.#growsWithSnapshot = options.maxJournalBytes === undefined;
    this.#compactAtBytes = this.#maxJournalBytes;
    this.#journal = new JournalFile(this.#journalPath);
    const recovery = recover(directory, options.now());
    this.#image = recovery.image;
    this.#seq = recovery.seq;
    this.#repairs = [...recovery.repairs];
    const notes = [...recovery.notes];
    this.#open(notes);
    if (recovery.isBehind) this.#compactIn(this.#declarationMs);
    this.restored = {
      apps: [...this.#image.apps.values()],
      processes: [...this.#image.processes.values()],
      reloads: [...this.#image.reloads.values()],
      groups: [...this.#image.groups.values()],
      notes,
    };
  }

  appKeys(): readonly string[] {
    return [...this.#image.apps.keys()];
  }

  get isWritable(): boolean {
    return this.#fault === null;
  }

  append(entry: JournalEntry): void {
    let line: string;
    try {
      line = encodeLine(this.#seq + 1, entry);
    } catch (error) {
      // Can't happen: entries are plain data. Taken into the image it would spoil every snapshot.
      this.#options.log(`state: ${entry.type} cannot be written as JSON: ${messageOf(error)}`);
      return;
    }
    this.#seq += 1;
    applyEntry(this.#image, entry);
    this.#pending.push(line);
    this.#pendingCharacters += line.length;
    this.#drain();
    if (entry.type === "app.declared" || entry.type === "app.removed")
      this.#compactIn(this.#declarationMs);
    if (this.#journal.bytes > this.#compactAtBytes) this.#compactIn(0);
  }

  async flush(): Promise<void> {
    if (!this.#drain()) throw this.#notWritable();
    try {
      await this.#journal.flush();
    } catch (error) {
      // After a failed fdatasync the kernel may have dropped what it held: trust only what is written again.
      this.#distrustJournal(error);
      throw this.#notWritable(error);
    }
  }

  assertWritable(): void {
    if (this.#fault === null) {
      try {
        probeWritable(this.#journalPath);
        return;
      } catch (error) {
        const errno = errnoOf(error);
        // Somebody removed the folder or the file: what is written to it now would be lost.
        if (errno === "ENOENT" || errno === "ENOTDIR") this.#distrustJournal(error);
        else throw this.#notWritable(error);
      }
    }
    if (!this.#drain()) throw this.#notWritable();
  }

  snapshot(): void {
    if (this.#compaction !== null) clearTimeout(this.#compaction);
    this.#compaction = null;
    try {
      this.#prepare();
      this.#compact();
    } catch (error) {
      this.#compactAtBytes = this.#journal.bytes + this.#maxJournalBytes;
      this.#options.log(`state: no snapshot could be written: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
      this.snapshot();
    } finally {
      this.#isClosed = true;
      if (this.#compaction !== null) clearTimeout(this.#compaction);
      if (this.#retry !== null) clearTimeout(this.#retry);
      this.#journal.abandon();
    }
  }

  get #journalPath(): string {
    return join(this.#directory, "journal.ndjson");
  }

  /** Repairs what was found and opens the journal, telling all of it in `notes`. */
  #open(notes: string[]): void {
    for (const repair of this.#repairs) {
      try {
        notes.push(`${repair.problem}; ${repair.run()}`);
        this.#repairs = this.#repairs.filter((other) => other !== repair);
      } catch (error) {
        notes.push(`${repair.problem}; it is left unchanged for now: ${messageOf(error)}`);
      }
    }
    if (this.#drain()) return;
    notes.push(
      `the state cannot be written to ${this.#directory} and is kept in memory only: ${messageOf(this.#fault)}`,
    );
  }

  /** Writes what is waiting. @returns whether everything appended so far is in the journal or a snapshot. */
  #drain(): boolean {
    if (this.#isClosed) return false;
    try {
      this.#prepare();
      if (this.#needsSnapshot) this.#compact();
      let written = 0;
      try {
        for (const line of this.#pending) {
          this.#journal.write(line);
          written += 1;
          this.#pendingCharacters -= line.length;
        }
      } finally {
        this.#pending.splice(0, written);
      }
      this.#accepted();
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  /** Makes the folder, runs the pending repairs and opens the journal, in this order: nothing is written before. */
  #prepare(): void {
    if (this.#journal.isOpen) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (let repair = this.#repairs[0]; repair !== undefined; repair = this.#repairs[0]) {
      try {
        repair.run();
      } catch (error) {
        // ENOENT: what was to be repaired is gone.
        if (errnoOf(error) !== "ENOENT") throw error;
      }
      this.#repairs.shift();
    }
    this.#journal.open();
  }

  #compact(): void {
    const { now, onStep = () => {} } = this.#options;
    const directory = this.#directory;
    const began = performance.now();
    const bytes = writeSnapshot({
      directory,
      image: this.#image,
      seq: this.#seq,
      at: now(),
      onStep,
    });
    if (this.#journal.bytes > this.#maxJournalBytes || this.#needsSnapshot) {
      this.#journal.closeDurably();
      rotateSegments(directory, onStep);
      this.#journal.open();
    }
    this.#declarationMs = pauseAfter(performance.now() - began);
    this.#needsSnapshot = false;
    this.#compactAtBytes = Math.max(this.#maxJournalBytes, this.#growsWithSnapshot ? bytes : 0);
  }

  #compactIn(ms: number): void {
    if (this.#isClosed) return;
    this.#compaction ??= setTimeout(() => this.snapshot(), ms).unref();
  }

  /** Gives the journal up for a snapshot and a new segment. */
  #distrustJournal(error: unknown): void {
    this.#journal.abandon();
    this.#needsSnapshot = true;
    this.#refused(error);
  }

  #refused(error: unknown): void {
    if (this.#fault === null) {
      this.#options.log(
        `state: ${this.#directory} cannot be written, what happens is kept in memory: ${messageOf(error)}`,
      );
    }
    this.#fault = error;
    if (this.#pendingCharacters > maxPendingCharacters) {
      this.#pending = [];
      this.#pendingCharacters = 0;
      this.#needsSnapshot = true;
    }
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.#drain();
    }, retryMs).unref();
  }

  #accepted(): void {
    if (this.#fault === null) return;
    this.#fault = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#options.log(`state: ${this.#directory} can be written again`);
  }

  #notWritable(cause: unknown = this.#fault): XmError {
    const why = messageOf(cause ?? "it is closed");
    return xmError("ERR_STATE_NOT_WRITABLE", { path: this.#directory, why }, { cause });
  }
}
