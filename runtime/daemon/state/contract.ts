import type { GroupFacts } from "../../../machines/group-events.ts";
import type { ProcessFacts } from "../../../machines/facts.ts";
import type { OnStep } from "./compact.ts";
import type { DeclaredApp, JournalEntry, OpenReload } from "./entries.ts";

/** Facts restored at open. */
export interface Restored {
  readonly apps: readonly DeclaredApp[];
  readonly processes: readonly ProcessFacts[];
  /** Reloads in the middle of which the daemon ended. */
  readonly reloads: readonly OpenReload[];
  readonly groups?: readonly GroupFacts[];
  /** Sentences on what was repaired, dropped or moved aside. */
  readonly notes: readonly string[];
}

/** The daemon's memory on disk: a snapshot and a journal of what happened since. */
export interface StateStore {
  readonly restored: Restored;
  /**
   * Appends one record to the page cache, which survives the daemon's SIGKILL. Never throws: a record the disk
   * refuses is kept in memory and written when it can be; `flush` tells.
   */
  append(entry: JournalEntry): void;
  /**
   * Resolves when everything appended so far is on disk.
   * @throws `ERR_STATE_NOT_WRITABLE`
   */
  flush(): Promise<void>;
  /** False while the disk refuses. */
  readonly isWritable: boolean;
  /**
   * To be asked before a command is accepted; tries once to write what is waiting.
   * @throws `ERR_STATE_NOT_WRITABLE`
   */
  assertWritable(): void;
  /** The keys of the apps that it holds now. */
  appKeys(): readonly string[];
  /** Compacts now; a failure is logged, the journal then goes on growing. */
  snapshot(): void;
  /**
   * Flushes, compacts and closes.
   * @throws `ERR_STATE_NOT_WRITABLE` when something could not be written; it is still closed.
   */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** Size at which the journal is compacted and a new segment begun; 1 MB by default. */
  readonly maxJournalBytes?: number;
  /** Called after each step of a compaction, for tests that let the daemon die there. */
  readonly onStep?: OnStep;
}
