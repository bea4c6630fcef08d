import { assign, enqueueActions, setup, type ActorRefFrom } from "xstate";
import type { ReloadFacts, ReloadFailure, ReloadStep } from "./facts.ts";
import type { ReloadContext, ReloadEvent, ReloadInput, Slot } from "./reload-events.ts";

type Has = { context: ReloadContext };

const slots = ({ context }: Has): Slot[] => Object.values(context.batch);
const idsOf = (batch: ReloadContext["batch"]): number[] => Object.keys(batch).map(Number);

/**
 * One reload of an app: a batch at a time, the replacements are started, waited for until they can serve, and
 * only then do the processes they replace drain and end. A replacement that fails is removed, what it was to
 * replace keeps serving, and the reload ends there.
 */
export const reloadMachine = setup({
  types: {
    context: {} as ReloadContext,
    input: {} as ReloadInput,
    output: {} as ReloadFacts,
    events: {} as ReloadEvent,
    tags: {} as ReloadStep,
  },
  guards: {
    wasDraining: ({ context }) => context.resume?.step === "draining",
    wasFailing: ({ context }) => context.resume?.step === "failing",
    nothingIsLeft: ({ context }) => context.pending.length === 0,
    batchIsOver: (has: Has) => slots(has).length === 0,
    batchIsReady: (has: Has) => slots(has).every((slot) => slot === "ready" || slot === "leaving"),
    lateIsAccepted: ({ context, event }) =>
      event.type === "process.ready" && event.isLate && (context.force || event.isExpected),
    isLate: ({ event }) => event.type === "process.ready" && event.isLate,
    isForced: ({ context }) => context.force,
    isNotOfTheBatch: ({ context, event }) => "id" in event && context.batch[event.id] === undefined,
  },
  actions: {
    takeBatch: assign(({ context }) => {
      const ids = context.pending.slice(0, context.concurrency);
      return {
        pending: context.pending.slice(ids.length),
        batch: Object.fromEntries(ids.map((id) => [id, "launching" as const])),
      };
    }),
    resumeBatch: assign(({ context }) => ({
      batch: Object.fromEntries((context.resume?.batch ?? []).map((id) => [id, "ready" as const])),
    })),
    askToLaunch: enqueueActions(({ context, enqueue }) => {
      const { owner, at, by, surge, batch } = context;
      enqueue.sendTo(owner, { type: "reload.launch", at, by, ids: idsOf(batch), surge });
    }),
    askToPromote: enqueueActions(({ context, enqueue }) => {
      const ids = idsOf(context.batch).filter((id) => context.batch[id] === "ready");
      const { owner, at, by } = context;
      enqueue.assign({
        batch: { ...context.batch, ...Object.fromEntries(ids.map((id) => [id, "draining"])) },
      });
      enqueue.sendTo(owner, { type: "reload.promote", at, by, ids });
    }),
    askToDiscard: enqueueActions(({ context, enqueue }) => {
      const { owner, at, by, batch } = context;
      const ids = idsOf(batch).filter((id) => batch[id] !== "leaving");
      enqueue.assign({
        batch: { ...batch, ...Object.fromEntries(ids.map((id) => [id, "leaving"])) },
      });
      enqueue.sendTo(owner, { type: "reload.discard", at, by, ids });
    }),
    tellMoved: enqueueActions(({ context, enqueue }) => {
      enqueue.sendTo(context.owner, { type: "reload.moved" });
    }),
    noteTime: assign(({ context, event }) =>
      "at" in event ? { at: Math.max(context.at, event.at) } : {},
    ),
    markReady: assign(({ context, event }) =>
      "id" in event && context.batch[event.id] === "launching"
        ? { batch: { ...context.batch, [event.id]: "ready" as const } }
        : {},
    ),
    markGone: assign(({ context, event }) => {
      if (!("id" in event)) return {};
      const { [event.id]: slot, ...batch } = context.batch;
      if (slot === "draining") return { batch, done: [...context.done, event.id] };
      return slot === "leaving" ? { batch } : {};
    }),
    takeOut: assign(({ context, event }) => {
      if (event.type !== "process.takenOut") return {};
      const { id, isLeaving } = event;
      const { [id]: slot, ...batch } = context.batch;
      const isPending = context.pending.includes(id);
      if (slot === "draining" || slot === "leaving" || (slot === undefined && !isPending))
        return {};
      return {
        pending: context.pending.filter((other) => other !== id),
        batch: isLeaving ? { ...batch, [id]: "leaving" as const } : batch,
        takenOut: [...context.takenOut, id],
      };
    }),
    recordLate: assign(({ context, event }) => ({
      failure: failureOf(event, lateness(event, context.listenTimeoutMs)),
    })),
    recordEnd: assign(({ event }) => ({
      failure: failureOf(event, event.type === "process.ended" ? event.reason : "ended"),
    })),
  },
}).createMachine({
  id: "reload",
  description: "One reload of an app, a batch of processes at a time.",
  context: ({ input: { ids, resume, ...input } }) => ({
    ...input,
    startedAt: resume?.startedAt ?? input.at,
    pending:
      resume === null ? ids : [...(isUnderWay(resume) ? [] : resume.batch), ...resume.pending],
    batch: {},
    done: resume?.done ?? [],
    takenOut: resume?.takenOut ?? [],
    failure: resume?.failure ?? null,
    resume,
  }),
  initial: "resuming",
  on: {
    "process.takenOut": { actions: ["noteTime", "takeOut"] },
    "process.gone": { actions: ["noteTime", "markGone"] },
    "process.ready": {},
    "process.ended": {},
  },
  states: {
    resuming: {
      description: "A new reload, or one that a former daemon did not finish.",
      tags: "launching",
      always: [
        { guard: "wasDraining", target: "draining", actions: "resumeBatch" },
        { guard: "wasFailing", target: "failing", actions: "resumeBatch" },
        { target: "choosing" },
      ],
    },
    choosing: {
      description: "The next batch, or the end.",
      tags: "launching",
      always: [
        { guard: "nothingIsLeft", target: "succeeded" },
        { target: "launching", actions: "takeBatch" },
      ],
    },
    launching: {
      description: "The replacements are starting; the reload waits until they are ready.",
      tags: "launching",
      entry: ["tellMoved", "askToLaunch"],
      on: {
        "process.ready": [
          { guard: "isNotOfTheBatch" },
          { guard: "lateIsAccepted", actions: ["noteTime", "markReady"] },
          { guard: "isLate", target: "failing", actions: ["noteTime", "recordLate"] },
          { actions: ["noteTime", "markReady"] },
        ],
        "process.ended": [
          { guard: "isNotOfTheBatch" },
          { guard: "isForced", actions: ["noteTime", "markReady"] },
          { target: "failing", actions: ["noteTime", "recordEnd"] },
        ],
      },
      always: [
        { guard: "batchIsOver", target: "choosing" },
        { guard: "batchIsReady", target: "draining" },
      ],
    },
    draining: {
      description: "The replacements serve; the processes that they replace drain and exit.",
      tags: "draining",
      entry: ["askToPromote", "tellMoved"],
      always: { guard: "batchIsOver", target: "choosing" },
    },
    failing: {
      description:
        "A replacement failed: the replacements of the batch are ended, and the processes that they were to replace keep serving.",
      tags: "failing",
      entry: ["askToDiscard", "tellMoved"],
      always: { guard: "batchIsOver", target: "failed" },
    },
    succeeded: { description: "Every process was replaced.", tags: "succeeded", type: "final" },
    failed: {
      description: "It stopped at the process that could not be replaced.",
      tags: "failed",
      type: "final",
    },
  },
  output: ({ context }) => factsFrom(context, context.failure === null ? "succeeded" : "failed"),
});

