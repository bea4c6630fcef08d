import {
  assign,
  emit,
  enqueueActions,
  setup,
  type ActorRefFrom,
  type DoneActorEvent,
  type ErrorActorEvent,
} from "xstate";
import { faultIn } from "./lib/fault.ts";
import { appMachine, type AppActor, type NewProcess, type ReloadRequest } from "./app.ts";
import { stopWaves } from "./dependency-order.ts";
import { taskPort } from "./lib/port.ts";
import type { Command } from "./process-events.ts";
import type { AppSpec } from "./spec.ts";

/** An app and the processes it begins with. `key` is unique: the name, unless two apps share one. */
export interface DeclaredApp {
  readonly key: string;
  readonly spec: AppSpec;
  readonly processes: readonly NewProcess[];
  /** A reload that a former daemon did not finish. */
  readonly reload?: ReloadRequest;
}

export type GodEvent =
  /** Several at once: each transition that creates actors costs as much as there are apps already. */
  | { type: "app.declare"; at: number; apps: readonly DeclaredApp[] }
  | { type: "app.configure"; at: number; key: string; spec: AppSpec }
  | { type: "app.reload"; at: number; key: string; reload: ReloadRequest }
  | { type: "app.scaleUp"; at: number; key: string; processes: readonly NewProcess[] }
  | { type: "processes.command"; key: string; ids: readonly number[]; command: Command }
  | { type: "shutDown"; at: number; by: string }
  | { type: "handOver"; at: number };

export interface GodContext {
  /**
   * The apps by key, in the order they were declared. The one map of its life, changed in place: with a copy for each
   * change, n apps cost n².
   */
  readonly apps: Map<string, AppActor>;
  /** The latest change of `apps`, by which observers notice it; a new object each time. */
  readonly latest: AppsChange;
  /** Who asked for the shutdown, and the apps that have not been told yet, changed in place; `null` without a shutdown. */
  readonly leaving: {
    readonly at: number;
    readonly by: string;
    readonly rest: Set<AppActor>;
  } | null;
}

export interface AppsChange {
  readonly declared: readonly string[];
  readonly gone: readonly string[];
}

const appActorId = (key: string): string => `app:${key}`;

/**
 * The root: restores what was declared before, keeps the apps, and leaves in one of two ways: `shutDown` stops
 * every process first, `handOver` leaves them all running for the next God to adopt. An app that breaks is
 * reported and reaped; it takes nothing else with it.
 */
