import { assign, emit, enqueueActions, sendTo, setup } from "xstate";
import { causeIn } from "./cause.ts";
import { faultIn } from "./lib/fault.ts";
import type { Goal, ProcessStatus } from "./facts.ts";
import { sourcePort } from "./lib/port.ts";
import {
  afterCommand,
  afterCounting,
  afterExit,
  afterJudging,
  afterLost,
  afterMet,
  afterRestart,
  afterRunTimeout,
  afterSkip,
  afterUnmet,
  endOfRun,
  freshlyPending,
} from "./process-after.ts";
import type { ProcessContext } from "./process-context.ts";
import { afterGroupOrder, askerOf, decidedByGroup } from "./process-groups.ts";
import {
  afterConcluding,
  afterHookBegun,
  afterHookEnded,
  afterPreparing,
  afterVerdict,
  beginsConclusion,
  beginsPreparing,
  beginsSignal,
  ofHooks,
} from "./process-hooks.ts";
import { endReport, readyReport, reported } from "./process-reports.ts";
import {
  beginsGrace,
  beginsWait,
  leftOfLife,
  listenPatienceMs,
  resumesGrace,
  resumesWait,
  shortensGrace,
} from "./process-waits.ts";
import { hasTimes } from "./spec.ts";
import { isBond } from "./dependency-bonds.ts";
import type {
  BondInput,
  DependencyInput,
  HookInput,
  LaunchInput,
  ProcessEvent,
  ProcessInput,
  Sensor,
  SensorInput,
  ToChild,
} from "./process-events.ts";
import { decidedBy, ofGroups, ofJobs, ofServing, resumed } from "./process-guards.ts";

type Broken = { what: "sensors" | "bonds" | "hooks" };

/** Limits are the app's to heed: one process after the other, in a cluster the replacement first. */
const isLimit = (sensor: Sensor | undefined): boolean =>
  sensor === "memory" || sensor === "cpu" || sensor === "age";

