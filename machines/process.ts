import type { ActorRefFrom } from "xstate";
import { contextFrom, launchedSpec } from "./process-context.ts";
import { exits } from "./process-exits.ts";
import { completed, errored, failed, givenUpByGroup, held, stopped } from "./process-rest.ts";
import { online } from "./process-online.ts";
import { pending } from "./process-pending.ts";
import { concluding, preparing } from "./process-preparing.ts";
import { processSetup } from "./process-setup.ts";
import { stopping } from "./process-stopping.ts";
import { listenPatienceMs, stopWasAsked } from "./process-waits.ts";

/**
 * One managed process. What the kernel runs is its child: `alive` holds it, and the child source reports
 * `child.exited` only when nothing of the child's tree is left, so that two lives never overlap.
 */
export const processMachine = processSetup.createMachine({
  id: "process",
  description: "One managed process, from its declaration to its removal.",
  context: ({ input }) => contextFrom(input),
  initial: "resuming",
  on: {
    configure: { actions: "applySpec" },
    reset: { actions: "resetCounters" },
    "schedule.fired": { actions: "noteFire" },
    "schedule.skipped": { actions: "noteSkipped" },
    "child.*": { actions: "reportUnexpected" },
    "sensor.*": { actions: "reportUnexpected" },
    "dependencies.*": { actions: "reportUnexpected" },
    "probe.*": { actions: "reportUnexpected" },
    "bond.*": { actions: "reportUnexpected" },
    "hook.*": { actions: "reportUnexpected" },
    // Its app may not know yet that it has moved on.
    "traffic.*": {},
    // It has moved on since its group looked.
    "group.*": {},
  },
  states: {
    resuming: {
      description:
        "A new daemon or a new process: continues from the saved state and the live child.",
      tags: "starting",
      always: [
        {
          guard: "childEndedMeanwhile",
          target: "concluding",
          actions: ["recordLostExit", "countUnstable"],
        },
        { guard: "wasPrepared", target: "alive" },
        { guard: "wasPreparing", target: "preparing" },
        { guard: "wasConcluding", target: "concluding" },
        {
          guard: "lostItsRun",
          target: "exited",
          actions: ["recordLostExit", "countUnstable"],
        },
        { guard: "hasStoppingChild", target: "alive.stopping", actions: "resumeGracePeriod" },
        { guard: "hasStartingChild", target: "alive.starting" },
        { guard: "hasLiveChild", target: "alive.online" },
        { guard: "wasHeld", target: "held" },
        { guard: "wasWaiting", target: "waiting", actions: "resumeWait" },
        { guard: "wasErrored", target: "errored" },
        { guard: "wasCompleted", target: "completed" },
        { guard: "wasFailed", target: "failed" },
        { guard: "wasStopped", target: "stopped" },
        { guard: "waitsForItsTime", target: "stopped" },
        { guard: "wantsToRun", target: "pending" },
        { guard: "isBeingRemoved", target: "removed" },
        { target: "stopped" },
      ],
    },

    pending,

    preparing,

    alive: {
      description: "It has a child, or is starting one.",
      initial: "starting",
      entry: "reportMove",
      invoke: {
        id: "childProcess",
        src: "childProcess",
        input: ({ context }) => ({
          id: context.id,
          generation: context.generation,
          app: context.app,
          instance: context.instance,
          spec: launchedSpec(context),
          uniqueId: context.uniqueId,
          adopt: context.resume?.child === "alive" ? context.resume.facts.child : null,
          stopWasAsked: stopWasAsked(context),
          wasSignalled: context.resume?.facts.signalled ?? false,
          wasReady: context.resume?.facts.status === "online",
          listenPatienceMs: listenPatienceMs(context.spec.policy, context.readyMs),
          counts: {
            createdAt: context.createdAt,
            restarts: context.restarts,
            unstableRestarts: context.unstableRestarts,
          },
        }),
        onError: { target: "exited", actions: "recordBrokenPort" },
      },
      on: {
        "child.spawned": { actions: "rememberChild" },
        "child.ready": { actions: "noteReady" },
        "child.exited": { target: "concluding", actions: ["recordExit", "countUnstable"] },
        "child.failed": { target: "concluding", actions: ["recordFailure", "countUnstable"] },
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
            "heedCommand",
            "countAskedRestart",
            "beginAnew",
            "beginGracePeriod",
          ],
        },
        remove: {
          target: ".stopping",
          actions: [{ type: "setGoal", params: { goal: "remove" } }, "beginGracePeriod"],
        },
        "group.stop": {
          target: ".stopping",
          actions: [
            { type: "setGoal", params: { goal: "restart" } },
            "noteGroupOrder",
            "beginGracePeriod",
          ],
        },
      },
      exit: "forgetResume",
      states: {
        starting: {
          description: "The child was started and is not ready yet.",
          tags: "starting",
          entry: "beginLife",
          on: {
            "child.spawned": [
              // Restarted: listen_timeout belongs to the child, and a slow spawn takes nothing of it.
              {
                guard: "needsReadySignal",
                target: "starting",
                reenter: true,
                actions: "rememberChild",
              },
              { target: "online", actions: ["rememberChild", "noteReady"] },
            ],
            "child.ready": { target: "online", actions: "noteReady" },
            "child.elsewhere": { target: "online", actions: "noteLate" },
            "child.unstarted": {
              target: "stopping",
              actions: ["noteVerdict", "beginGracePeriod"],
            },
          },
          after: { listenTimeout: { guard: "mayBeLate", target: "online", actions: "noteLate" } },
        },
        online,
        stopping,
      },
    },

    concluding,

    exited: {
      description:
        "The whole restart policy: the first rule that applies decides. A passing state.",
      entry: ["judge", "reportEnd"],
      always: exits,
    },

    waiting: {
      description: "It starts again when the wait is over.",
      tags: "waiting",
      entry: "forgetResume",
      exit: "endWait",
      after: {
        restartDelay: [
          { guard: "asksItsGroup", target: "held", actions: "countRestart" },
          { target: "pending", actions: "countRestart" },
        ],
      },
      on: {
        "group.stop": [...givenUpByGroup],
        start: { target: "pending", actions: "heedCommand" },
        restart: { target: "pending", actions: ["heedCommand", "beginAnew"] },
        stop: { target: "stopped", actions: { type: "setGoal", params: { goal: "stop" } } },
        remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
      },
    },

    held,

    errored,

    completed,

    failed,

    stopped,

    removed: { description: "It is gone.", tags: "removed", type: "final" },
  },
});

export type ProcessActor = ActorRefFrom<typeof processMachine>;
