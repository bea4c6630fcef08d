import type { ProcessFacts } from "../../machines/facts.ts";
import { factsOf, type ProcessActor } from "../../machines/process.ts";
import { processKey } from "../../machines/lib/process-key.ts";
import type { StateStore } from "../state/store.ts";

/** A change of one process, as subscribers of the API see it. */
export interface Change {
  readonly at: number;
  readonly event: string;
  readonly before: ProcessFacts | undefined;
  readonly facts: ProcessFacts;
}

export interface Recorder {
  /** Records the process from now on. */
  observe(actor: ProcessActor): void;
  /** Names what causes the next change of a process (`processKey`); changes without a cause are the machine's own delays. */
  cause(key: string, event: string): void;
  /** Nothing more is recorded: the daemon leaves, and what it stops is to be started again by the next. */
  freeze(): void;
  isFrozen(): boolean;
  subscribe(listener: (change: Change) => void): () => void;
}

/**
 * Writes every change of a process's facts to the journal at the moment it happens, and tells the API's
 * listeners. XState calls observers after the transition's effects have begun, so a child exists for an
 * instant before the journal says so; the mark in the child's environment covers that instant (restore.ts).
 */
export function createRecorder(options: {
  readonly store: StateStore;
  readonly now: () => number;
  readonly log: (line: string) => void;
}): Recorder {
  const { store, now, log } = options;
  const causes = new Map<string, string>();
  const last = new Map(store.restored.processes.map((facts) => [processKey(facts), facts]));
  const listeners = new Set<(change: Change) => void>();
  let frozen = false;

  const record = (facts: ProcessFacts): void => {
    const key = processKey(facts);
    const before = last.get(key);
    if (frozen || (before !== undefined && isSame(before, facts))) return;
    const broken = brokenRule(facts);
    if (broken !== undefined) log(`can't happen: process ${facts.id} is ${broken}`);
    const event = causes.get(key) ?? delayBehind(before, facts);
    causes.delete(key);
    const at = now();
    if (facts.status === "removed") {
      last.delete(key);
      const { id, generation } = facts;
      const isLast = ![...last.values()].some((other) => other.id === id);
      store.append({ type: "process.removed", at, id, generation, isLast });
    } else {
      last.set(key, facts);
      store.append({ type: "process.changed", at, event, facts });
    }
    for (const listener of listeners) listener({ at, event, before, facts });
  };

  return {
    observe: (actor) => {
      record(factsOf(actor.getSnapshot()));
      actor.subscribe({
        next: (snapshot) => record(factsOf(snapshot)),
        // The app machine handles a broken process; without an observer of its own the error would be thrown.
        error: () => {},
      });
    },
    cause: (key, event) => causes.set(key, event),
    freeze: () => {
      frozen = true;
    },
    isFrozen: () => frozen,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The rules that hold in every state, as cheap as they are; the model tests prove them, this watches over them. */
export function brokenRule({ status, child, restartAt, killAt }: ProcessFacts): string | undefined {
  if (status === "online" && child === null) return "online without a child";
  if (status === "waiting" && child !== null) return `waiting while pid ${child.pid} lives`;
  if (status === "waiting" && restartAt === null) return "waiting for no time";
  if (status === "stopping" && killAt === null) return "stopping without a deadline";
  if ((status === "stopped" || status === "errored") && child !== null) {
    return `${status} while pid ${child.pid} lives`;
  }
  return undefined;
}

/** The machine's delays are the changes nobody outside caused. */
function delayBehind(before: ProcessFacts | undefined, facts: ProcessFacts): string {
  if (before === undefined) return "declared";
  if (before.status !== facts.status && before.child !== null && facts.child === null)
    return "resumed";
  if (before.status === "waiting") return "restartDelay";
  if (before.status === "starting") return "listenTimeout";
  if (before.status === "stopping") return "killTimeout";
  return facts.unstableRestarts < before.unstableRestarts ? "minUptime" : "changed";
}

/** Facts are immutable, so the same reference is the same value. */
function isSame(a: ProcessFacts, b: ProcessFacts): boolean {
  return (Object.keys(b) as (keyof ProcessFacts)[]).every(
    (key) => a[key] === b[key] || (key === "failure" && a.failure?.at === b.failure?.at),
  );
}