export const godMachine = setup({
  types: {
    context: {} as GodContext,
    events: {} as GodEvent | DoneActorEvent | ErrorActorEvent,
    emitted: {} as
      | { type: "app.gone"; key: string }
      | { type: "broken"; id: string; message: string },
  },
  actors: {
    app: appMachine,
    restore: taskPort<{ at: number; apps: readonly DeclaredApp[] }, void>("restore"),
  },
  guards: {
    hasNoApps: ({ context }) => context.apps.size === 0,
    hasNewApp: ({ context, event }) =>
      event.type === "app.declare" && event.apps.some(({ key }) => !context.apps.has(key)),
  },
  actions: {
    createApps: assign(({ context: { apps }, event, spawn }) => {
      const declared = newApps(apps, appsIn(event));
      for (const app of declared) apps.set(app.key, spawn("app", appSpawn(app)));
      return { latest: { declared: declared.map(({ key }) => key), gone: [] } };
    }),
    startProcesses: enqueueActions(({ context: { apps, latest }, event, enqueue }) => {
      const { at } = event.type === "app.declare" ? event : (event as Restored).output;
      const isNew = new Set(latest.declared);
      for (const { key, processes, reload } of appsIn(event)) {
        const app = apps.get(key);
        if (app === undefined || !isNew.delete(key)) continue;
        enqueue.sendTo(app, { type: "processes.add", at, processes });
        if (reload !== undefined) enqueue.sendTo(app, { type: "app.reload", at, reload });
      }
    }),
    passOn: enqueueActions(({ context, event, enqueue }) => {
      if (!("key" in event) || typeof event.key !== "string") return;
      const app = context.apps.get(event.key);
      if (app === undefined) return;
      if (event.type === "app.scaleUp") {
        enqueue.sendTo(app, { type: "processes.add", at: event.at, processes: event.processes });
      } else if (
        event.type === "app.configure" ||
        event.type === "processes.command" ||
        event.type === "app.reload"
      ) {
        enqueue.sendTo(app, event);
      }
    }),
    rememberLeaving: assign({
      leaving: ({ context, event }) =>
        event.type === "shutDown"
          ? { at: event.at, by: event.by, rest: new Set(context.apps.values()) }
          : context.leaving,
    }),
    /** What nothing depends on any more of what is left. */
    stopFreeApps: enqueueActions(({ context: { apps, leaving }, enqueue }) => {
      if (leaving === null) return;
      const { at, by, rest } = leaving;
      if (rest.size === 0) return;
      const command: Command = { type: "remove", at, by, why: "shutDown" };
      const left = [...apps.values()].map((actor) => ({
        actor,
        spec: actor.getSnapshot().context.spec,
      }));
      for (const { actor } of stopWaves(left)[0] ?? []) {
        if (!rest.delete(actor)) continue;
        const ids = Object.keys(actor.getSnapshot().context.processes).map(Number);
        enqueue.sendTo(actor, { type: "processes.command", ids, command });
      }
    }),
    /**
     * XState's `stopChild` copies all children to leave one out. An app that is done is stopped already and has stopped
     * its own: it only has to be let go of.
     */
    releaseApp: ({ context: { apps }, event, self }) => {
      const app = apps.get(endedAppKey(event));
      if (app?.getSnapshot().status === "done") delete self.getSnapshot().children[app.id];
    },
    stopApp: enqueueActions(({ context: { apps }, event, enqueue }) => {
      const app = apps.get(endedAppKey(event));
      if (app !== undefined) enqueue.stopChild(app);
    }),
    forgetApp: assign(({ context: { apps, latest }, event }) => {
      const key = endedAppKey(event);
      return apps.delete(key) ? { latest: { declared: [], gone: [key] } } : { latest };
    }),
    tellGone: enqueueActions(({ context: { latest }, event, enqueue }) => {
      const key = endedAppKey(event);
      if (latest.gone.includes(key)) enqueue(emit({ type: "app.gone" as const, key }));
    }),
    reportBrokenApp: emit(({ event }) => ({
      type: "broken" as const,
      id: endedAppKey(event),
      message: faultIn(event),
    })),
  },
}).createMachine({
  id: "god",
  description: "The root machine: one per home.",
  context: () => ({ apps: new Map(), latest: { declared: [], gone: [] }, leaving: null }),
  initial: "restoring",
  on: {
    "xstate.done.actor.*": { actions: ["releaseApp", "forgetApp", "tellGone"] },
    "xstate.error.actor.*": { actions: ["reportBrokenApp", "stopApp", "forgetApp", "tellGone"] },
  },
  states: {
    restoring: {
      description: "It starts and adopts the running children.",
      invoke: {
        id: "restore",
        src: "restore",
        onDone: { target: "running", actions: ["createApps", "startProcesses"] },
        onError: { target: "running", actions: "reportBrokenApp" },
      },
    },
    running: {
      description: "It supervises the apps.",
      on: {
        "app.declare": { guard: "hasNewApp", actions: ["createApps", "startProcesses"] },
        "app.configure": { actions: "passOn" },
        "app.scaleUp": { actions: "passOn" },
        "app.reload": { actions: "passOn" },
        "processes.command": { actions: "passOn" },
        shutDown: { target: "shuttingDown", actions: ["rememberLeaving", "stopFreeApps"] },
        handOver: { target: "handedOver" },
      },
    },
    shuttingDown: {
      description: "It stops everything, dependents before their dependencies.",
      on: {
        "xstate.done.actor.*": {
          actions: ["releaseApp", "forgetApp", "tellGone", "stopFreeApps"],
        },
        "xstate.error.actor.*": {
          actions: ["reportBrokenApp", "stopApp", "forgetApp", "tellGone", "stopFreeApps"],
        },
      },
      always: { guard: "hasNoApps", target: "down" },
    },
    handedOver: {
      description: "It exited; the apps keep running for the next daemon.",
      type: "final",
    },
    down: { description: "Nothing is left.", type: "final" },
  },
});

export type GodActor = ActorRefFrom<typeof godMachine>;

type Restored = DoneActorEvent<{ at: number; apps: readonly DeclaredApp[] }>;

/** The apps that an event declares, or brings back. */
function appsIn(event: GodEvent | DoneActorEvent | ErrorActorEvent): readonly DeclaredApp[] {
  return event.type === "app.declare" ? event.apps : (event as Restored).output.apps;
}

/** Those that no app has the key of yet; of two with one key the first. */
function newApps(
  apps: ReadonlyMap<string, AppActor>,
  declared: readonly DeclaredApp[],
): DeclaredApp[] {
  const keys = new Set(apps.keys());
  return declared.filter(({ key }) => !keys.has(key) && keys.add(key));
}

function endedAppKey(event: { type: string }): string {
  return event.type.replace(/^xstate\.(?:done|error)\.actor\.app:/, "");
}

function appSpawn({ key, spec }: DeclaredApp): {
  id: string;
  input: { key: string; spec: AppSpec };
} {
  return { id: appActorId(key), input: { key, spec } };
}
