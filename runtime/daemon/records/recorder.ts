import { isAtRest, type ProcessFacts } from "../../../machines/facts.ts";
import type { SnapshotFrom } from "xstate";
import type { processMachine, ProcessActor } from "../../../machines/process.ts";
import { factsOf } from "../../../machines/process-view.ts";
import { versionOf } from "../../../machines/process-context.ts";
import type { Sensor } from "../../../machines/process-events.ts";
import type { Judgement } from "../../../machines/judgement.ts";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { Revision } from "../../contract/history.ts";
import type { StateStore } from "../state/store.ts";
import { delayOf, type Given } from "./observed.ts";

/** What brought a change about. */
interface Cause {
  readonly event: string;
  /** Who asked, or what tripped, in words. */
  readonly by?: string | undefined;
  readonly sensor?: Sensor | undefined;
}

/** A change of one process, as subscribers of the API see it. */
export interface Change {
  readonly at: number;
  readonly event: string;
  readonly before: ProcessFacts | undefined;
  readonly facts: ProcessFacts;
  readonly name: string;
  /** The states it is in now, without their parents. */
  readonly states: string;
  readonly by: string | null;
  readonly sensor: Sensor | null;
  /** Version of what is run, where the app says one. */
  readonly version: string | null;
  /** Of a life that begins with another commit than the previous one. */
  readonly revision: Revision | null;
  /** What the rules compared at the latest decision. */
  readonly judgement: Judgement | null;
}

export interface Recorder {
  /** Records where the process is, as it is met first. */
  meet(actor: ProcessActor): void;
  /** Records what a process has made of an event. */
  moved(actor: ProcessActor, given: Given): void;
  /** A sensor is behind the restart that a process (`processKey`) gets next, or behind its first start. */
  tripped(key: string, trip: { readonly by: string; readonly sensor: Sensor }): void;
  /** Nothing more is recorded: the daemon exits, and the next one starts again what it stops. */
  freeze(): void;
  isFrozen(): boolean;
  subscribe(listener: (change: Change) => void): () => void;
}

/**
 * Writes every change of a process's facts to the journal at the moment it happens (`observed.ts`), and tells the API's
 * listeners. A child exists for an instant before the journal has it; the mark in the child's environment covers that
 * instant (restore.ts).
 */
