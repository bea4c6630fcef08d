import {
  emit,
  enqueueActions,
  setup,
  type ActorRefFrom,
  type DoneActorEvent,
  type ErrorActorEvent,
} from "xstate";
import { appMachine, type AppActor, type NewProcess, type ReloadRequest } from "./app.ts";
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
  | { type: "app.declare"; at: number; app: DeclaredApp }
  | { type: "app.configure"; at: number; key: string; spec: AppSpec }
  | { type: "app.reload"; at: number; key: string; reload: ReloadRequest }
  | { type: "app.scaleUp"; at: number; key: string; processes: readonly NewProcess[] }
  | { type: "processes.command"; key: string; ids: readonly number[]; command: Command }
  | { type: "shutDown"; at: number; by: string }
  | { type: "handOver"; at: number };

export interface GodContext {
  readonly apps: Readonly<Record<string, AppActor>>;
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
    hasNoApps: ({ context }) => Object.keys(context.apps).length === 0,
    isNewApp: ({ context, event }) =>
      event.type === "app.declare" && context.apps[event.app.key] === undefined,
  },
  actions: {
    restoreApps: enqueueActions(({ event, enqueue }) => {
      const { at, apps } = (event as DoneActorEvent<{ at: number; apps: readonly DeclaredApp[] }>)
        .output;
      enqueue.assign(({ context, spawn }) => ({
        apps: {
          ...context.apps,
          ...Object.fromEntries(apps.map((app) => [app.key, spawn("app", appSpawn(app))])),
        },
      }));
      for (const { key, processes, reload } of apps) {
        const app = ({ context }: { context: GodContext }): AppActor =>
          context.apps[key] as AppActor;
        enqueue.sendTo(app, { type: "processes.add", at, processes });
        if (reload !== undefined) enqueue.sendTo(app, { type: "app.reload", at, reload });
      }
    }),
    declareApp: enqueueActions(({ event, enqueue }) => {
      if (event.type !== "app.declare") return;
      const { at, app } = event;
      enqueue.assign(({ context, spawn }) => ({
        apps: { ...context.apps, [app.key]: spawn("app", appSpawn(app)) },
      }));
      enqueue.sendTo(({ context }) => context.apps[app.key] as AppActor, {
        type: "processes.add",
        at,
        processes: app.processes,
      });
    }),
    passOn: enqueueActions(({ context, event, enqueue }) => {
      if (!("key" in event) || typeof event.key !== "string") return;
      const app = context.apps[event.key];
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
    stopEverything: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "shutDown") return;
      const command: Command = { type: "remove", at: event.at, by: event.by, why: "shutDown" };
      for (const app of Object.values(context.apps)) {
        const ids = Object.keys(app.getSnapshot().context.processes).map(Number);
        enqueue.sendTo(app, { type: "processes.command", ids, command });
      }
    }),
    forgetApp: enqueueActions(({ context, event, enqueue }) => {
      const key = endedAppKey(event);
      const app = context.apps[key];
      if (app === undefined) return;
      enqueue.stopChild(app);
      const { [key]: _gone, ...apps } = context.apps;
      enqueue.assign({ apps });
      enqueue(emit({ type: "app.gone" as const, key }));
    }),
    reportBrokenApp: emit(({ event }) => ({
      type: "broken" as const,
      id: endedAppKey(event),
      message: String((event as { error?: unknown }).error),
    })),
  },
}).createMachine({
  id: "god",
  description: "The root of everything: one per home.",
  context: { apps: {} },
  initial: "restoring",
  on: {
    "xstate.done.actor.*": { actions: "forgetApp" },
    "xstate.error.actor.*": { actions: ["reportBrokenApp", "forgetApp"] },
  },
  states: {
    restoring: {
      description: "It comes up: what ran is adopted.",
      invoke: {
        id: "restore",
        src: "restore",
        onDone: { target: "running", actions: "restoreApps" },
        onError: { target: "running", actions: "reportBrokenApp" },
      },
    },
    running: {
      description: "It keeps the apps.",
      on: {
        "app.declare": { guard: "isNewApp", actions: "declareApp" },
        "app.configure": { actions: "passOn" },
        "app.scaleUp": { actions: "passOn" },
        "app.reload": { actions: "passOn" },
        "processes.command": { actions: "passOn" },
        shutDown: { target: "shuttingDown", actions: "stopEverything" },
        handOver: { target: "handedOver" },
      },
    },
    shuttingDown: {
      description: "Everything is being stopped.",
      always: { guard: "hasNoApps", target: "down" },
    },
    handedOver: { description: "It left; the apps run on for the next daemon.", type: "final" },
    down: { description: "Nothing is left.", type: "final" },
  },
});

export type GodActor = ActorRefFrom<typeof godMachine>;

function endedAppKey(event: { type: string }): string {
  return event.type.replace(/^xstate\.(?:done|error)\.actor\.app:/, "");
}

function appSpawn({ key, spec }: DeclaredApp): {
  id: string;
  input: { key: string; spec: AppSpec };
} {
  return { id: appActorId(key), input: { key, spec } };
}
