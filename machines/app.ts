import type { ActorRefFrom } from "xstate";
import { appSetup } from "./app-setup.ts";

export type { NewProcess, ReloadRequest } from "./app-context.ts";

/**
 * One app: keeps its processes as declared, and reloads them. It stands between God and the processes so that the
 * cost of a spawn does not grow with everything that runs, and so that a broken process takes no other with it.
 * A command to stop, restart or remove a process takes it out of a reload that is under way.
 */
export const appMachine = appSetup.createMachine({
  id: "app",
  description: "One app: its processes, and its reloads.",
  context: ({ input }) => ({
    key: input.key,
    spec: input.spec,
    processes: {},
    successors: {},
    leaving: {},
    reload: null,
    reloadSpec: null,
    revivals: 0,
  }),
  initial: "declared",
  on: {
    "app.configure": { actions: "applySpec" },
    "process.*": { actions: "tellReload" },
    "reload.launch": { actions: "launchReplacements" },
    "reload.promote": { actions: "promoteReplacements" },
    "reload.discard": { actions: "discardReplacements" },
    "reload.moved": { actions: "rememberReload" },
    "xstate.done.actor.reload": { actions: "endReload" },
    "xstate.error.actor.reload": { actions: "abandonReload" },
    "xstate.done.actor.*": { actions: "forgetProcess" },
    "xstate.error.actor.*": { actions: "reviveProcess" },
  },
  states: {
    declared: {
      description: "It has no processes yet.",
      on: { "processes.add": { target: "supervising", actions: "addProcesses" } },
    },
    supervising: {
      description: "It keeps its processes.",
      initial: "settled",
      on: {
        "processes.add": { actions: "addProcesses" },
        "processes.command": { actions: "passCommandOn" },
      },
      always: { guard: "hasNoProcesses", target: "gone" },
      states: {
        settled: {
          description: "No reload is under way.",
          on: { "app.reload": { target: "reloading", actions: "beginReload" } },
        },
        reloading: {
          description: "A reload is under way; a second one is refused.",
          on: { "app.reload": { actions: "refuseReload" } },
          always: { guard: "isSettled", target: "settled" },
        },
      },
    },
    gone: { description: "Its last process was removed.", type: "final" },
  },
});

export type AppActor = ActorRefFrom<typeof appMachine>;
