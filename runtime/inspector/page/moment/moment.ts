import type { Decision } from "../../../../machines/decision.ts";
import type { ProcessStatus } from "../../../../machines/facts.ts";
import { rules } from "../../../../machines/restart-policy.ts";
import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../history/record.ts";
import type { GuardReading, MachineView, PendingDelay } from "../../contract.ts";
import { statesFrom } from "./states.ts";
import { stepsInto } from "./steps.ts";

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
  const decision = lastOf(past, (each) => each.decision);
  const exit = lastOf(past, (each) => each.exit);
  const machine: MachineView = {
    machine: "process",
    of: String(record.id),
    at: record.at,
    states: statesFrom(model.id, record.states),
    context: {
      goal: record.status === "stopped" ? "stop" : "run",
      pid: record.pid,
      generation: record.generation,
      restarts: record.restarts,
      unstableRestarts: record.unstableRestarts,
      lastExit: exit,
      decision,
    },
    steps: stepsInto(model, past.at(-2), record),
    guards: decision === null ? [] : readingsOf(decision),
    delays: delaysAt(record),
    sentence: decision?.sentence ?? null,
  };
  return { at, record, status: record.status, machine };
}

/** What the rules said when an end was judged: each before the one that applied did not, and none after it was asked. */
export function readingsOf({ rule, saw, at }: Decision): GuardReading[] {
  const last = rules.findIndex((entry) => entry.rule === rule);
  return rules.slice(0, last + 1).map((entry) => ({
    guard: entry.rule,
    result: entry.rule === rule,
    saw: entry.rule === rule ? saw : {},
    at,
  }));
}

/** The wait that was decided runs from its decision on. */
function delaysAt({ status, decision }: HistoryRecord): PendingDelay[] {
  if (status !== "waiting" || decision === null) return [];
  const { at, delayMs } = decision;
  return [
    { delay: "restartDelay", state: "process.waiting", startedAt: at, dueAt: at + delayMs },
  ];
}

function lastOf<T>(
  records: readonly HistoryRecord[],
  of: (record: HistoryRecord) => T | null,
): T | null {
  for (let index = records.length - 1; index >= 0; index -= 1) {
    const record = records[index];
    const value = record === undefined ? null : of(record);
    if (value !== null) return value;
  }
  return null;
}
