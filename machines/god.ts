import {
  assign,
  emit,
  enqueueActions,
  setup,
  type ActorRefFrom,
  type DoneActorEvent,
  type ErrorActorEvent,
} from "xstate";
import type { GroupCommand, GroupFacts } from "./group-events.ts";
import { groupMachine, type GroupActor } from "./group.ts";
import { appSpawn, newApps } from "./god-apps.ts";
import { endedActor, groupId, rearranged } from "./god-groups.ts";
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
  | {
      type: "processes.command";
      key: string;
      ids: readonly number[];
      command: Command | GroupCommand;
    }
  | { type: "shutDown"; at: number; by: string }
  | { type: "handOver"; at: number };

export interface GodContext {
  /**
   * The apps by key, in the order they were declared. The one map of its life, changed in place: with a copy for each
   * change, n apps cost n².
   */
  readonly apps: Map<string, AppActor>;
  /** The groups that the apps make up, by name; changed in place. */
  readonly groups: Map<string, GroupActor>;
  /** How many groups were created again after a fault of the machine itself. */
  readonly faults: number;
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

/** A group machine that breaks is replaced this often; then its apps go on without it. */
const mostFaults = 3;

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
      | { type: "group.gone"; name: string }
      | { type: "broken"; id: string; message: string },
  },
  actors: {
    app: appMachine,
    group: groupMachine,
    restore: taskPort<Brought, void>("restore"),
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
    /** An actor for each group that has none, and the new arrangement for each that has one. */
    arrangeGroups: enqueueActions(({ context: { apps, groups, faults }, event, enqueue }) => {
      if (faults > mostFaults && event.type.startsWith("xstate.error")) return;
      const { added, moved, gone } = rearranged([...apps.values()], groups, event);
      for (const { name, ...input } of added)
        enqueue.assign(({ spawn }) => {
          groups.set(name, spawn("group", { id: groupId(name), input }));
          return {};
        });
      for (const { actor, ...news } of moved)
        enqueue.sendTo(actor, { type: "group.arrange", ...news });
      for (const { name, actor } of gone) {
        groups.delete(name);
        enqueue.stopChild(actor);
        enqueue(emit({ type: "group.gone" as const, name }));
      }
    }),
    /** What is stopped now is no member's crash. */
    stopGroups: enqueueActions(({ context: { groups }, enqueue }) => {
      for (const actor of groups.values()) enqueue.stopChild(actor);
      groups.clear();
    }),
    forgetGroup: enqueueActions(({ context: { groups, faults }, event, enqueue }) => {
      const id = endedActor(event);
      const [name, actor] = [...groups].find(([each]) => groupId(each) === id) ?? [];
      if (name === undefined || actor === undefined) return;
      groups.delete(name);
      enqueue.stopChild(actor);
      enqueue.assign({ faults: faults + 1 });
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
    reportBroken: emit(({ event }) => ({
      type: "broken" as const,
      id: endedAppKey(event),
      message: faultIn(event),
    })),
  },
}).createMachine({
  id: "god",
  description: "The root machine: one per home.",
  context: () => ({
    apps: new Map(),
    groups: new Map(),
    faults: 0,
    latest: { declared: [], gone: [] },
    leaving: null,
  }),
  initial: "restoring",
  on: {
    "xstate.done.actor.*": { actions: ["releaseApp", "forgetApp", "tellGone", "arrangeGroups"] },
    "xstate.error.actor.*": {
      actions: ["reportBroken", "stopApp", "forgetApp", "tellGone", "forgetGroup", "arrangeGroups"],
    },
  },
  states: {
    restoring: {
      description: "It starts and adopts the running children.",
      invoke: {
        id: "restore",
        src: "restore",
        onDone: {
          target: "running",
          actions: ["createApps", "arrangeGroups", "startProcesses"],
        },
        onError: { target: "running", actions: "reportBroken" },
      },
    },
    running: {
      description: "It supervises the apps.",
      on: {
        "app.declare": {
          guard: "hasNewApp",
          actions: ["createApps", "arrangeGroups", "startProcesses"],
        },
        "app.configure": { actions: ["passOn", "arrangeGroups"] },
        "app.scaleUp": { actions: "passOn" },
        "app.reload": { actions: "passOn" },
        "processes.command": { actions: "passOn" },
        shutDown: {
          target: "shuttingDown",
          actions: ["rememberLeaving", "stopGroups", "stopFreeApps"],
        },
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
          actions: ["reportBroken", "stopApp", "forgetApp", "tellGone", "stopFreeApps"],
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

/** What the port `restore` brings. */
export interface Brought {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
  /** What a former daemon knew of the groups. */
  readonly groups?: readonly GroupFacts[];
}

type Restored = DoneActorEvent<Brought>;

/** The apps that an event declares, or brings back. */
function appsIn(event: GodEvent | DoneActorEvent | ErrorActorEvent): readonly DeclaredApp[] {
  return event.type === "app.declare" ? event.apps : (event as Restored).output.apps;
}

function endedAppKey(event: { type: string }): string {
  return endedActor(event).replace(/^app:/, "");
}
