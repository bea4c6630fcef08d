import type { AppActor } from "../../../machines/app.ts";
import type { GodActor } from "../../../machines/god.ts";
import { isAtRest, type ProcessFacts } from "../../../machines/facts.ts";
import { ownGroup } from "../../../machines/group-spec.ts";
import type { GroupActor } from "../../../machines/group.ts";
import type { ProcessActor } from "../../../machines/process.ts";
import { factsOf } from "../../../machines/process-view.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { xmError } from "../../contract/errors.ts";

/** A process as the daemon finds it: its actor, its app's specification and what is known of it. */
export interface Managed {
  readonly actor: ProcessActor;
  readonly app: AppActor;
  readonly spec: AppSpec;
  readonly facts: ProcessFacts;
  /** The group of its app. */
  readonly group?: GroupActor;
}

/** Looks things up in the tree of actors; keeps nothing of its own. */
export interface Registry {
  apps(): AppActor[];
  app(key: string): AppActor | undefined;
  processes(): Managed[];
  /** @throws `ERR_PROCESS_NOT_FOUND` */
  process(id: number): Managed;
  /** Many of them, looked up at once. @throws `ERR_PROCESS_NOT_FOUND` for the first that is unknown */
  processesWith(ids: readonly number[]): Managed[];
  processesOf(app: AppActor): Managed[];
  /** Apps of that name, whatever their namespace. */
  appsCalled(name: string): AppActor[];
  /** Whether any of its processes runs or is about to. */
  isRunning(app: AppActor): boolean;
  /** Ids that no process has had since the list was last empty; then they begin at 0 again (PM2). */
  freeIds(count: number): number[];
  /** A key for a new app: its name, or its name with a number when another has it. */
  freeKey(name: string, taken: ReadonlySet<string>): string;
}

export function createRegistry(god: GodActor): Registry {
  const managed = (actor: ProcessActor, app: AppActor): Managed => {
    const snapshot = actor.getSnapshot();
    const { spec } = snapshot.context;
    const found = { actor, app, spec, facts: factsOf(snapshot) };
    const name = ownGroup(app.getSnapshot().context.spec);
    const group = name === undefined ? undefined : god.getSnapshot().context.groups.get(name);
    return group === undefined ? found : { ...found, group };
  };
  const apps = (): AppActor[] => [...god.getSnapshot().context.apps.values()];
  const processesOf = (app: AppActor): Managed[] =>
    Object.values(app.getSnapshot().context.processes)
      .map((actor) => managed(actor, app))
      .sort((a, b) => a.facts.id - b.facts.id);
  const processes = (): Managed[] =>
    apps()
      .flatMap(processesOf)
      .sort((a, b) => a.facts.id - b.facts.id);

  /** An id that was given out is not given again soon: a script that kept it would reach another process. */
  let nextId = 0;

  return {
    apps,
    app: (key) => god.getSnapshot().context.apps.get(key),
    processes,
    processesOf,
    process: (id) => {
      for (const app of apps()) {
        const actor = app.getSnapshot().context.processes[id];
        if (actor !== undefined) return managed(actor, app);
      }
      throw xmError("ERR_PROCESS_NOT_FOUND", { target: String(id) });
    },
    processesWith: (ids) => {
      const appOf = new Map<number, AppActor>();
      for (const app of apps()) {
        for (const id of Object.keys(app.getSnapshot().context.processes))
          appOf.set(Number(id), app);
      }
      return ids.map((id) => {
        const app = appOf.get(id);
        const actor = app?.getSnapshot().context.processes[id];
        if (app === undefined || actor === undefined)
          throw xmError("ERR_PROCESS_NOT_FOUND", { target: String(id) });
        return managed(actor, app);
      });
    },
    appsCalled: (name) => apps().filter((app) => app.getSnapshot().context.spec.name === name),
    isRunning: (app) => processesOf(app).some(({ facts }) => !isAtRest(facts.status)),
    freeIds: (count) => {
      const taken = apps().flatMap((app) =>
        Object.keys(app.getSnapshot().context.processes).map(Number),
      );
      const first = taken.length === 0 ? 0 : Math.max(nextId, ...taken.map((id) => id + 1));
      nextId = first + count;
      return Array.from({ length: count }, (_, index) => first + index);
    },
    freeKey: (name, taken) => {
      const { apps: keys } = god.getSnapshot().context;
      const isTaken = (candidate: string) => keys.has(candidate) || taken.has(candidate);
      let key = name;
      for (let number = 2; isTaken(key); number += 1) key = `${name}~${number}`;
      return key;
    },
  };
}

/** The lowest natural numbers not in a set. */
export function lowestFree(taken: ReadonlySet<number>, count: number): number[] {
  const free: number[] = [];
  for (let candidate = 0; free.length < count; candidate += 1) {
    if (!taken.has(candidate)) free.push(candidate);
  }
  return free;
}
