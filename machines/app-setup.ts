import { assign, emit, enqueueActions, setup } from "xstate";
import { faultIn } from "./lib/fault.ts";
import { isAnyWanted, trippedIds, withTrip } from "./app-trips.ts";
import {
  dismissed,
  endedActorId,
  findProcess,
  processActorId,
  processInput,
  removal,
  rolesOf,
  without,
  type AppContext,
  type AppEmitted,
  type AppEvent,
  type AppInput,
  type NewProcess,
  type Role,
} from "./app-context.ts";
import { processMachine, type ProcessActor } from "./process.ts";
import { factsOf } from "./process-view.ts";
import { isAtRest } from "./facts.ts";
import { hasTimes } from "./spec.ts";
import { sourcePort } from "./lib/port.ts";
import type { GroupCommand } from "./group-events.ts";
import type { Command, Resume, ToSensors } from "./process-events.ts";
import { reloadMachine } from "./reload.ts";
import { trafficOrders } from "./traffic.ts";

/** A process machine that breaks is replaced this often per app; then it is left out and reported. */
const mostRevivals = 3;

/** Who asks for the end of a process, which takes it out of a reload; `null` for any other command. */
function endsReload(command: Command | GroupCommand): string | null {
  if (command.type === "group.stop") return `group ${command.group}`;
  const isEnd = command.type === "stop" || command.type === "restart" || command.type === "remove";
  return isEnd ? command.by : null;
}

/** What the chart of `app.ts` says of processes and of sensors; `app-reload-setup.ts` has its words for reloads. */
export const appProcesses = setup({
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
      const by = endsReload(command);
      for (const id of ids) {
        if (by !== null && context.reload !== null) {
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
            enqueue.sendTo(successor, removal(successor, { at: command.at, by, why: "discarded" }));
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
      const message = faultIn(event);
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

    shareTraffic: enqueueActions(({ context, event, enqueue }) => {
      const { spec, processes, successors } = context;
      if (spec.mode !== "cluster" || (spec.policy.probes?.readiness ?? null) === null) return;
      if (!("at" in event)) return;
      const { at } = event;
      const serving = [...Object.values(processes), ...Object.values(successors)];
      for (const { actor, order } of trafficOrders(serving)) {
        enqueue.sendTo(actor, { type: order, at });
      }
    }),
    tellSensors: enqueueActions(({ context: { processes, spec, nextRunAt }, enqueue }) => {
      const isNeeded = (hasTimes(spec) || spec.sensors.watch !== null) && isAnyWanted(processes);
      const fired = Object.values(processes).map(
        (actor) => actor.getSnapshot().context.firedAt ?? Number.NEGATIVE_INFINITY,
      );
      const last = Math.max(...fired);
      const firedAt = Number.isFinite(last) ? last : null;
      enqueue.sendTo("sensors", { type: "watch", spec: isNeeded ? spec : null, firedAt });
      if (!isNeeded && nextRunAt !== null) enqueue.assign({ nextRunAt: null });
    }),
    /** Written down by each process before the run begins: at most once over the daemon's deaths. */
    recordFire: enqueueActions(({ context: { processes }, event, enqueue }) => {
      if (event.type !== "schedule.due") return;
      const { at, dueAt } = event;
      for (const actor of Object.values(processes))
        enqueue.sendTo(actor, { type: "schedule.fired", at, dueAt });
    }),
    beginRun: enqueueActions(({ context: { processes, spec }, event, enqueue }) => {
      if (event.type !== "schedule.begin") return;
      const { at, by } = event;
      for (const actor of Object.values(processes)) {
        const { status, goal } = factsOf(actor.getSnapshot());
        if (goal !== "run" && goal !== "restart") continue;
        const mayBegin = isAtRest(status) || spec.sensors.schedule?.concurrency === "replace";
        const type = mayBegin ? ("restart" as const) : ("schedule.skipped" as const);
        enqueue.sendTo(actor, { type, at, by });
      }
    }),
    noteNextRun: assign(({ event }) =>
      event.type === "schedule.next" ? { nextRunAt: event.nextAt } : {},
    ),
    queueTrip: assign(({ context: { trips }, event }) => {
      if (event.type !== "sensor.tripped" && event.type !== "process.tripped") return {};
      const { at, by, sensor } = event;
      const about =
        event.type === "process.tripped"
          ? { ids: [event.id], generation: event.generation }
          : { ids: null };
      return { trips: withTrip(trips, { at, by, sensor, ...about }) };
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
      const reason = faultIn(event);
      const declared = (["cron", "watch"] as const).filter((name) => spec.sensors[name] !== null);
      const broken = Object.fromEntries(declared.map((name) => [name, reason]));
      enqueue.assign({ troubles: { ...troubles, ...broken } });
      for (const sensor of declared)
        enqueue(emit({ type: "sensor.failed" as const, sensor, reason }));
    }),
  },
});
