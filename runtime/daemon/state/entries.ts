import type { GroupFacts } from "../../../machines/group-events.ts";
import type { ProcessFacts, ReloadFacts } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";

/** Version of every snapshot and journal line written here. */
export const formatVersion = 1;

/** An app as it is kept: `key` is unique among the declared apps. */
export interface DeclaredApp {
  readonly key: string;
  readonly spec: AppSpec;
}

/** A reload that has not ended; `spec` is what its replacements are made from, where it is not the app's own. */
export interface OpenReload {
  readonly reload: ReloadFacts;
  readonly spec: AppSpec | null;
}

/** What can happen to the state. `at` is in ms since the epoch; a process's facts are always whole. */
export type JournalEntry =
  | { readonly type: "app.declared"; readonly at: number; readonly app: DeclaredApp }
  | { readonly type: "app.removed"; readonly at: number; readonly key: string }
  | {
      readonly type: "process.changed";
      readonly at: number;
      /** What caused it, for example `child.spawned`. */
      readonly event: string;
      readonly facts: ProcessFacts;
    }
  | {
      readonly type: "process.removed";
      readonly at: number;
      readonly id: number;
      readonly generation: number;
    }
  | {
      readonly type: "reload.changed";
      readonly at: number;
      readonly reload: ReloadFacts;
      /** What the replacements are made from, where it is not the app's own. */
      readonly spec: AppSpec | null;
    }
  | { readonly type: "group.changed"; readonly at: number; readonly group: GroupFacts }
  | { readonly type: "group.removed"; readonly at: number; readonly name: string }
  | {
      readonly type: "daemon.started" | "daemon.stopped";
      readonly at: number;
      readonly pid: number;
      readonly version: string;
    };

/** A line of the journal. `seq` grows by one from line to line, over all segments. */
export type JournalRecord = JournalEntry & { readonly v: 1; readonly seq: number };
