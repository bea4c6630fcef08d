import type { Failure, ProcessStatus, Decision } from "../../../../machines/facts.ts";
import { askedBefore } from "../../../../machines/guard-readings.ts";
import type { AppSpec } from "../../../../machines/spec.ts";
import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { GuardReading, PendingDelay } from "../../../contract/inspector.ts";
import { upTo, type Moment } from "./moment.ts";
import { rolesOf, type Generation } from "./roles.ts";
import { statesFrom } from "./states.ts";
import { latestSteps } from "./steps.ts";

export interface ProcessMoment extends Moment {
  readonly at: number;
  readonly status: ProcessStatus | null;
  /** All that lived at the moment: in a reload two of them. */
  readonly generations: readonly Generation[];
}

/** Decisions that a process knows of. */
const keptDecisions = 10;

/**
 * A process as it was at a moment, from its history.
 * @param options.records of one process, oldest first.
 * @param options.generation which of those that lived then; the one that served where it did not.
 * @param options.spec what its app was declared as at the moment, where that is recorded.
 * @param options.since when the daemon of that moment started: it recorded everything again.
 * @returns `undefined` when the first of the records is younger than the moment.
 */
export function processMoment(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly at: number;
  readonly generation?: number | null | undefined;
  readonly spec?: Partial<AppSpec> | undefined;
  readonly since?: number | undefined;
}): ProcessMoment | undefined {
  const { model, at, spec, since = 0 } = options;
  const all = upTo(options.records, at).filter(({ kind }) => kind === "process");
  const generations = livingOf(all, since);
  const chosen =
    generations.find(({ generation }) => generation === options.generation) ??
    generations.find(({ role }) => role === "serving") ??
    generations[0];
  const past = all.filter(({ generation }) => generation === chosen?.generation);
  const record = past.at(-1);
  if (record === undefined) return undefined;
  const decisions = [...inherited(all, past), ...past].flatMap(({ decision }) => decision ?? []);
  const judged = past.findLast(({ decision }) => decision !== null);
  const { id, generation, status } = record;
  const isOld = past.every(({ startedAt }) => startedAt === null);
  return {
    at,
    record,
    status,
    generations,
    note: null,
    missing: [
      ...(spec === undefined ? ["spec"] : []),
      ...(isOld ? ["backoffMs"] : []),
      ...(createdAt(past) === null ? ["createdAt"] : []),
      ...neverRecorded,
    ],
    machine: {
      machine: "process",
      of: String(id),
      generation,
      at: record.at,
      states: statesFrom(model.id, record.states),
      context: contextAt(record, { own: past, decisions, isOld, spec }),
      steps: latestSteps(model, past),
      guards: judged === undefined ? [] : readingsOf(judged),
      delays: delaysAt(record, { began: beganAt(past), spec }),
      sentence: decisions.at(-1)?.sentence ?? null,
    },
  };
}

/** Context that no record has; the values its rules compared are shown with the guards. */
const neverRecorded = ["child.startTicks", "child.lifeId", "restartTimes", "seed", "resume"];

/**
 * A replacement's knowledge of its predecessors: the decisions made while they served. How they were removed in
 * the end, or given up before, is not part of it.
 */
function inherited(all: readonly HistoryRecord[], past: readonly HistoryRecord[]): HistoryRecord[] {
  const { generation = 0, seq: first = 0 } = past[0] ?? {};
  return all.filter(
    (each) =>
      each.generation < generation &&
      each.seq < first &&
      each.decision?.rule !== "wantsRemoval" &&
      each.decision?.rule !== "isOnProbation",
  );
}

/** The generations that lived, each with its last record; of a process that is gone the last one. */
function livingOf(records: readonly HistoryRecord[], since: number): Generation[] {
  const last = new Map<number, HistoryRecord>();
  for (const record of records) {
    last.delete(record.generation);
    last.set(record.generation, record);
  }
  const all = [...last.values()];
  const there = all.filter(({ status }) => status !== "removed");
  const told = there.filter(({ at }) => at >= since);
  const living = told.length > 0 ? told : there.slice(-1);
  return rolesOf(
    (living.length > 0 ? living : all.slice(-1)).map(({ generation, goal, status }) => ({
      generation,
      goal,
      status,
    })),
  );
}

