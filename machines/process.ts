import { assign, emit, sendTo, setup, type ActorRefFrom, type SnapshotFrom } from "xstate";
import type { Rule } from "./decision.ts";
import type { Goal, ProcessFacts, ProcessStatus } from "./facts.ts";
import { addRestart } from "./lib/intensity.ts";
import { sourcePort } from "./lib/port.ts";
import {
  afterCounting,
  afterExit,
  afterJudging,
  contextFrom,
  factsFrom,
  judgedFrom,
  type ProcessContext,
} from "./process-context.ts";
import type {
  LaunchInput,
  ProcessEvent,
  ProcessInput,
  SensorInput,
  ToChild,
} from "./process-events.ts";
import { applies } from "./restart-policy.ts";

type Has = { context: ProcessContext };

const rule =
  (name: Rule) =>
  ({ context }: Has): boolean =>
    applies(name, judgedFrom(context));

const leftUntil = (deadline: number | null | undefined, now: number | undefined): number =>
  Math.max(0, (deadline ?? 0) - (now ?? 0));

/**
 * One managed process. What the kernel runs is its child: `alive` holds it, and the child source reports
 * `child.exited` only when nothing of the child's tree is left, so that two lives never overlap.
 */
export const processMachine = setup({
  types: {
    context: {} as ProcessContext,
    input: {} as ProcessInput,
    events: {} as ProcessEvent,
    emitted: {} as { type: "unexpected"; event: string },
    tags: {} as ProcessStatus,
  },
  actors: {
    childProcess: sourcePort<ToChild, LaunchInput>("childProcess"),
    sensors: sourcePort<{ type: "none" }, SensorInput>("sensors"),
  },
  guards: {
    childEndedMeanwhile: ({ context }) => context.resume?.child === "gone",
    hasLiveChild: ({ context }) => context.resume?.child === "alive",
    hasStoppingChild: ({ context }) =>
      context.resume?.child === "alive" && context.resume.facts.status === "stopping",
    hasStartingChild: ({ context }) =>
      context.resume?.child === "alive" && context.resume.facts.status === "starting",
    wasWaiting: ({ context }) => context.resume?.facts.status === "waiting",
    wasErrored: ({ context }) => context.resume?.facts.status === "errored",
    wantsToRun: ({ context }) => context.goal === "run" || context.goal === "restart",
    isBeingRemoved: ({ context }) => context.goal === "remove",
    needsReadySignal: ({ context }) => context.spec.policy.readiness !== "spawned",
    hasSensors: ({ context: { spec } }) =>
      spec.sensors.maxMemoryBytes !== null ||
      spec.sensors.cron !== null ||
      spec.sensors.watch !== null,
    wantsRemoval: rule("wantsRemoval"),
    wantsStop: rule("wantsStop"),
    cannotBeSpawned: rule("cannotBeSpawned"),
    wantsRestart: rule("wantsRestart"),
    isStopExitCode: rule("isStopExitCode"),
    neverRestarts: rule("neverRestarts"),
    endedCleanly: rule("endedCleanly"),
    endedByItsOwnCode: rule("endedByItsOwnCode"),
    unstableTooOften: rule("unstableTooOften"),
    restartsTooOften: rule("restartsTooOften"),
    backsOff: rule("backsOff"),
    delaysRestart: rule("delaysRestart"),
  },
  delays: {
    listenTimeout: ({ context }) => context.spec.policy.listenTimeoutMs,
    minUptime: ({ context }) => context.spec.policy.restart.minUptimeMs,
    killTimeout: ({ context }) => context.delayMs,
    restartDelay: ({ context }) => context.delayMs,
  },
  actions: {
    setGoal: assign(({ event }, params: { goal: Goal }) => ({
      goal: params.goal,
      askedBy: "by" in event ? event.by : null,
    })),
    beginLife: assign({ goal: "run", askedBy: null, failure: null }),
    rememberChild: assign(({ event }) =>
      event.type === "child.spawned" ? { child: event.child } : {},
    ),
    recordExit: assign(({ context, event }) =>
      event.type === "child.exited" ? afterExit(context, event) : {},
    ),
    recordLostExit: assign(({ context }) =>
      afterExit(context, { at: context.resume?.at ?? context.createdAt, code: null, signal: null }),
    ),
    recordFailure: assign(({ event }) =>
      event.type === "child.failed"
        ? { child: null, killAt: null, failure: { ...event.failure, transient: event.transient } }
        : {},
    ),
    recordBrokenPort: assign(({ context, event }) => ({
      killAt: null,
      failure: {
        at: context.createdAt,
        code: "ERR_INTERNAL",
        message: String((event as { error?: unknown }).error),
        transient: false,
      },
    })),
    countUnstable: assign(({ context }) => afterCounting(context)),
    judge: assign(({ context }) => afterJudging(context)),
    countRestart: assign(({ context }) => {
      const { restartWindowMs } = context.spec.policy.restart;
      const last = context.decisions.at(-1);
      const at = (last?.at ?? 0) + (last?.delayMs ?? 0);
      return {
        restarts: context.restarts + 1,
        restartTimes:
          restartWindowMs === 0 ? [] : addRestart(context.restartTimes, at, restartWindowMs),
      };
    }),
    countAskedRestart: assign({ restarts: ({ context }) => context.restarts + 1 }),
    beginAnew: assign(({ context, event }) => ({
      createdAt: "at" in event ? event.at : context.createdAt,
      unstableRestarts: 0,
      restartTimes: [],
      backoffMs: 0,
    })),
    forgetUnstableExits: assign({ unstableRestarts: 0 }),
    resetCounters: assign({ restarts: 0, unstableRestarts: 0, restartTimes: [], backoffMs: 0 }),
    applySpec: assign(({ event }) => (event.type === "configure" ? { spec: event.spec } : {})),
    beginWait: assign(({ context }) => {
      const last = context.decisions.at(-1);
      return { delayMs: last?.delayMs ?? 0, restartAt: (last?.at ?? 0) + (last?.delayMs ?? 0) };
    }),
    resumeWait: assign(({ context: { resume } }) => ({
      delayMs: leftUntil(resume?.facts.restartAt, resume?.at),
    })),
    endWait: assign({ restartAt: null }),
    beginGracePeriod: assign(({ context, event }) => ({
      delayMs: context.spec.policy.killTimeoutMs,
      killAt: ("at" in event ? event.at : 0) + context.spec.policy.killTimeoutMs,
    })),
    resumeGracePeriod: assign(({ context: { resume } }) => ({
      delayMs: leftUntil(resume?.facts.killAt, resume?.at),
    })),
    forgetResume: assign({ resume: null }),
    askToStop: sendTo("childProcess", { type: "stop" }),
    killTree: sendTo("childProcess", { type: "kill" }),
    reportUnexpected: emit(({ event }) => ({ type: "unexpected" as const, event: event.type })),
  },
}).createMachine({
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
        { guard: "wantsToRun", target: "alive" },
        { guard: "isBeingRemoved", target: "removed" },
        { target: "stopped" },
      ],
    },

    stopped: {
      tags: "stopped",
      entry: "forgetResume",
      on: {
        start: { target: "alive", actions: "beginAnew" },
        restart: { target: "alive", actions: "beginAnew" },
        stop: { actions: { type: "setGoal", params: { goal: "stop" } } },
        remove: { target: "removed", actions: { type: "setGoal", params: { goal: "remove" } } },
      },
    },

    alive: {
      initial: "starting",
      invoke: {
        id: "childProcess",
        src: "childProcess",
        input: ({ context }) => ({
          id: context.id,
          instance: context.instance,
          spec: context.spec,
          adopt: context.resume?.child === "alive" ? context.resume.facts.child : null,
          stopWasAsked: context.resume?.facts.status === "stopping",
        }),
        onError: { target: "exited", actions: "recordBrokenPort" },
      },
      on: {
        "child.spawned": { actions: "rememberChild" },
        "child.ready": {},
        "child.exited": { target: "exited", actions: ["recordExit", "countUnstable"] },
        "child.failed": { target: "exited", actions: ["recordFailure", "countUnstable"] },
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
              { target: "online", actions: "rememberChild" },
            ],
            "child.ready": { target: "online" },
          },
          after: { listenTimeout: { target: "online" } },
        },
        online: {
          tags: "online",
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
                    input: ({ context: { id, spec, child } }) => ({ id, spec, child }),
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
          },
          states: {
            graceful: { entry: "askToStop", after: { killTimeout: { target: "forced" } } },
            forced: { entry: "killTree" },
          },
        },
      },
    },

    exited: {
      entry: "judge",
      always: [
        { guard: "wantsRemoval", target: "removed" },
        { guard: "wantsStop", target: "stopped" },
        { guard: "cannotBeSpawned", target: "errored" },
        { guard: "wantsRestart", target: "alive" },
        {
          guard: "isStopExitCode",
          target: "stopped",
          actions: { type: "setGoal", params: { goal: "stop" } },
        },
        {
          guard: "neverRestarts",
          target: "stopped",
          actions: { type: "setGoal", params: { goal: "stop" } },
        },
        {
          guard: "endedCleanly",
          target: "stopped",
          actions: { type: "setGoal", params: { goal: "stop" } },
        },
        {
          guard: "endedByItsOwnCode",
          target: "stopped",
          actions: { type: "setGoal", params: { goal: "stop" } },
        },
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

    removed: { tags: "removed", type: "final" },
  },
});

export type ProcessActor = ActorRefFrom<typeof processMachine>;

/** What is known of a process now: what the journal keeps of it. */
export function factsOf(snapshot: SnapshotFrom<typeof processMachine>): ProcessFacts {
  const [status] = snapshot.tags as Set<ProcessStatus>;
  return factsFrom(snapshot.context, status ?? "stopped");
}
