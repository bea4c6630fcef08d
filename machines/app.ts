import type { ActorRefFrom } from "xstate";
import { appSetup } from "./app-reload-setup.ts";

export type { NewProcess, ReloadRequest } from "./app-context.ts";

/**
 * One app: keeps its processes as declared, and reloads them. It sits between God and the processes so that the
 * cost of a spawn does not grow with everything that runs, and so that a broken process takes no other with it.
 * A command to stop, restart or remove a process takes it out of a reload that is in progress.
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
    trips: [],
    trip: null,
    troubles: {},
    nextRunAt: null,
    revivals: 0,
  }),
  initial: "declared",
  on: {
    "app.configure": { actions: "applySpec" },
    "process.*": { actions: ["tellReload", "shareTraffic"] },
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
      description: "It supervises its processes, and watches clock and files for them.",
      initial: "settled",
      invoke: {
        id: "sensors",
        src: "sensors",
        input: ({ context: { key } }) => ({ key }),
        onError: { actions: "noteBrokenSensors" },
      },
      on: {
        "processes.add": { actions: ["addProcesses", "tellSensors"] },
        "processes.command": { actions: "passCommandOn" },
        "app.configure": { actions: ["applySpec", "tellSensors"] },
        "process.moved": { actions: "tellSensors" },
        "process.tripped": { actions: "queueTrip" },
        "sensor.tripped": { actions: "queueTrip" },
        "schedule.due": { actions: "recordFire" },
        "schedule.begin": { actions: "beginRun" },
        "schedule.next": { actions: "noteNextRun" },
        "sensor.failed": { actions: "noteTrouble" },
        "sensor.recovered": { actions: "forgetTrouble" },
      },
      always: { guard: "hasNoProcesses", target: "gone" },
      states: {
        settled: {
          description: "No reload is in progress.",
          entry: "tellSensors",
          on: { "app.reload": { target: "reloading", actions: "beginReload" } },
          always: { guard: "hasTripped", target: "reloading", actions: "restartTripped" },
        },
        reloading: {
          description:
            "A reload is in progress: a second one is refused, and requests of sensors wait.",
          on: { "app.reload": { actions: "refuseReload" } },
          always: { guard: "isSettled", target: "settled" },
        },
      },
    },
    gone: { description: "Its last process was removed.", type: "final" },
  },
});

export type AppActor = ActorRefFrom<typeof appMachine>;