/** The words the chart of `process.ts` is written in: each guard, delay and action under the name a user reads. */
export const processSetup = setup({
  types: {
    context: {} as ProcessContext,
    input: {} as ProcessInput,
    events: {} as ProcessEvent,
    emitted: {} as
      | { type: "unexpected"; event: string }
      | { type: "broken"; what: string; reason: string },
    tags: {} as ProcessStatus,
  },
  actors: {
    childProcess: sourcePort<ToChild, LaunchInput>("childProcess"),
    sensors: sourcePort<{ type: "none" }, SensorInput>("sensors"),
    dependencies: sourcePort<{ type: "none" }, DependencyInput>("dependencies"),
    bonds: sourcePort<{ type: "none" }, BondInput>("bonds"),
    hook: sourcePort<{ type: "end" }, HookInput>("hook"),
  },
  guards: {
    ...resumed,
    waitsForItsTime: ({ context: { resume, spec } }) =>
      resume === null && !spec.autostart && hasTimes(spec),
    isScheduled: ({ context }) => context.goal === "run" && hasTimes(context.spec),
    ...ofJobs,
    ...ofGroups,
    ...ofHooks,
    ...ofServing,
    wantsToRun: ({ context }) => context.goal === "run" || context.goal === "restart",
    waitsForOthers: ({ context: { spec, ignoresDependencies } }) =>
      // A replacement runs beside the process it replaces, so its dependencies are met.
      spec.dependsOn.length > 0 && !ignoresDependencies && spec.policy.restart.onProbation !== true,
    wasOutOfTraffic: ({ context: { resume } }) =>
      resume?.child === "alive" && resume.facts.outOfTraffic === true,
    hasBonds: ({ context: { spec, ignoresDependencies } }) =>
      !ignoresDependencies && spec.dependsOn.some(isBond),
    hasTimeToSpare: ({ context: { killAt, spec, verdict }, event }) =>
      // The grace period of a probe also applies to the app's own code.
      verdict === null && "at" in event && (killAt ?? 0) > event.at + spec.policy.killTimeoutMs,
    isBeingRemoved: ({ context }) => context.goal === "remove",
    takesItsTurn: ({ context: { owner }, event }) =>
      owner !== undefined && event.type === "sensor.tripped" && isLimit(event.sensor),
    ...decidedBy,
  },
  delays: {
    // An adopted child gets the whole of it: it has yet to find the new daemon before it can say anything.
    listenTimeout: ({ context }) => listenPatienceMs(context.spec.policy, context.readyMs),
    minUptime: ({ context }) => leftOfLife(context, context.spec.policy.restart.minUptimeMs),
    runTimeout: ({ context }) =>
      leftOfLife(context, context.spec.policy.restart.job?.runTimeoutMs ?? 0),
    killTimeout: ({ context }) => context.delayMs,
    restartDelay: ({ context }) => context.delayMs,
  },
  actions: {
    setGoal: assign(({ event }, params: { goal: Goal }) => ({
      goal: params.goal,
      removal: event.type === "remove" ? (event.why ?? "deleted") : null,
      askedBy: askerOf(event),
      cause: causeIn(event),
    })),
    noteGroupOrder: assign(({ context, event }) => afterGroupOrder(context, event)),
    decideByGroup: assign(({ context, event }) => decidedByGroup(context, event)),
    noteVerdict: assign(({ event }) => afterVerdict(event)),
    beginPreparing: assign(({ context }) => beginsPreparing(context)),
    noteHookBegun: assign(({ event }) => afterHookBegun(event)),
    noteHookEnded: assign(({ context, event }) => afterHookEnded(context, event)),
    recordUnprepared: assign(({ context, event }) => afterPreparing(context, event)),
    recordConclusion: assign(({ context, event }) => afterConcluding(context, event)),
    beginSignalPeriod: assign(({ context, event }) => beginsSignal(context, event)),
    beginConclusion: assign(({ context }) => beginsConclusion(context)),
    endConclusion: assign({ killAt: null }),
    endHook: sendTo("hook", { type: "end" }),
    noteFire: assign(({ event }) =>
      event.type === "schedule.fired" ? { firedAt: event.dueAt } : {},
    ),
    noteSkipped: assign(({ context, event }) =>
      event.type === "schedule.skipped" ? afterSkip(context, event) : {},
    ),
    noteRunTimeout: assign(({ context }) => afterRunTimeout(context)),
    noteSignalled: assign({ wasSignalled: true }),
    noteFinding: assign(({ event }) => ("why" in event ? { finding: event.why } : {})),
    reportJudged: enqueueActions(({ context: { owner, id }, event, enqueue }) => {
      if (owner === undefined || !("at" in event)) return;
      enqueue.sendTo(owner, { type: "process.judged", at: event.at, id });
    }),
    leaveTraffic: sendTo("childProcess", { type: "traffic", isTaken: false }),
    enterTraffic: sendTo("childProcess", { type: "traffic", isTaken: true }),
    reportUnhealthy: enqueueActions(({ context, event, enqueue }) => {
      const { owner, id, generation } = context;
      if (owner === undefined || event.type !== "probe.failing") return;
      const { at, why } = event;
      const by = `a failed liveness probe (${why})`;
      const sensor = "liveness" as const;
      enqueue.sendTo(owner, { type: "process.tripped", at, id, generation, by, sensor });
    }),
    heedCommand: assign(({ event }) => afterCommand(event)),
    beginPending: assign(freshlyPending),
    noteUnmet: assign(({ context, event }) =>
      event.type === "dependencies.unmet" ? afterUnmet(context, event) : {},
    ),
    noteMet: assign(({ context, event }) =>
      event.type === "dependencies.met" ? afterMet(context, event.at) : {},
    ),
    noteLost: assign(({ context, event }) =>
      event.type === "dependencies.lost" ? afterLost(context, event) : {},
    ),
    endPending: assign({ renewed: null }),
    reportLost: enqueueActions(({ context, event, enqueue }) => {
      const { owner, failure } = context;
      if (owner === undefined || event.type !== "dependencies.lost") return;
      enqueue.sendTo(owner, {
        type: "process.ended",
        ...reported(context, event.at),
        wasAsked: false,
        reason: failure?.message ?? "a dependency can no longer be met",
      });
    }),
    beginLife: assign({
      // Until there is a child, the next daemon has to know that it is prepared.
      hook: ({ context: { hook } }) => (hook?.name === "pre_start" ? hook : null),
      goal: "run",
      askedBy: null,
      cause: null,
      groupOrder: null,
      failure: null,
      readiness: "pending",
      verdict: null,
      wasSignalled: false,
      finding: null,
      troubles: {},
    }),
    noteReady: assign(({ context, event }) => ({
      readiness: "ready",
      ...(event.type === "child.ready" && context.readiness !== "ready" && context.child !== null
        ? { readyMs: Math.max(0, event.at - context.child.at) }
        : {}),
    })),
    noteLate: assign({ readiness: "late" }),
    reportReady: enqueueActions(({ context, event, enqueue }) => {
      if (context.owner !== undefined) enqueue.sendTo(context.owner, readyReport(context, event));
    }),
    reportEnd: enqueueActions(({ context, enqueue }) => {
      if (context.owner !== undefined) enqueue.sendTo(context.owner, endReport(context));
    }),
    reportMove: enqueueActions(({ context: { owner, id }, enqueue }) => {
      if (owner !== undefined) enqueue.sendTo(owner, { type: "process.moved", id });
    }),
    reportTrip: enqueueActions(({ context: { owner, id, generation }, event, enqueue }) => {
      if (owner === undefined || event.type !== "sensor.tripped") return;
      const { at, by, sensor = "memory" } = event;
      enqueue.sendTo(owner, { type: "process.tripped", at, id, generation, by, sensor });
    }),
    reportStopping: enqueueActions(({ context, event, enqueue }) => {
      const { owner, child, removal } = context;
      // The event of a delay has no time.
      const timeIsOver = event.type.startsWith("xstate.after.runTimeout");
      const at = "at" in event ? event.at : timeIsOver ? endOfRun(context) : undefined;
      // A process that was stopping before continues to stop.
      if (owner === undefined || child === null || at === undefined) return;
      enqueue.sendTo(owner, {
        type: "process.stopping",
        ...reported(context, at),
        removal,
      });
    }),
    rememberChild: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "child.spawned") return;
      const { owner, child: before } = context;
      const { at, child } = event;
      enqueue.assign({ child, ...(before === null ? { hook: null } : {}) });
      if (owner === undefined || before !== null) return;
      enqueue.sendTo(owner, { type: "process.spawned", ...reported({ ...context, child }, at) });
    }),
    recordExit: assign(({ context, event }) =>
      event.type === "child.exited" ? afterExit(context, event) : {},
    ),
    recordLostExit: assign(({ context }) =>
      afterExit(
        context,
        context.resume?.end ?? {
          at: context.resume?.at ?? context.createdAt,
          code: null,
          signal: null,
        },
      ),
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
        message: faultIn(event),
        transient: false,
      },
    })),
    countUnstable: assign(({ context }) => afterCounting(context)),
    judge: assign(({ context }) => afterJudging(context)),
    countRestart: assign(({ context }) => afterRestart(context)),
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
    beginWait: assign(({ context }) => beginsWait(context)),
    resumeWait: assign(({ context }) => resumesWait(context)),
    endWait: assign({ restartAt: null }),
    beginGracePeriod: assign(({ context, event }) => beginsGrace(context, event)),
    shortenGracePeriod: assign(({ context, event }) => shortensGrace(context, event)),
    resumeGracePeriod: assign(({ context }) => resumesGrace(context)),
    forgetResume: assign({ resume: null }),
    askToStop: sendTo("childProcess", ({ context }) => ({
      type: "stop" as const,
      graceMs: context.delayMs,
    })),
    killTree: sendTo("childProcess", { type: "kill" }),
    noteBroken: enqueueActions(({ context: { troubles }, event, enqueue }, { what }: Broken) => {
      const reason = faultIn(event);
      enqueue.assign({ troubles: { ...troubles, [what]: reason } });
      enqueue(emit({ type: "broken" as const, what, reason }));
    }),
    reportUnexpected: emit(({ event }) => ({ type: "unexpected" as const, event: event.type })),
  },
});
