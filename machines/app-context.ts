import type { DoneActorEvent, ErrorActorEvent } from "xstate";
import type { GroupCommand } from "./group-events.ts";
import type { Removal, ReloadFacts } from "./facts.ts";
import { processKey } from "./lib/process-key.ts";
import type { ProcessActor } from "./process.ts";
import { replacementOf, type Trip } from "./app-trips.ts";
import type {
  Command,
  FirstWaits,
  ProcessInput,
  LifeReport,
  Report,
  Resume,
  Sensor,
  SensorReport,
} from "./process-events.ts";
import type { ReloadActor } from "./reload.ts";
import type { ReloadInput, ReloadOrder } from "./reload-events.ts";
import type { AppSpec } from "./spec.ts";

/** One process to create: its id is unique within the daemon, its instance number within the app. */
export interface NewProcess {
  readonly id: number;
  readonly instance: number;
  readonly seed: number;
  /** For a new one; a resumed one has it in its facts. */
  readonly uniqueId?: string | undefined;
  readonly resume: Resume | null;
  readonly waits?: FirstWaits;
}

/** A reload that is asked for. `spec`: what the replacements are made from, and the app's once it has succeeded. */
export interface ReloadRequest {
  readonly by: string;
  readonly ids: readonly number[];
  readonly surge: boolean;
  readonly force: boolean;
  readonly spec: AppSpec;
  /** Its state, as the previous daemon left it. */
  readonly resume: ReloadFacts | null;
}

export type AppCommand =
  | { type: "processes.add"; at: number; processes: readonly NewProcess[] }
  | { type: "processes.command"; ids: readonly number[]; command: Command | GroupCommand }
  | { type: "app.configure"; at: number; spec: AppSpec }
  | { type: "app.reload"; at: number; reload: ReloadRequest };

export type AppEvent =
  | AppCommand
  | Report
  | SensorReport
  | ReloadOrder
  | DoneActorEvent
  | ErrorActorEvent;

export interface AppInput {
  readonly key: string;
  readonly spec: AppSpec;
}

type Actors<TKey extends string | number> = Readonly<Record<TKey, ProcessActor>>;

export interface AppContext {
  readonly key: string;
  readonly spec: AppSpec;
  /** The processes, by id. */
  readonly processes: Actors<number>;
  /** Replacements that a reload has started and that cannot serve yet, by the id they are to take over. */
  readonly successors: Actors<number>;
  /** What a reload has replaced or given up and that still has to end, by actor id. */
  readonly leaving: Actors<string>;
  readonly reload: ReloadActor | null;
  /** What the replacements of the current reload are made from. */
  readonly reloadSpec: AppSpec | null;
  /** Requests of sensors that wait for their turn, oldest first. */
  readonly trips: readonly Trip[];
  /** What the current reload comes from, when a sensor asked for it. */
  readonly trip: Trip | null;
  /** Why a sensor cannot do its work. */
  readonly troubles: Readonly<Partial<Record<Sensor, string>>>;
  /** When its schedule runs it next; ms since the epoch. */
  readonly nextRunAt: number | null;
  /** How many processes were revived after a fault of the machine itself. */
  readonly revivals: number;
}

/** What an app emits to its observers. */
export type AppEmitted =
  | { type: "broken"; id: string; message: string; revived: boolean }
  /** The next action of a process is due to a sensor. */
  | { type: "restart.tripped"; id: number; generation: number; by: string; sensor: Sensor }
  | { type: "sensor.failed"; sensor: Sensor; reason: string }
  | { type: "sensor.recovered"; sensor: Sensor }
  | { type: "reload.moved"; facts: ReloadFacts }
  /** A process of the current reload has taken a step. */
  | { type: "reload.stepped"; report: LifeReport }
  | { type: "reload.refused"; why: string };

export type Role = "current" | "successor" | "leaving";

/**
 * What each process of two generations of one id is: the older of the two is the one that serves, unless it was
 * told to go already.
 */
export function rolesOf(
  context: AppContext,
  processes: readonly NewProcess[],
): { process: NewProcess; role: Role }[] {
  const isGoing = ({ resume }: NewProcess): boolean => resume?.facts.goal === "remove";
  const generationOf = ({ resume }: NewProcess): number => resume?.facts.generation ?? 0;
  const taken = new Set(Object.keys(context.processes).map(Number));
  return [...processes]
    .sort((a, b) => generationOf(a) - generationOf(b))
    .map((process) => {
      const { id } = process;
      const isOnly = processes.filter((other) => other.id === id).length === 1;
      if (isOnly && taken.has(id)) return undefined;
      if (isGoing(process) && !isOnly) return { process, role: "leaving" as const };
      if (taken.has(id)) return { process, role: "successor" as const };
      taken.add(id);
      return { process, role: "current" as const };
    })
    .filter((each) => each !== undefined);
}

export function findProcess(
  { processes, successors, leaving }: AppContext,
  actorId: string,
): { actor: ProcessActor; role: Role } | undefined {
  const roles = { current: processes, successor: successors, leaving };
  for (const [role, actors] of Object.entries(roles)) {
    const actor = Object.values(actors).find(({ id }) => id === actorId);
    if (actor !== undefined) return { actor, role: role as Role };
  }
  return undefined;
}

