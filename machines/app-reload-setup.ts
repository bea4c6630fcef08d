import { emit, enqueueActions, type DoneActorEvent } from "xstate";
import { faultIn } from "./lib/fault.ts";
import { trippedIds } from "./app-trips.ts";
import {
  dismissed,
  hasLeaving,
  isLifeReport,
  promoted,
  reloadFor,
  reloadInput,
  removal,
  successorOf,
} from "./app-context.ts";
import { isAtRest, type ReloadFacts } from "./facts.ts";
import { factsOf } from "./process-view.ts";
import { listenPatienceMs } from "./process-waits.ts";
import type { ProcessActor } from "./process.ts";
import { reloadFactsOf } from "./reload.ts";
import { appProcesses } from "./app-setup.ts";

/** The words the chart of `app.ts` is written in: those for processes and sensors, and here those for reloads. */
export const appSetup = appProcesses.extend({
  actions: {
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
          if (isAtRest(factsOf(successor.getSnapshot()).status)) {
            enqueue.sendTo(successor, { type: "start", at, by });
          }
          if (current !== undefined) {
            const gone = removal(current, { at, by, why: "replaced" });
            // A process that a probe ends gets the grace period of that probe.
            const { probes, killTimeoutMs } = current.getSnapshot().context.spec.policy;
            const graceMs = probes?.liveness?.graceMs ?? killTimeoutMs;
            const isHung = context.trip?.sensor === "liveness" && gone.type === "remove";
            enqueue.sendTo(current, isHung ? { ...gone, graceMs } : gone);
          }
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
      const { isLate, because } = event;
      const late = { isLate, isExpected, waitedMs, ...(because === undefined ? {} : { because }) };
      enqueue.sendTo(reload, { type: "process.ready", at, id, ...late });
    }),
    rememberReload: enqueueActions(({ context, enqueue }) => {
      // `endReload` reports its end, once.
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
    /** A bug in the reload itself: what it started is removed, what serves stays. */
    abandonReload: enqueueActions(({ context, event, enqueue }) => {
      if (context.reload === null) return;
      const reason = faultIn(event);
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
