import type { ReloadFacts } from "../../../machines/facts.ts";
import { historyEntry, type HistoryEntry } from "../../contract/history.ts";
import type { Change } from "./recorder.ts";
import { shownTime } from "../../host/clock.ts";
import { shownDecision, shownExit, shownFailure } from "../../host/shown-facts.ts";

/** A change of a process as the history keeps it: an exit and a decision where they are new. */
export function entryOfChange(change: Change): HistoryEntry {
  const { at, event, before, facts, name, states, by, sensor, version, judgement, revision } =
    change;
  const { id, generation, app, status, child, restarts, unstableRestarts, lastExit } = facts;
  const { goal, readiness, restartAt, killAt, backoffMs, failure, createdAt } = facts;
  const last = facts.decisions.at(-1) ?? null;
  const decision = last?.at === before?.decisions.at(-1)?.at ? null : last;
  const isNewLife = child !== null && child.lifeId !== before?.child?.lifeId;
  return {
    seq: 0,
    at: shownTime(at),
    kind: "process",
    id,
    generation,
    app,
    name,
    event,
    states,
    status,
    pid: child?.pid ?? null,
    restarts,
    unstableRestarts,
    exit: lastExit !== null && lastExit.at !== before?.lastExit?.at ? shownExit(lastExit) : null,
    decision: shownDecision(decision),
    judgement: decision === null ? null : judgement,
    by,
    sensor,
    version: isNewLife ? version : null,
    revision,
    goal,
    readiness,
    restartAt: shownTime(restartAt),
    killAt: shownTime(killAt),
    startedAt: shownTime(child?.at ?? null),
    backoffMs,
    failure: failure !== null && failure.at !== before?.failure?.at ? shownFailure(failure) : null,
    createdAt: createdAt === before?.createdAt ? null : shownTime(createdAt),
    reload: null,
    context: null,
    cause: null,
    guards: null,
  };
}

/** A step of a reload as the history keeps it. */
export function entryOfReload(facts: ReloadFacts, at: number): HistoryEntry {
  const { key, by, step, done, pending, batch, takenOut, failure } = facts;
  const total = done.length + pending.length + batch.length;
  const ids = [...done, ...batch, ...pending, ...takenOut];
  return historyEntry({
    at,
    kind: "reload",
    app: key,
    name: key,
    event: `reload.${step}`,
    states: step,
    reload: { by, done: done.length, total, ids, failure },
  });
}