export function without(
  { processes, successors, leaving }: AppContext,
  actorId: string,
): Pick<AppContext, "processes" | "successors" | "leaving"> {
  const rest = <TKey extends string | number>(actors: Actors<TKey>): Actors<TKey> => {
    const key = Object.entries<ProcessActor>(actors).find(([, { id }]) => id === actorId)?.[0];
    if (key === undefined) return actors;
    const { [key as TKey]: _gone, ...others } = actors;
    return others as Actors<TKey>;
  };
  return { processes: rest(processes), successors: rest(successors), leaving: rest(leaving) };
}

/** The replacement of a process is given up and has to end. */
export function dismissed(context: AppContext, id: number): Partial<AppContext> {
  const { [id]: successor, ...successors } = context.successors;
  if (successor === undefined) return {};
  return { successors, leaving: { ...context.leaving, [successor.id]: successor } };
}

/** The replacement takes the place of the process, which has to end. */
export function promoted(context: AppContext, id: number): Partial<AppContext> {
  const { [id]: successor, ...successors } = context.successors;
  const { [id]: current } = context.processes;
  if (successor === undefined) return {};
  return {
    successors,
    processes: { ...context.processes, [id]: successor },
    leaving:
      current === undefined ? context.leaving : { ...context.leaving, [current.id]: current },
  };
}

export function hasLeaving({ leaving }: AppContext, id: number): boolean {
  return Object.values(leaving).some((actor) => actor.getSnapshot().context.id === id);
}

/** How what a sensor asks for is done: a cluster's processes by replacements that serve before they go, any other's by restarts, one after the other. */
export function reloadFor(
  { by, sensor }: Trip,
  { spec, ids }: { readonly spec: AppSpec; readonly ids: readonly number[] },
): ReloadRequest {
  // A failed probe is no reason to serve with fewer processes: the replacement comes first.
  const comesFirst = spec.policy.reload.surge || sensor === "liveness";
  const surge = spec.mode === "cluster" && comesFirst;
  return { by, ids, surge, force: false, spec, resume: null };
}

export function reloadInput(
  { by, ids, surge, force, spec, resume }: ReloadRequest,
  app: Pick<ReloadInput, "key" | "at" | "owner">,
): ReloadInput {
  const { reload, listenTimeoutMs } = spec.policy;
  const { concurrency } = reload;
  return { ...app, by, ids, surge, force, concurrency, listenTimeoutMs, resume };
}

/** Requests in flight get their time to finish; the process itself is not waited for. */
export function removal(
  process: ProcessActor,
  { at, by, why }: { at: number; by: string; why: Removal },
): Command {
  const { drain, drainTimeoutMs, killTimeoutMs } = process.getSnapshot().context.spec.policy;
  const graceMs = drain ? Math.max(killTimeoutMs, drainTimeoutMs) : killTimeoutMs;
  return { type: "remove", at, by, graceMs, why };
}

/** A replacement, on probation: an end before it serves is the reload's to judge and not the restart policy's. */
export function successorOf(
  current: ProcessActor,
  {
    at,
    spec,
    trip,
    self,
  }: {
    at: number;
    spec: AppSpec | null;
    trip: Trip | null;
    self: ProcessInput["owner"];
  },
): { id: string; input: ProcessInput } {
  const {
    id,
    generation,
    app,
    instance,
    seed,
    uniqueId,
    restarts,
    decisions,
    readyMs,
    ...context
  } = current.getSnapshot().context;
  const { ignoresDependencies } = context;
  const base = spec ?? context.spec;
  const restart = { ...base.policy.restart, onProbation: true };
  const input: ProcessInput = {
    id,
    generation: generation + 1,
    app,
    instance,
    seed,
    uniqueId: uniqueId ?? undefined,
    spec: { ...base, autostart: true, policy: { ...base.policy, restart } },
    at,
    resume: null,
    inherits: {
      restarts: restarts + 1,
      decisions: trip === null ? decisions : [...decisions, replacementOf(trip, at)],
      readyMs,
      ignoresDependencies,
    },
    ...(self === undefined ? {} : { owner: self }),
  };
  return { id: processActorId(id, generation + 1), input };
}

const steps: readonly string[] = [
  "process.spawned",
  "process.ready",
  "process.stopping",
  "process.ended",
] satisfies LifeReport["type"][];

/** Whether an event reports a step of a process's life. */
export function isLifeReport(event: AppEvent): event is LifeReport {
  return steps.includes(event.type);
}

export function processActorId(id: number, generation: number): string {
  return `process:${processKey({ id, generation })}`;
}

export function processInput(
  context: Pick<AppContext, "key" | "spec">,
  process: NewProcess,
  at: number,
): ProcessInput {
  const { id, instance, seed, uniqueId, resume, waits } = process;
  const { key: app, spec } = context;
  const more = waits === undefined ? {} : { waits };
  return { id, app, instance, spec, seed, uniqueId, at, resume, ...more };
}

/** The actor's id in `xstate.done.actor.<id>` and `xstate.error.actor.<id>`. */
export function endedActorId(event: { type: string }): string {
  return event.type.replace(/^xstate\.(?:done|error)\.actor\./, "");
}
