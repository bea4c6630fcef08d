import { existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessFacts } from "../../machines/facts.ts";
import { messageOf, xmError } from "../errors.ts";
import { syncDirectory, writeTemporary } from "./atomic.ts";
import { applyEntry, type Image } from "./image.ts";
import { JournalFile } from "./journal.ts";
import { recover, type Recovery } from "./recover.ts";
import type { DeclaredApp, JournalEntry, JournalRecord } from "./schema.ts";
import { decodeLine, encodeLine, readLines, segmentPaths } from "./segment.ts";
import { encodeSnapshot } from "./snapshot.ts";

/** What a daemon goes on from. */
export interface Restored {
  readonly apps: readonly DeclaredApp[];
  readonly processes: readonly ProcessFacts[];
  /** What was repaired or could not be, as sentences. */
  readonly notes: readonly string[];
}

export interface StateStore {
  readonly restored: Restored;
  /** Writes one record to the page cache, where the daemon's SIGKILL cannot reach it. Never throws. */
  append(entry: JournalEntry): void;
  /**
   * Resolves when everything appended so far is on disk.
   * @throws `ERR_STATE_NOT_WRITABLE`
   */
  flush(): Promise<void>;
  /** @throws `ERR_STATE_NOT_WRITABLE` when the disk refuses, after one more try. */
  assertWritable(): void;
  readonly isWritable: boolean;
  /** The last records of one process, oldest first. */
  history(processId: number, limit: number): Promise<JournalRecord[]>;
  /** Writes the state whole and begins a new journal segment. */
  snapshot(): void;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** A longer journal is followed by a snapshot. */
  readonly maxJournalBytes?: number;
  /** Called before each step of a compaction; tests copy the state there. */
  readonly onStep?: (step: string) => void;
}

/** After a declaration a snapshot follows, so that no later damage to the journal can lose it; ms. */
const snapshotAfterMs = 250;

/** How often a disk that refuses is tried; ms. */
const retryEveryMs = 1_000;

/**
 * Opens the state of a home. The journal is written at every change; the snapshot makes it short. It comes up
 * whatever the files hold and even if nothing can be written: `isWritable` is false then, and what happens is
 * kept in memory until the disk takes it.
 */
export function openStore(directory: string, options: StoreOptions): StateStore {
  const recovery = recover(directory, options.now());
  return new Store(directory, options, recovery);
}

class Store implements StateStore {
  readonly restored: Restored;
  readonly #directory: string;
  readonly #options: StoreOptions;
  readonly #image: Image;
  readonly #journal: JournalFile;
  #seq: number;
  #repairs: Recovery["repairs"];
  /** Lines the disk has refused so far, in order. */
  #pending: string[] = [];
  #refusal: unknown;
  #retryTimer: NodeJS.Timeout | undefined;
  #snapshotTimer: NodeJS.Timeout | undefined;

