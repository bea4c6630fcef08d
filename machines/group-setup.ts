import { assign, emit, enqueueActions, setup } from "xstate";
import {
  type AfterStop,
  type GroupCommand,
  type GroupEvent,
  type GroupFacts,
  type GroupInput,
  type GroupStep,
  type SeenProcess,
  type ToMembers,
} from "./group-events.ts";
import {
  afterCrashes,
  answeredWith,
  decisiveEnd,
  hasStarted,
  heldAlone,
  isKnown,
  isOverBudget,
  isUpAgain,
  lastToStop,
  openOf,
  overBudgetText,
  scopeOf,
  startableOf,
  type GroupContext,
} from "./group-reading.ts";
import { faultIn } from "./lib/fault.ts";
import { sourcePort } from "./lib/port.ts";

type Asked = { readonly context: GroupContext };

/** What the group around it decides about is held for it; without one it is the end. */
const afterEnd = ({ place }: GroupContext): AfterStop => (place.parent === null ? "end" : "hold");

const wasAt =
  (...steps: readonly GroupStep[]) =>
  ({ context: { resume } }: Asked): boolean =>
    resume !== null && steps.includes(resume.step);

/** The words that the chart of `group.ts` is written in. */
export const groupSetup = setup({
  types: {
    context: {} as GroupContext,
    input: {} as GroupInput,
    events: {} as GroupEvent,
    emitted: {} as { type: "group.moved"; facts: GroupFacts } | { type: "broken"; reason: string },
  },
  actors: { members: sourcePort<ToMembers, { readonly name: string }>("members") },
  guards: {
    isKnown: ({ context }: Asked) => isKnown(context),
    wasStopping: wasAt("stopping"),
    wasStarting: wasAt("starting"),
    wasEnding: wasAt("ending"),
    wasEnded: wasAt("ended"),
    wasShuttingDown: wasAt("shuttingDown"),
    wasShutDown: wasAt("shutDown"),
    hasCrashed: ({ context }: Asked) => openOf(context, "crash").length > 0,
    hasGivenUp: ({ context }: Asked) => openOf(context, "gaveUp").length > 0,
    hasEnded: ({ context }: Asked) => openOf(context, "ended").length > 0,
    hasEndedSignificantly: ({ context }: Asked) => decisiveEnd(context) !== undefined,
    isOverBudget: ({ context }: Asked) => isOverBudget(context),
    restartsOthers: ({ context: { round } }: Asked) => round !== null,
    isScopeDown: ({ context }: Asked) =>
      lastToStop(scopeOf(context), context.processes, "hold").length === 0,
    isStarted: ({ context }: Asked) => context.round === null || context.round.next === null,
    isDown: ({ context }: Asked) =>
      lastToStop(context.place.leaves, context.processes, afterEnd(context)).length === 0,
    isAtRest: ({ context }: Asked) =>
      lastToStop(context.place.leaves, context.processes, "rest").length === 0,
    isUpAgain: ({ context }: Asked) => isUpAgain(context),
    isTakenDown: ({ event }: { readonly event: GroupEvent }) =>
      event.type === "members.seen" &&
      event.isGuided &&
      event.processes.every(({ is }) => is === "held" || is === "waiting" || is === "resting"),
    hasLostItsParent: ({ context }: Asked) =>
      context.place.parent === null &&
      lastToStop(context.place.leaves, context.processes, "end").length > 0,
  },
  actions: {
    see: assign(({ event }) => {
      if (event.type !== "members.seen") return {};
      const { at, processes, groups, isGuided } = event;
      return { at, processes, groups, isGuided };
    }),
    arrange: enqueueActions(({ event, enqueue }) => {
      if (event.type !== "group.arrange") return;
      const { place } = event;
      enqueue.assign({ place });
      enqueue.sendTo("members", { type: "watch", place });
    }),
    tellMembers: enqueueActions(({ context: { place }, enqueue }) => {
      enqueue.sendTo("members", { type: "watch", place });
    }),
    countCrashes: assign(({ context }) => afterCrashes(context)),
    startHeld: enqueueActions(({ context, enqueue }) => {
      for (const order of startOrders(heldAlone(context), context.at))
        enqueue.sendTo("members", order);
    }),
    stopNext: enqueueActions(({ context, enqueue }) => {
      for (const order of stopOrders(context, scopeOf(context), "hold"))
        enqueue.sendTo("members", order);
    }),
    startNext: enqueueActions(({ context, enqueue }) => {
      const { round, at } = context;
      if (round === null || round.next === null || isSurprised(context)) return;
      const { keys } = round;
      let { next, asked } = round as { next: string | null; asked: readonly number[] };
      while (next !== null) {
        const key: string = next;
        const startable = startableOf(context, key, asked);
        for (const order of startOrders(startable, at)) enqueue.sendTo("members", order);
        asked = [...new Set([...asked, ...startable.map(({ id }) => id)])];
        if (startable.length > 0 || !hasStarted(context, key)) break;
        next = keys[keys.indexOf(key) + 1] ?? null;
        asked = [];
      }
      if (next === round.next && asked.length === round.asked.length) return;
      const after = { ...round, next, asked };
      enqueue.assign({ round: after });
      const facts = factsAt({ ...context, round: after }, "starting");
      enqueue(emit({ type: "group.moved" as const, facts }));
    }),
    endRound: assign({ round: null }),
    recordOverBudget: assign(({ context }) => ({
      why: overBudgetText(context),
      round: null,
      endedAt: context.at,
    })),
    recordGivenUp: assign(({ context }) => {
      const open = openOf(context, "gaveUp");
      const texts = open.map(({ text }) => text).join(" and ");
      const why = `group ${context.place.spec.name} gave up, because ${texts}`;
      const cause = open.at(-1)?.cause;
      return {
        why,
        cause,
        answered: answeredWith(context, open),
        round: null,
        endedAt: context.at,
      };
    }),
    recordShutDown: assign(({ context }) => {
      const { name, autoShutdown } = context.place.spec;
      const end = decisiveEnd(context);
      const text = end?.text ?? "a significant member ended";
      const why = `group ${name} shut down, because ${text} (auto_shutdown: ${autoShutdown})`;
      const answered = answeredWith(context, openOf(context, "ended"));
      return { why, cause: end?.cause, answered, round: null, endedAt: context.at };
    }),
    answerEnds: assign(({ context }) => ({
      answered: answeredWith(context, openOf(context, "ended")),
    })),
    endNext: enqueueActions(({ context, enqueue }) => {
      for (const order of stopOrders(context, context.place.leaves, afterEnd(context)))
        enqueue.sendTo("members", order);
    }),
    restNext: enqueueActions(({ context, enqueue }) => {
      for (const order of stopOrders(context, context.place.leaves, "rest"))
        enqueue.sendTo("members", order);
    }),
    beginAnew: assign(({ context }) => ({
      since: context.at,
      restartTimes: [],
      // What has happened at this very moment is past, too.
      answered: answeredWith(context, [
        ...openOf(context, "crash"),
        ...openOf(context, "gaveUp"),
        ...openOf(context, "ended"),
      ]),
      round: null,
      why: null,
      cause: undefined,
      endedAt: null,
    })),
    tellMoved: emit(({ context }, { step }: { step: GroupStep }) => ({
      type: "group.moved" as const,
      facts: factsAt(context, step),
    })),
    noteBroken: emit(({ event }) => ({ type: "broken" as const, reason: faultIn(event) })),
  },
});

