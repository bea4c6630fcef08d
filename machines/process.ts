import type { ActorRefFrom, SnapshotFrom } from "xstate";
import type { ProcessFacts, ProcessStatus } from "./facts.ts";
import { contextFrom, factsFrom } from "./process-context.ts";
import { processSetup } from "./process-setup.ts";

/**
 * One managed process. What the kernel runs is its child: `alive` holds it, and the child source reports
 * `child.exited` only when nothing of the child's tree is left, so that two lives never overlap.
 */
export const processMachine = processSetup.createMachine({
  id: "process",
  context: ({ input }) => contextFrom(input),
  initial: "resuming",
  on: {
    configure: { actions: "applySpec" },
    reset: { actions: "resetCounters" },
    "child.*": { actions: "reportUnexpected" },
    "sensor.*": { actions: "reportUnexpected" },
  },
  states: {
    resuming: {
      tags: "starting",
      always: [
        {
          guard: "childEndedMeanwhile",
          target: "exited",
          actions: ["recordLostExit", "countUnstable"],
        },
        { guard: "hasStoppingChild", target: "alive.stopping", actions: "resumeGracePeriod" },
        { guard: "hasStartingChild", target: "alive.starting" },
        { guard: "hasLiveChild", target: "alive.online" },
        { guard: "wasWaiting", target: "waiting", actions: "resumeWait" },
        { guard: "wasErrored", target: "errored" },
        { guard: "wasStopped", target: "stopped" },
        { guard: "wantsToRun", target: "alive" },
        { guard: "isBeingRemoved", target: "removed" },
        { target: "stopped" },
      ],
    },

    alive: {
      initial: "starting",
      invoke: {
        id: "childProcess",
        src: "childProcess",
        input: ({ context }) => ({
          id: context.id,
          generation: context.generation,
          app: context.app,
          instance: context.instance,
          spec: context.spec,
          adopt: context.resume?.child === "alive" ? context.resume.facts.child : null,
          stopWasAsked: context.resume?.facts.status === "stopping",
        }),
        onError: { target: "exited", actions: "recordBrokenPort" },
      },
      on: {
        "child.spawned": { actions: "rememberChild" },
        "child.ready": { actions: "noteReady" },
        "child.exited": { target: "exited", actions: ["recordExit", "countUnstable"] },
        "child.failed": { target: "exited", actions: ["recordFailure", "countUnstable"] },
        "child.lost": {
          target: ".stopping",
          actions: [
            { type: "setGoal", params: { goal: "restart" } },
            "countAskedRestart",
            "beginGracePeriod",
          ],
        },
        start: {},
        stop: {
          target: ".stopping",
          actions: [{ type: "setGoal", params: { goal: "stop" } }, "beginGracePeriod"],
        },
        restart: {
          target: ".stopping",
          actions: [
            { type: "setGoal", params: { goal: "restart" } },
            "countAskedRestart",
            "beginAnew",
            "beginGracePeriod",
          ],
        },
        remove: {
          target: ".stopping",
          actions: [{ type: "setGoal", params: { goal: "remove" } }, "beginGracePeriod"],
        },
      },
      exit: "forgetResume",
      states: {
        starting: {
          tags: "starting",
          entry: "beginLife",
          on: {
            "child.spawned": [
              { guard: "needsReadySignal", actions: "rememberChild" },
              { target: "online", actions: ["rememberChild", "noteReady"] },
            ],
            "child.ready": { target: "online", actions: "noteReady" },
          },
          after: { listenTimeout: { target: "online", actions: "noteLate" } },
        },
        online: {
          tags: "online",
          entry: "reportReady",
          type: "parallel",
          on: {
            "sensor.tripped": {
              target: "stopping",
              actions: [
                { type: "setGoal", params: { goal: "restart" } },
                "countAskedRestart",
                "beginGracePeriod",
              ],
            },
          },
          states: {
            uptime: {
              initial: "fresh",
              states: {
                fresh: { after: { minUptime: { target: "stable" } } },
                stable: { entry: "forgetUnstableExits" },
              },
            },
            sensors: {
              initial: "off",
              states: {
                off: { always: { guard: "hasSensors", target: "watching" } },
                watching: {
                  invoke: {
                    id: "sensors",
                    src: "sensors",
                    input: ({ context: { id, generation, spec, child } }) => ({
                      id,
                      generation,
                      spec,
                      child,
                    }),
                    onError: { target: "broken" },
                  },
                },
                broken: { entry: "reportUnexpected" },
              },
            },
          },
        },
        stopping: {
          tags: "stopping",
          initial: "graceful",
          on: {
            start: [
              { guard: "isBeingRemoved" },
              { actions: { type: "setGoal", params: { goal: "restart" } } },
            ],
            restart: [
              { guard: "isBeingRemoved" },
              { actions: { type: "setGoal", params: { goal: "restart" } } },
            ],
            stop: [
              { guard: "isBeingRemoved" },
              { actions: { type: "setGoal", params: { goal: "stop" } } },
            ],
            remove: { actions: { type: "setGoal", params: { goal: "remove" } } },
            "sensor.tripped": {},
            "child.lost": {},
          },
          states: {
            graceful: { entry: "askToStop", after: { killTimeout: { target: "forced" } } },
            forced: { entry: "killTree" },
          },
        },
      },
    },

    exited: {
      entry: ["judge", "reportEnd"],
      always: [
        { guard: "wantsRemoval", target: "removed" },
        { guard: "wantsStop", target: "stopped" },
        { guard: "cannotBeSpawned", target: "errored" },
        { guard: "wantsRestart", target: "alive" },
        { guard: "isStopExitCode", target: "stopped" },
        { guard: "neverRestarts", target: "stopped" },
        { guard: "endedCleanly", target: "stopped" },
        { guard: "endedByItsOwnCode", target: "stopped" },
        { guard: "unstableTooOften", target: "errored" },
        { guard: "restartsTooOften", target: "errored" },
        { guard: "backsOff", target: "waiting", actions: "beginWait" },
        { guard: "delaysRestart", target: "waiting", actions: "beginWait" },
        { target: "alive", actions: "countRestart" },
      ],
    },

    waiting: {
      tags: "waiting",
      entry: "forgetResume",
      exit: "endWait",
      after: { restartDelay: { target: "alive", actions: "countRestart" } },
      on: {
        start: { target: "alive" },
        restart: { target: "alive", actions: "beginAnew" },
        stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
        remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
      },
    },

    errored: {
      tags: "errored",
      entry: "forgetResume",
      on: {
        start: { target: "alive", actions: "beginAnew" },
        restart: { target: "alive", actions: "beginAnew" },
        stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
        remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
      },
    },

    stopped: {
      tags: "stopped",
      entry: "forgetResume",
      initial: "resting",
      on: {
        start: { target: "alive", actions: "beginAnew" },
        restart: { target: "alive", actions: "beginAnew" },
        stop: { target: ".resting", actions: { type: "setGoal", params: { goal: "stop" } } },
        remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
      },
      states: {
        resting: { always: { guard: "isScheduled", target: "scheduled" } },
        // A job that has ended by itself is run again by its cron pattern; one that was stopped is not.
        scheduled: {
          invoke: {
            id: "sensors",
            src: "sensors",
            input: ({ context: { id, generation, spec } }) => ({
              id,
              generation,
              spec,
              child: null,
            }),
            onError: { target: "#process.errored", actions: "recordBrokenPort" },
          },
          on: {
            "sensor.tripped": { target: "#process.alive", actions: "countAskedRestart" },
          },
        },
      },
    },

    removed: { tags: "removed", type: "final" },
  },
});

export type ProcessActor = ActorRefFrom<typeof processMachine>;

/** What is known of a process now: what the journal keeps of it. */
export function factsOf(snapshot: SnapshotFrom<typeof processMachine>): ProcessFacts {
  const [status] = snapshot.tags as Set<ProcessStatus>;
  return factsFrom(snapshot.context, status ?? "stopped");
}