export function createRecorder(options: {
  readonly store: StateStore;
  readonly now: () => number;
  readonly log: (line: string) => void;
}): Recorder {
  const { store, now, log } = options;
  const trips = new Map<string, Cause>();
  const last = new Map(store.restored.processes.map((facts) => [processKey(facts), facts]));
  /** The commit of each process's latest life, by id: a reload's replacement is another machine. */
  const commits = new Map<number, string>();
  for (const { id, child } of store.restored.processes)
    if (child?.checkout?.commit != null) commits.set(id, child.checkout.commit);
  const lastStates = new Map<string, string>();
  const listeners = new Set<(change: Change) => void>();
  let frozen = false;

  const revisionOf = (
    before: ProcessFacts | undefined,
    { id, child, status }: ProcessFacts,
  ): Revision | null => {
    const isLeft = (): boolean => [...last.values()].some((facts) => facts.id === id);
    if (status === "removed" && !isLeft()) commits.delete(id);
    if (child === null || child.lifeId === before?.child?.lifeId) return null;
    const from = commits.get(id) ?? null;
    const to = child.checkout?.commit ?? null;
    if (to === null || to === from) return null;
    commits.set(id, to);
    return { from, to };
  };

  const record = ({ facts, ...seen }: Seen, cause: Cause | undefined): void => {
    const { states } = seen;
    const key = processKey(facts);
    const before = last.get(key);
    const statesBefore = lastStates.get(key);
    const isNews = before === undefined || !isSame(before, facts);
    if (frozen || (!isNews && states === statesBefore)) return;
    lastStates.set(key, states);
    if (!isNews) {
      const event = statesBefore === undefined ? "resumed" : (cause?.event ?? "changed");
      tell({ at: now(), event, before, facts, revision: null, ...seen, ...causer(cause) });
      return;
    }
    const broken = brokenRule(facts);
    if (broken !== undefined) log(`can't happen: process ${facts.id} is ${broken}`);
    const event = cause?.event ?? (before === undefined ? "declared" : "resumed");
    const at = now();
    if (facts.status === "removed") {
      last.delete(key);
      lastStates.delete(key);
      trips.delete(key);
      const { id, generation } = facts;
      store.append({ type: "process.removed", at, id, generation });
    } else {
      last.set(key, facts);
      store.append({ type: "process.changed", at, event, facts });
    }
    tell({
      at,
      event,
      before,
      facts,
      revision: revisionOf(before, facts),
      ...seen,
      ...causer(cause),
    });
  };
  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };

  /** A restart that a sensor is behind. */
  const takeTrip = (key: string): Cause | undefined => {
    const trip = trips.get(key);
    trips.delete(key);
    return trip;
  };

  return {
    meet: (actor) => {
      // The app machine handles a broken process; without an observer of its own the error would be thrown.
      actor.subscribe({ error: () => {} });
      const first = seen(actor.getSnapshot());
      const key = processKey(first.facts);
      record(first, last.has(key) ? undefined : takeTrip(key));
    },
    moved: (actor, given) => {
      const now = seen(actor.getSnapshot());
      const trip = given.type === "restart" ? takeTrip(processKey(now.facts)) : undefined;
      record(now, { ...causeOf(given), ...trip });
    },
    tripped: (key, trip) => {
      trips.set(key, { event: "restart", ...trip });
    },
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

interface Seen extends Pick<Change, "states" | "name" | "version" | "judgement"> {
  readonly facts: ProcessFacts;
}

function causer(cause: Cause | undefined): Pick<Change, "by" | "sensor"> {
  return { by: cause?.by ?? null, sensor: cause?.sensor ?? null };
}

function seen(snapshot: SnapshotFrom<typeof processMachine>): Seen {
  const { value, context } = snapshot;
  const { spec, judgement } = context;
  return {
    facts: factsOf(snapshot),
    states: leavesOf(value),
    name: spec.name,
    version: versionOf(context, spec),
    judgement,
  };
}

/** `alive.online.uptime.fresh alive.online.sensors.off` */
export function leavesOf(value: unknown, parent = ""): string {
  if (typeof value === "string") return `${parent}${value}`;
  return Object.entries(value as Record<string, unknown>)
    .map(([name, inner]) => leavesOf(inner, `${parent}${name}.`))
    .join(" ");
}

/** What a process was given, as the history calls it. */
function causeOf(given: Given): Cause {
  const { type, by, sensor, why } = given as Given & Partial<Cause> & { readonly why?: unknown };
  const isDeleted =
    type === "remove" && (why === undefined || why === "deleted" || why === "scaledDown");
  return { event: isDeleted ? "delete" : (delayOf(given) ?? type), by, sensor };
}

/** The rules that hold in every state, as cheap as they are; the model tests prove them, this watches over them. */
export function brokenRule({ status, child, restartAt, killAt }: ProcessFacts): string | undefined {
  if (status === "online" && child === null) return "online without a child";
  if (status === "waiting" && child !== null) return `waiting while pid ${child.pid} lives`;
  if (status === "waiting" && restartAt === null) return "waiting without a deadline";
  if (status === "stopping" && killAt === null) return "stopping without a deadline";
  if (isAtRest(status) && child !== null) {
    return `${status} while pid ${child.pid} lives`;
  }
  return undefined;
}

/** Facts are immutable, so the same reference is the same value. */
function isSame(a: ProcessFacts, b: ProcessFacts): boolean {
  return (Object.keys(b) as (keyof ProcessFacts)[]).every(
    (key) => a[key] === b[key] || (key === "failure" && a.failure?.at === b.failure?.at),
  );
}
