import type { ProcessStatus } from "../../../../machines/facts.ts";
import { askedBefore } from "../../../../machines/guard-readings.ts";
import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../history/record.ts";
import type { GuardReading, MachineView, PendingDelay } from "../../contract.ts";
import { statesFrom } from "./states.ts";
import { latestSteps } from "./steps.ts";

/** What was known of a process at a moment of the past. */
export interface Moment {
  readonly at: number;
  /** The record that brought it where it was. */
  readonly record: HistoryRecord;
  readonly status: ProcessStatus | null;
  readonly machine: MachineView;
}

/**
 * What a process was at a moment, from its history.
 * @param records of one process, oldest first; those of reloads and daemons among them are passed over.
 * @returns `undefined` when the first of them is younger than the moment.
 */
export function momentOf(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly at: number;
}): Moment | undefined {
  const { model, at } = options;
  const past = options.records.filter(({ kind, at: when }) => kind === "process" && when <= at);
  const record = past.at(-1);
  if (record === undefined) return undefined;
  const judged = past.findLast(({ decision }) => decision !== null);
  const decision = judged?.decision ?? null;
  const exit = past.findLast((each) => each.exit !== null)?.exit ?? null;
  const { id, generation, goal, pid, readiness, restarts, unstableRestarts } = record;
  const machine: MachineView = {
    machine: "process",
    of: String(id),
    at: record.at,
    states: statesFrom(model.id, record.states),
    context: {
      goal,
      pid,
      generation,
      readiness,
      restarts,
      unstableRestarts,
      restartAt: record.restartAt,
      killAt: record.killAt,
      lastExit: exit,
      decision,
    },
    steps: latestSteps(model, past),
    guards: judged === undefined ? [] : readingsOf(judged),
    delays: delaysAt(record),
    sentence: decision?.sentence ?? null,
  };
  return { at, record, status: record.status, machine };
}

/** What the rules said when an end was judged, with what each compared. */
export function readingsOf({ decision, judgement }: HistoryRecord): GuardReading[] {
  if (decision === null) return [];
  const { at, rule, saw } = decision;
  if (judgement === null) return [{ guard: rule, result: true, saw, at }];
  return askedBefore(decision, judgement).map((asked) => ({ ...asked, at }));
}

/** The waits that ran at a moment, as far as a record tells their ends. */
function delaysAt(record: HistoryRecord): PendingDelay[] {
  const { at, status, restartAt, killAt } = record;
  if (status === "waiting" && restartAt !== null) {
    const state = "process.waiting";
    return [{ delay: "restartDelay", state, startedAt: at, dueAt: restartAt }];
  }
  if (status === "stopping" && killAt !== null) {
    const state = "process.alive.stopping.graceful";
    return [{ delay: "killTimeout", state, startedAt: at, dueAt: killAt }];
  }
  return [];
}
