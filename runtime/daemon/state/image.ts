import type { GroupFacts } from "../../../machines/group-events.ts";
import type { ProcessFacts, ReloadFacts } from "../../../machines/facts.ts";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { DeclaredApp, JournalEntry, OpenReload } from "./entries.ts";

/** The state in memory. It holds references to what was appended, never copies. */
export interface Image {
  readonly apps: Map<string, DeclaredApp>;
  /** By id and generation. */
  readonly processes: Map<string, ProcessFacts>;
  /** Reloads that have not ended, by app. */
  readonly reloads: Map<string, OpenReload>;
  /** By name. */
  readonly groups: Map<string, GroupFacts>;
}

export function emptyImage(): Image {
  return { apps: new Map(), processes: new Map(), reloads: new Map(), groups: new Map() };
}

/** Makes the image true of what happened. Applying an entry twice changes nothing. */
export function applyEntry(image: Image, entry: JournalEntry): void {
  switch (entry.type) {
    case "app.declared":
      image.apps.set(entry.app.key, entry.app);
      return;
    case "app.removed":
      image.apps.delete(entry.key);
      image.reloads.delete(entry.key);
      return;
    case "process.changed":
      image.processes.set(processKey(entry.facts), entry.facts);
      return;
    case "process.removed":
      image.processes.delete(processKey(entry));
      return;
    case "reload.changed": {
      const { reload, spec } = entry;
      if (isOver(reload)) image.reloads.delete(reload.key);
      else image.reloads.set(reload.key, { reload, spec });
      return;
    }
    case "group.changed":
      image.groups.set(entry.group.name, entry.group);
      return;
    case "group.removed":
      image.groups.delete(entry.name);
      return;
    case "daemon.started":
    case "daemon.stopped":
  }
}

/** Whether a reload has ended, well or not. */
export function isOver({ step }: ReloadFacts): boolean {
  return step === "succeeded" || step === "failed";
}
