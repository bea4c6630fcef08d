import type { ActorRef, Snapshot } from "xstate";
import type { ReloadFacts, ReloadFailure } from "./facts.ts";

/** What a reload asks of its app; each is answered per process by a `ReloadEvent`. */
export type ReloadOrder =
  /** Start the replacements of these, or find those that a former daemon has started. */
  | { type: "reload.launch"; at: number; by: string; ids: readonly number[]; surge: boolean }
  /** The replacements take the place of these, which drain and end. */
  | { type: "reload.promote"; at: number; by: string; ids: readonly number[] }
  /** The replacements of these are ended; the old ones stay. */
  | { type: "reload.discard"; at: number; by: string; ids: readonly number[] }
  /** Something has changed that must be journaled. */
  | { type: "reload.moved" };

export type ReloadEvent =
  /** `isExpected`: the process it replaces never reported ready either. */
  | {
      type: "process.ready";
      at: number;
      id: number;
      isLate: boolean;
      isExpected: boolean;
      /** How long it was waited for, when it is late; ms. */
      waitedMs?: number;
      /** Why it is late, when more is known than that. */
      because?: string;
    }
  | {
      type: "process.ended";
      at: number;
      id: number;
      reason: string;
      lastWords?: readonly string[];
    }
  /** What was to end has ended: the old process after a promotion, the replacement after a discard. */
  | { type: "process.gone"; at: number; id: number }
  /** A command has taken the process out of the reload; `isLeaving` when a replacement of it still has to end. */
  | { type: "process.takenOut"; at: number; id: number; isLeaving: boolean };

export interface ReloadInput {
  readonly key: string;
  readonly by: string;
  readonly at: number;
  readonly ids: readonly number[];
  readonly concurrency: number;
  readonly surge: boolean;
  /** Goes on whatever becomes of the replacements, as PM2 does. */
  readonly force: boolean;
  readonly listenTimeoutMs: number;
  /** Its state, as the previous daemon left it. */
  readonly resume: ReloadFacts | null;
  readonly owner: ActorRef<Snapshot<unknown>, ReloadOrder>;
}

/** Where one process of the batch is. */
export type Slot = "launching" | "ready" | "draining" | "leaving";

export interface ReloadContext extends Omit<ReloadInput, "ids" | "resume"> {
  readonly startedAt: number;
  readonly pending: readonly number[];
  readonly batch: Readonly<Record<number, Slot>>;
  readonly done: readonly number[];
  readonly takenOut: readonly number[];
  readonly failure: ReloadFailure | null;
  readonly resume: ReloadFacts | null;
}