/** Something has happened that comes first. */
function isSurprised(context: GroupContext): boolean {
  return openOf(context, "crash").length > 0 || openOf(context, "gaveUp").length > 0;
}

/** What is known of a group at a step. */
export function factsAt(context: GroupContext, step: GroupStep): GroupFacts {
  const { place, at, since, restartTimes, answered, round, why, cause, endedAt } = context;
  const { name } = place.spec;
  return { name, at, step, since, restartTimes, answered, round, why, cause, endedAt };
}

type Order = Extract<ToMembers, { type: "order" }>;

function startOrders(processes: readonly SeenProcess[], at: number): Order[] {
  return orders(processes, { type: "group.start", at });
}

/** To the last app that is not down; a temporary one stays stopped (OTP). */
function stopOrders(
  { processes, place, why, cause, at }: GroupContext,
  leaves: GroupContext["place"]["leaves"],
  after: AfterStop,
): Order[] {
  // What is stopping already gets its next order, if it needs one, when it has stopped.
  const left = lastToStop(leaves, processes, after).filter(({ is }) => is !== "stopping");
  const command = (afterStop: AfterStop): GroupCommand => ({
    type: "group.stop",
    at,
    group: place.spec.name,
    after: afterStop,
    why: why ?? `group ${place.spec.name} stops it`,
    ...(cause === undefined ? {} : { cause }),
  });
  const isKept = ({ isTemporary }: SeenProcess): boolean => after === "hold" && isTemporary;
  return [
    ...orders(
      left.filter((each) => !isKept(each)),
      command(after),
    ),
    ...orders(left.filter(isKept), command("rest")),
  ];
}

function orders(processes: readonly SeenProcess[], command: GroupCommand): Order[] {
  const keys = [...new Set(processes.map(({ key }) => key))];
  return keys.map((key) => {
    const ids = processes.filter((each) => each.key === key).map(({ id }) => id);
    return { type: "order", key, ids, command };
  });
}
