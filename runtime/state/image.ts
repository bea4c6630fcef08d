import type { ProcessFacts } from "../../machines/facts.ts";
import type { DeclaredApp, JournalEntry } from "./schema.ts";

/** The state in memory. It holds references to what was appended, never copies. */
export interface Image {
  readonly apps: Map<string, DeclaredApp>;
  readonly processes: Map<number, ProcessFacts>;
}

export function emptyImage(): Image {
  return { apps: new Map(), processes: new Map() };
}

/** Makes the image true of what happened. Applying an entry twice changes nothing. */
export function applyEntry(image: Image, entry: JournalEntry): void {
  switch (entry.type) {
    case "app.declared":
      image.apps.set(entry.app.key, entry.app);
      return;
    case "app.removed":
      image.apps.delete(entry.key);
      return;
    case "process.changed":
      image.processes.set(entry.facts.id, entry.facts);
      return;
    case "process.removed":
      image.processes.delete(entry.id);
      return;
    case "daemon.started":
    case "daemon.stopped":
  }
}