  constructor(directory: string, options: StoreOptions, recovery: Recovery) {
    this.#directory = directory;
    this.#options = options;
    this.#image = recovery.image;
    this.#seq = recovery.seq;
    this.#repairs = recovery.repairs;
    this.#journal = new JournalFile(join(directory, "journal.ndjson"));
    const notes = [...recovery.notes, ...this.#prepare()];
    this.restored = {
      apps: [...recovery.image.apps.values()],
      processes: [...recovery.image.processes.values()],
      notes,
    };
    if (recovery.isBehind && this.isWritable) this.snapshot();
  }

  get isWritable(): boolean {
    return this.#refusal === undefined;
  }

  append(entry: JournalEntry): void {
    applyEntry(this.#image, entry);
    this.#seq += 1;
    this.#pending.push(encodeLine(this.#seq, entry));
    this.#write();
    if (entry.type === "app.declared" || entry.type === "app.removed") this.#snapshotSoon();
    const { maxJournalBytes = 1_000_000 } = this.#options;
    if (this.#journal.bytes > maxJournalBytes && this.isWritable) this.snapshot();
  }

  async flush(): Promise<void> {
    this.assertWritable();
    try {
      await this.#journal.flush();
    } catch (error) {
      throw this.#notWritable(error);
    }
  }

  assertWritable(): void {
    if (!this.isWritable) this.#write();
    if (!this.isWritable) throw this.#notWritable(this.#refusal);
  }

  history(processId: number, limit: number): Promise<JournalRecord[]> {
    const found: JournalRecord[] = [];
    for (const path of segmentPaths(this.#directory)) {
      if (!existsSync(path)) continue;
      for (const line of readLines(path)) {
        const decoded = decodeLine(line);
        if (decoded.kind !== "record" || !concerns(decoded.record, processId)) continue;
        // The id was another process's before.
        if (decoded.record.type === "process.removed") found.length = 0;
        else found.push(decoded.record);
        if (found.length > limit) found.shift();
      }
    }
    return Promise.resolve(found);
  }

  snapshot(): void {
    clearTimeout(this.#snapshotTimer);
    this.#snapshotTimer = undefined;
    if (!this.isWritable) return;
    try {
      this.#compact();
    } catch (error) {
      this.#refuse(error);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.snapshot();
    if (this.isWritable) await this.#journal.flush();
    this.#journal.abandon();
  }

  /** Mends what was found wrong and opens the journal; says what came of it. */
  #prepare(): string[] {
    const notes: string[] = [];
    const left: Recovery["repairs"][number][] = [];
    for (const repair of this.#repairs) {
      try {
        notes.push(`${repair.problem}: ${repair.run()}`);
      } catch (error) {
        notes.push(`${repair.problem}, and it cannot be mended: ${messageOf(error)}`);
        left.push(repair);
        this.#refuse(error);
      }
    }
    this.#repairs = left;
    if (left.length > 0) return notes;
    try {
      this.#journal.open();
    } catch (error) {
      this.#refuse(error);
      notes.push(`the state cannot be written (${messageOf(error)}): what happens is kept in memory`);
    }
    return notes;
  }

  #write(): void {
    if (this.#repairs.length > 0) this.#prepare();
    if (this.#repairs.length > 0) return;
    try {
      while (this.#pending[0] !== undefined) {
        this.#journal.write(this.#pending[0]);
        this.#pending.shift();
      }
      if (this.#refusal !== undefined) this.#options.log("the state can be written again");
      this.#refusal = undefined;
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    if (this.#refusal === undefined) {
      this.#options.log(`the state cannot be written: ${messageOf(error)}`);
    }
    this.#refusal = error;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#write();
    }, retryEveryMs).unref();
  }

  #notWritable(cause: unknown): Error {
    const why = messageOf(cause);
    return xmError("ERR_STATE_NOT_WRITABLE", { path: this.#directory, why }, { cause });
  }

  #snapshotSoon(): void {
    this.#snapshotTimer ??= setTimeout(() => this.snapshot(), snapshotAfterMs).unref();
  }

  /**
   * The order is the safety: at each step the newest valid snapshot and the segments with higher numbers make up
   * the whole state.
   */
  #compact(): void {
    const { now, onStep } = this.#options;
    const path = join(this.#directory, "snapshot.json");
    onStep?.("temporary");
    const temporary = writeTemporary(path, [encodeSnapshot(this.#image, this.#seq, now())]);
    onStep?.("previous");
    if (existsSync(path)) renameSync(path, join(this.#directory, "snapshot.previous.json"));
    onStep?.("snapshot");
    renameSync(temporary, path);
    syncDirectory(dirname(path));
    onStep?.("segments");
    this.#journal.closeDurably();
    const segments = segmentPaths(this.#directory);
    for (const [index, to] of segments.entries()) {
      const from = segments[index + 1];
      if (from !== undefined && existsSync(from)) renameSync(from, to);
    }
    syncDirectory(dirname(path));
    onStep?.("journal");
    this.#journal.open();
  }
}

function concerns(record: JournalRecord, processId: number): boolean {
  if (record.type === "process.changed") return record.facts.id === processId;
  return record.type === "process.removed" && record.id === processId;
}
