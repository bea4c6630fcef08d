import { assign, emit, enqueueActions, setup, type DoneActorEvent } from "xstate";
import { isAnyWanted, trippedIds, withTrip } from "./app-trips.ts";
import {
  dismissed,
  endedActorId,
  findProcess,
  hasLeaving,
  isLifeReport,
  processActorId,
  processInput,
  promoted,
  reloadFor,
  reloadInput,
  removal,
  rolesOf,
  successorOf,
  without,
  type AppContext,
  type AppEmitted,
  type AppEvent,
  type AppInput,
  type NewProcess,
  type Role,
} from "./app-context.ts";
import type { ReloadFacts } from "./facts.ts";
import { factsOf, processMachine, type ProcessActor } from "./process.ts";
import { sourcePort } from "./lib/port.ts";
import { listenPatienceMs } from "./process-context.ts";
import type { Resume, ToSensors } from "./process-events.ts";
import { reloadFactsOf, reloadMachine } from "./reload.ts";

/** A process machine that breaks is replaced so many times per app; then it is left out and reported. */
const mostRevivals = 3;

/** The words the chart of `app.ts` is written in. */
export const appSetup = setup({
  types: {
    context: {} as AppContext,
    input: {} as AppInput,
    events: {} as AppEvent,
    emitted: {} as AppEmitted,
  },
  actors: {
    process: processMachine,
    reload: reloadMachine,
    sensors: sourcePort<ToSensors, { readonly key: string }>("sensors"),
  },
  guards: {
    hasNoProcesses: ({ context: { processes, successors, leaving, reload } }) =>
      reload === null &&
      [processes, successors, leaving].every((actors) => Object.keys(actors).length === 0),
    isSettled: ({ context }) => context.reload === null,
    hasTripped: ({ context: { trips, processes } }) =>
      trips.some((trip) => trippedIds(trip, processes).length > 0),
  },
  actions: {
    addProcesses: assign(({ context, spawn, event, self }) => {
      if (event.type !== "processes.add") return {};
      const added = rolesOf(context, event.processes);
      const start = (process: NewProcess): ProcessActor =>
        spawn("process", {
          id: processActorId(process.id, process.resume?.facts.generation ?? 0),
          input: { ...processInput(context, process, event.at), owner: self },
        });
      const started = added.map(({ process, role }) => ({ role, actor: start(process), process }));
      const of = (role: Role): typeof started => started.filter((each) => each.role === role);
      const byId = (each: (typeof started)[number]) => [each.process.id, each.actor] as const;
      return {
        processes: { ...context.processes, ...Object.fromEntries(of("current").map(byId)) },
        successors: { ...context.successors, ...Object.fromEntries(of("successor").map(byId)) },
        leaving: {
          ...context.leaving,
          ...Object.fromEntries(of("leaving").map(({ actor }) => [actor.id, actor])),
        },
      };
    }),
    passCommandOn: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "processes.command") return;
      const { command, ids } = event;
      const endsReload = ["stop", "restart", "remove"].includes(command.type) && "by" in command;
      for (const id of ids) {
        if (endsReload && context.reload !== null) {
          const successor = context.successors[id];
          const isLeaving = successor !== undefined;
          enqueue.sendTo(context.reload, {
            type: "process.takenOut",
            at: command.at,
            id,
            isLeaving,
          });
          if (isLeaving) {
            enqueue.assign(({ context: now }) => dismissed(now, id));
            enqueue.sendTo(successor, removal(successor, { ...command, why: "discarded" }));
          }
        }
        const process = context.processes[id];
        if (process !== undefined) enqueue.sendTo(process, command);
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
      const actorId = endedActorId(event);
      const found = findProcess(context, actorId);
      if (found === undefined) return;
      const { id } = found.actor.getSnapshot().context;
      enqueue.stopChild(found.actor);
      enqueue.assign(({ context: now }) => without(now, actorId));
      if (context.reload === null) return;
      const { at } = context.reload.getSnapshot().context;
      if (found.role !== "current") {
        enqueue.sendTo(context.reload, { type: "process.gone", at, id });
      } else if (context.successors[id] === undefined) {
        enqueue.sendTo(context.reload, { type: "process.takenOut", at, id, isLeaving: false });
      }
    }),
    reviveProcess: enqueueActions(({ context, event, enqueue }) => {
      const actorId = endedActorId(event);
      const found = findProcess(context, actorId);
      if (found === undefined) return;
      const { actor, role } = found;
      const facts = factsOf(actor.getSnapshot());
      const revived = role === "current" && context.revivals < mostRevivals;
      const message = String((event as { error?: unknown }).error);
      enqueue(emit({ type: "broken" as const, id: actorId, message, revived }));
      enqueue.stopChild(actor);
      enqueue.assign(({ context: before, spawn, self }) => {
        const rest = without(before, actorId);
        if (!revived) return rest;
        const child = facts.child === null ? "none" : "alive";
        const resume: Resume = { facts, child, at: facts.createdAt };
        const { id, instance } = facts;
        const input = processInput(before, { id, instance, seed: id, resume }, facts.createdAt);
        const again = spawn("process", { id: actorId, input: { ...input, owner: self } });
        return {
          ...rest,
          processes: { ...rest.processes, [id]: again },
          revivals: before.revivals + 1,
        };
      });
      if (context.reload === null || role === "current") return;
      const { at } = context.reload.getSnapshot().context;
      const { id } = facts;
      enqueue.sendTo(context.reload, { type: "process.ended", at, id, reason: message });
      enqueue.sendTo(context.reload, { type: "process.gone", at, id });
    }),

    tellSensors: enqueueActions(({ context: { processes, spec }, enqueue }) => {
      const { cron, watch } = spec.sensors;
      const isNeeded = (cron !== null || watch !== null) && isAnyWanted(processes);
      enqueue.sendTo("sensors", { type: "watch", spec: isNeeded ? spec : null });
    }),
    queueTrip: assign(({ context: { trips }, event }) => {
      if (event.type !== "sensor.tripped" && event.type !== "process.tripped") return {};
      const { at, by, sensor } = event;
      const ids = event.type === "process.tripped" ? [event.id] : null;
      return { trips: withTrip(trips, { at, by, sensor, ids }) };
    }),
    noteTrouble: enqueueActions(({ context: { troubles }, event, enqueue }) => {
      if (event.type !== "sensor.failed") return;
      const { sensor, reason } = event;
      enqueue.assign({ troubles: { ...troubles, [sensor]: reason } });
      enqueue(emit({ type: "sensor.failed" as const, sensor, reason }));
    }),
    forgetTrouble: enqueueActions(({ context: { troubles }, event, enqueue }) => {
      if (event.type !== "sensor.recovered" || troubles[event.sensor] === undefined) return;
      const { [event.sensor]: _, ...others } = troubles;
      enqueue.assign({ troubles: others });
      enqueue(emit({ type: "sensor.recovered" as const, sensor: event.sensor }));
    }),
    noteBrokenSensors: enqueueActions(({ context: { spec, troubles }, event, enqueue }) => {
      const reason = String((event as { error?: unknown }).error);
      const { cron, watch } = spec.sensors;
      for (const [sensor, declared] of Object.entries({ cron, watch })) {
        if (declared === null) continue;
        const name = sensor as "cron" | "watch";
        enqueue.assign({ troubles: { ...troubles, [name]: reason } });
        enqueue(emit({ type: "sensor.failed" as const, sensor: name, reason }));
      }
    }),
    beginReload: enqueueActions(({ event, enqueue }) => {
      if (event.type !== "app.reload") return;
      const { at, reload } = event;
      enqueue.assign(({ context, spawn, self }) => ({
        reloadSpec: reload.spec,
        reload: spawn("reload", {
          id: "reload",
          input: reloadInput(reload, { key: context.key, at, owner: self }),
        }),
      }));
    }),
    /** The oldest trip that still is about something; those before it are past. */
    restartTripped: enqueueActions(({ context: { trips, processes }, enqueue }) => {
      const index = trips.findIndex((each) => trippedIds(each, processes).length > 0);
      const trip = trips[index];
      if (trip === undefined) return;
      enqueue.assign(({ context, spawn, self }) => {
        const { key, spec } = context;
        const reload = reloadFor(trip, { spec, ids: trippedIds(trip, context.processes) });
        return {
          trips: trips.slice(index + 1),
          trip,
          reloadSpec: spec,
          reload: spawn("reload", {
            id: "reload",
            input: reloadInput(reload, { key, at: trip.at, owner: self }),
          }),
        };
      });
    }),
    refuseReload: emit(({ context }) => ({
      type: "reload.refused" as const,
      why: `${context.key} is being reloaded already`,
    })),
    launchReplacements: enqueueActions(({ context, event, enqueue, self }) => {
      if (event.type !== "reload.launch" || context.reload === null) return;
      const { at, by, ids, surge } = event;
      const { reload, trip } = context;
      for (const id of ids) {
        const current = context.processes[id];
        const successor = context.successors[id];
        const tell = (generation: number): void => {
          if (trip === null) return;
          const { sensor } = trip;
          enqueue(emit({ type: "restart.tripped" as const, id, generation, by, sensor }));
        };
        const isReady = (actor: ProcessActor | undefined): boolean =>
          actor?.getSnapshot().hasTag("online") === true;
        if (current === undefined || current.getSnapshot().context.goal === "remove") {
          enqueue.sendTo(reload, { type: "process.takenOut", at, id, isLeaving: false });
        } else if (successor !== undefined ? isReady(successor) : hasLeaving(context, id)) {
          // A former daemon has come as far as this already.
          enqueue.sendTo(reload, {
            type: "process.ready",
            at,
            id,
            isLate: false,
            isExpected: true,
          });
        } else if (successor !== undefined) {
          continue;
        } else if (surge && isReady(current)) {
          tell(current.getSnapshot().context.generation + 1);
          enqueue.assign(({ context: now, spawn }) => ({
            successors: {
              ...now.successors,
              [id]: spawn(
                "process",
                successorOf(current, { at, spec: now.reloadSpec, trip, self }),
              ),
            },
          }));
        } else {
          const spec = context.reloadSpec ?? context.spec;
          // A sensor's restart changes no setting.
          if (trip === null) enqueue.sendTo(current, { type: "configure", at, spec });
          tell(current.getSnapshot().context.generation);
          enqueue.sendTo(current, { type: "restart", at, by });
        }
      }
    }),
    promoteReplacements: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "reload.promote" || context.reload === null) return;
      const { at, by, ids } = event;
      const spec = context.reloadSpec ?? context.spec;
      for (const id of ids) {
        const current = context.processes[id];
        const successor = context.successors[id];
        if (successor !== undefined) {
          enqueue.assign(({ context: now }) => promoted(now, id));
          enqueue.sendTo(successor, { type: "configure", at, spec });
          // Only `force` promotes what has ended.
          const { tags } = successor.getSnapshot();
          if (tags.has("stopped") || tags.has("errored")) {
            enqueue.sendTo(successor, { type: "start", at, by });
          }
          if (current !== undefined)
            enqueue.sendTo(current, removal(current, { at, by, why: "replaced" }));
        } else if (!hasLeaving(context, id)) {
          enqueue.sendTo(context.reload, { type: "process.gone", at, id });
        }
      }
    }),
    discardReplacements: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "reload.discard" || context.reload === null) return;
      const { at, by, ids } = event;
      for (const id of ids) {
        const successor = context.successors[id];
        if (successor !== undefined) {
          enqueue.assign(({ context: now }) => dismissed(now, id));
          enqueue.sendTo(successor, removal(successor, { at, by, why: "discarded" }));
        } else if (!hasLeaving(context, id)) {
          enqueue.sendTo(context.reload, { type: "process.gone", at, id });
        }
      }
    }),
    tellReload: enqueueActions(({ context, event, enqueue }) => {
      const { reload, processes, successors } = context;
      if (reload === null || !isLifeReport(event)) return;
      enqueue(emit({ type: "reload.stepped" as const, report: event }));
      if (event.type !== "process.ready" && event.type !== "process.ended") return;
      const { id, at, generation } = event;
      const teller = successors[id] ?? processes[id];
      if (teller?.getSnapshot().context.generation !== generation) return;
      if (event.type === "process.ended") {
        if (!event.wasAsked) {
          const { reason, lastWords } = event;
          const words = lastWords === undefined ? {} : { lastWords };
          enqueue.sendTo(reload, { type: "process.ended", at, id, reason, ...words });
        }
        return;
      }
      const isExpected = processes[id]?.getSnapshot().context.readiness === "late";
      const { spec, readyMs } = teller.getSnapshot().context;
      const waitedMs = listenPatienceMs(spec.policy, readyMs);
      const { isLate } = event;
      enqueue.sendTo(reload, { type: "process.ready", at, id, isLate, isExpected, waitedMs });
    }),
    rememberReload: enqueueActions(({ context, enqueue }) => {
      // Its end is told by `endReload`, once.
      if (context.reload?.getSnapshot().status !== "active") return;
      enqueue(emit({ type: "reload.moved" as const, facts: reloadFactsOf(context.reload) }));
    }),
    endReload: enqueueActions(({ context, event, enqueue }) => {
      if (context.reload === null) return;
      const facts = (event as DoneActorEvent<ReloadFacts>).output;
      const spec = facts.step === "succeeded" ? (context.reloadSpec ?? context.spec) : context.spec;
      enqueue.stopChild(context.reload);
      enqueue.assign({ reload: null, reloadSpec: null, trip: null, spec });
      if (spec !== context.spec) {
        for (const process of Object.values(context.processes)) {
          enqueue.sendTo(process, { type: "configure", at: facts.at, spec });
        }
      }
      enqueue(emit({ type: "reload.moved" as const, facts }));
    }),
    /** A fault of ours in the reload itself: what it has started goes, what serves goes on. */
    abandonReload: enqueueActions(({ context, event, enqueue }) => {
      if (context.reload === null) return;
      const reason = String((event as { error?: unknown }).error);
      const facts = reloadFactsOf(context.reload);
      const failure = { id: facts.batch[0] ?? -1, at: facts.at, reason };
      enqueue.stopChild(context.reload);
      for (const [id, successor] of Object.entries(context.successors)) {
        enqueue.assign(({ context: now }) => dismissed(now, Number(id)));
        enqueue.sendTo(
          successor,
          removal(successor, { at: facts.at, by: facts.by, why: "discarded" }),
        );
      }
      enqueue.assign({ reload: null, reloadSpec: null, trip: null });
      const ended: ReloadFacts = { ...facts, step: "failed", failure };
      enqueue(emit({ type: "reload.moved" as const, facts: ended }));
    }),
  },
});