export type ReloadActor = ActorRefFrom<typeof reloadMachine>;

/** What is known of a reload now: what the journal keeps of it. */
export function reloadFactsOf(actor: ReloadActor): ReloadFacts {
  const { context, tags } = actor.getSnapshot();
  const [step] = tags as Set<ReloadStep>;
  return factsFrom(context, step ?? "launching");
}

function factsFrom(context: ReloadContext, step: ReloadStep): ReloadFacts {
  const { key, by, startedAt, at, concurrency, surge, force, pending } = context;
  const { batch, done, takenOut, failure } = context;
  return {
    key,
    by,
    startedAt,
    at,
    step,
    concurrency,
    surge,
    force,
    pending,
    batch: idsOf(batch),
    done,
    takenOut,
    failure,
  };
}

/** The batch is taken over as it is; otherwise it starts again. */
function isUnderWay({ step }: ReloadFacts): boolean {
  return step === "draining" || step === "failing";
}

function lateness(event: ReloadEvent, listenTimeoutMs: number): string {
  const { because, waitedMs = listenTimeoutMs } = event.type === "process.ready" ? event : {};
  return because ?? `was not ready within ${waitedMs} ms (listen_timeout)`;
}

function failureOf(event: ReloadEvent, reason: string): ReloadFailure | null {
  if (!("id" in event)) return null;
  const words =
    event.type === "process.ended" && event.lastWords !== undefined
      ? { lastWords: event.lastWords }
      : {};
  return { id: event.id, at: event.at, reason, ...words };
}