/** The machine's context, as far as the history has it. */
function contextAt(
  record: HistoryRecord,
  known: {
    /** Those of its generation. */
    readonly own: readonly HistoryRecord[];
    readonly decisions: readonly Decision[];
    readonly isOld: boolean;
    readonly spec: Partial<AppSpec> | undefined;
  },
): Record<string, unknown> {
  const { id, generation, app, goal, pid, readiness, restarts, unstableRestarts } = record;
  const { backoffMs, restartAt, killAt } = record;
  const { own, isOld, spec } = known;
  const created = createdAt(own);
  const decisions = known.decisions.slice(-keptDecisions);
  return {
    id,
    generation,
    app,
    goal,
    askedBy: record.status === "stopping" ? askedBy(own) : null,
    child: pid === null ? null : { pid, at: beganAt(own) },
    readiness,
    ...(created === null ? {} : { createdAt: created }),
    restarts,
    unstableRestarts,
    ...(isOld ? {} : { backoffMs }),
    restartAt,
    killAt,
    lastExit: own.findLast((each) => each.exit !== null)?.exit ?? null,
    failure: failureAt(own),
    decisions,
    ...(spec === undefined ? {} : { spec }),
  };
}

function createdAt(own: readonly HistoryRecord[]): number | null {
  return own.findLast((each) => each.createdAt !== null)?.createdAt ?? null;
}

/** When the life began that runs at the last of some records. */
export function beganAt(own: readonly HistoryRecord[]): number | null {
  const last = own.at(-1);
  if (last === undefined || last.pid === null) return null;
  const spawned = own.find(({ pid, event }) => pid === last.pid && event === "child.spawned");
  return last.startedAt ?? spawned?.at ?? null;
}

/** Who asked for the end that is in progress. */
function askedBy(own: readonly HistoryRecord[]): string | null {
  const first = own.findLastIndex(({ status }) => status !== "stopping") + 1;
  return own.slice(first).find(({ by }) => by !== null)?.by ?? null;
}

/** Each new life forgets why the one before could not begin. */
function failureAt(own: readonly HistoryRecord[]): Failure | null {
  const index = own.findLastIndex(({ failure }) => failure !== null);
  const isOver = own.slice(index + 1).some(({ status }) => status === "starting");
  return index < 0 || isOver ? null : (own[index]?.failure ?? null);
}

/** The answers of the rules when an exit was judged, with the values each compared. */
export function readingsOf({ decision, judgement }: HistoryRecord): GuardReading[] {
  if (decision === null) return [];
  const { at, rule, saw } = decision;
  if (judgement === null) return [{ guard: rule, result: true, saw, at }];
  return askedBefore(decision, judgement).map((asked) => ({ ...asked, at }));
}

/** The waits that ran at a moment, as far as a record and the policy tell their ends. */
function delaysAt(
  { at, status, states, restartAt, killAt, pid }: HistoryRecord,
  { began, spec }: { readonly began: number | null; readonly spec: Partial<AppSpec> | undefined },
): PendingDelay[] {
  const { policy } = spec ?? {};
  if (status === "waiting" && restartAt !== null) {
    const state = "process.waiting";
    return [{ delay: "restartDelay", state, startedAt: at, dueAt: restartAt }];
  }
  if (states.includes("graceful") && killAt !== null) {
    const state = "process.alive.stopping.graceful";
    return [{ delay: "killTimeout", state, startedAt: at, dueAt: killAt }];
  }
  if (status === "starting" && policy !== undefined) {
    const state = "process.alive.starting";
    const dueAt = at + policy.listenTimeoutMs;
    return pid === null ? [] : [{ delay: "listenTimeout", state, startedAt: at, dueAt }];
  }
  if (states.includes("fresh") && began !== null && policy !== undefined) {
    const state = "process.alive.online.uptime.fresh";
    const dueAt = began + policy.restart.minUptimeMs;
    return [{ delay: "minUptime", state, startedAt: began, dueAt }];
  }
  return [];
}
