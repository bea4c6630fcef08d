import {
  assign,
  emit,
  enqueueActions,
  setup,
  type ActorRefFrom,
  type DoneActorEvent,
  type ErrorActorEvent,
} from "xstate";
import { factsOf, processMachine, type ProcessActor } from "./process.ts";
import type { Command, ProcessInput, Resume } from "./process-events.ts";
import type { AppSpec } from "./spec.ts";

/** One process to create: its id is unique within the daemon, its instance number within the app. */
export interface NewProcess {
  readonly id: number;
  readonly instance: number;
  readonly seed: number;
  readonly resume: Resume | null;
}

export type AppEvent =
  | { type: "processes.add"; at: number; processes: readonly NewProcess[] }
  | { type: "processes.command"; ids: readonly number[]; command: Command }
  | { type: "app.configure"; at: number; spec: AppSpec };

export interface AppInput {
  readonly key: string;
  readonly spec: AppSpec;
}

export interface AppContext {
  readonly key: string;
  readonly spec: AppSpec;
  readonly processes: Readonly<Record<number, ProcessActor>>;
  /** How many processes were revived after a fault of the machine itself. */
  readonly revivals: number;
}

/** A process machine that breaks is replaced so many times per app; then it is left out and reported. */
const mostRevivals = 3;

const processActorId = (id: number): string => `process:${id}`;

/**
 * One app: keeps its processes as declared. It stands between God and the processes so that the cost of a
 * spawn does not grow with everything that runs, and so that a broken process takes no other with it.
 */
export const appMachine = setup({
  types: {
    context: {} as AppContext,
    input: {} as AppInput,
    events: {} as AppEvent | DoneActorEvent | ErrorActorEvent,
    emitted: {} as { type: "broken"; id: string; message: string; revived: boolean },
  },
  actors: { process: processMachine },
  guards: {
    hasNoProcesses: ({ context }) => Object.keys(context.processes).length === 0,
  },
  actions: {
    addProcesses: assign(({ context, spawn, event }) => {
      if (event.type !== "processes.add") return {};
      const processes = { ...context.processes };
      for (const process of event.processes) {
        if (processes[process.id] !== undefined) continue;
        processes[process.id] = spawn("process", {
          id: processActorId(process.id),
          input: processInput(context, process, event.at),
        });
      }
      return { processes };
    }),
    passCommandOn: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "processes.command") return;
      for (const id of event.ids) {
        const process = context.processes[id];
        if (process !== undefined) enqueue.sendTo(process, event.command);
      }
    }),
    applySpec: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "app.configure") return;
      const { at, spec } = event;
      enqueue.assign({ spec });
      for (const process of Object.values(context.processes)) {
        enqueue.sendTo(process, { type: "configure", at, spec });
      }
    }),
    forgetProcess: enqueueActions(({ context, event, enqueue }) => {
      const id = endedActorId(event);
      const entry = Object.entries(context.processes).find(([, process]) => process.id === id);
      if (entry === undefined) return;
      const { [Number(entry[0])]: _, ...processes } = context.processes;
      enqueue.stopChild(entry[1]);
      enqueue.assign({ processes });
    }),
    reviveProcess: enqueueActions(({ context, event, enqueue }) => {
      const id = endedActorId(event);
      const broken = Object.values(context.processes).find((process) => process.id === id);
      if (broken === undefined) return;
      const revived = context.revivals < mostRevivals;
      const message = String((event as { error?: unknown }).error);
      enqueue(emit({ type: "broken" as const, id, message, revived }));
      enqueue.stopChild(broken);
      enqueue.assign(({ context: before, spawn }) => {
        const facts = factsOf(broken.getSnapshot());
        const { [facts.id]: _, ...processes } = before.processes;
        if (!revived) return { processes };
        const resume: Resume = {
          facts,
          child: facts.child === null ? "none" : "alive",
          at: facts.createdAt,
        };
        const process = { id: facts.id, instance: facts.instance, seed: facts.id, resume };
        const actor = spawn("process", {
          id: processActorId(facts.id),
          input: processInput(before, process, facts.createdAt),
        });
        return { processes: { ...processes, [facts.id]: actor }, revivals: before.revivals + 1 };
      });
    }),
  },
}).createMachine({
  id: "app",
  context: ({ input }) => ({ key: input.key, spec: input.spec, processes: {}, revivals: 0 }),
  initial: "declared",
  on: {
    "app.configure": { actions: "applySpec" },
    "xstate.done.actor.*": { actions: "forgetProcess" },
    "xstate.error.actor.*": { actions: "reviveProcess" },
  },
  states: {
    declared: {
      on: { "processes.add": { target: "supervising", actions: "addProcesses" } },
    },
    supervising: {
      on: {
        "processes.add": { actions: "addProcesses" },
        "processes.command": { actions: "passCommandOn" },
      },
      always: { guard: "hasNoProcesses", target: "gone" },
    },
    gone: { type: "final" },
  },
});

export type AppActor = ActorRefFrom<typeof appMachine>;

function processInput(context: AppContext, process: NewProcess, at: number): ProcessInput {
  const { id, instance, seed, resume } = process;
  return { id, app: context.key, instance, spec: context.spec, seed, at, resume };
}

/** The actor's id in `xstate.done.actor.<id>` and `xstate.error.actor.<id>`. */
function endedActorId(event: { type: string }): string {
  return event.type.replace(/^xstate\.(?:done|error)\.actor\./, "");
}
