import type { GodContext } from "../../../../machines/god.ts";
import { guardReadings } from "../../../../machines/guard-readings.ts";
import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { GuardReading } from "../../../contract/inspector.ts";
import { sentenceOf } from "../../../contract/words/sentence.ts";
import { moment as momentText } from "../words.ts";
import { upTo, type Moment } from "./moment.ts";
import { statesFrom } from "./states.ts";
import { latestWay } from "./way.ts";

/** God at a moment: which one it was, and whether there was one. */
export interface GodMoment extends Moment {
  readonly pid: number | null;
  /** When this God started. */
  readonly since: number;
}

/**
 * What God was at a moment, over the lives of several.
 * @param options.records of God and of daemons, oldest first.
 * @param options.now for the words of a time.
 * @returns `undefined` when the first of them is younger.
 */
export function godMoment(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly at: number;
  readonly now: number;
}): GodMoment | undefined {
  const { model, at, now } = options;
  const all = options.records.filter(({ kind }) => kind === "god" || kind === "daemon");
  const past = upTo(all, at);
  const begin = Math.max(
    0,
    past.findLastIndex(({ kind }) => kind === "daemon"),
  );
  const own = past.slice(begin);
  const record = own.at(-1);
  if (record === undefined) return undefined;
  const next = all.slice(past.length).find(({ kind }) => kind === "daemon");
  const life = all.slice(
    begin,
    next === undefined ? undefined : all.findIndex(({ seq }) => seq === next.seq),
  );
  const steps = own.filter(({ kind }) => kind === "god");
  // A God of an older version records only its start.
  const isOld = life.every(({ kind }) => kind === "daemon");
  const leaves = steps.at(-1)?.states ?? (isOld ? "running" : "restoring");
  const states = statesFrom(model.id, leaves);
  const context = asContext(record);
  return {
    record,
    pid: record.pid,
    since: own[0]?.at ?? record.at,
    note: noteOf({ record, leaves, next, life, now }),
    missing: record.context === null ? ["apps"] : [],
    machine: {
      machine: "god",
      of: "god",
      generation: 0,
      at: record.at,
      states,
      context: { pid: record.pid, ...record.context },
      steps: latestWay(model, steps),
      guards: guardsOf(record, context, states),
      delays: [],
      sentence: isOld && record.context === null ? olderSentence : sentenceAt(record, states),
    },
  };
}

const olderSentence = "It was running; its apps are not recorded.";

/** Its own records; for one that has left, its note says everything. */
function sentenceAt(record: HistoryRecord, states: readonly string[]): string | null {
  if (states.includes("god.down") || states.includes("god.handedOver")) return null;
  const context = asContext(record);
  const count = countOf(record);
  return count === context.apps.size
    ? sentenceOf("god", context, states)
    : `It keeps ${count} apps.`;
}

/** Which God it was, and what became of it. */
function noteOf(options: {
  readonly record: HistoryRecord;
  readonly leaves: string;
  readonly next: HistoryRecord | undefined;
  readonly life: readonly HistoryRecord[];
  readonly now: number;
}): string | null {
  const { record, leaves, next, life, now } = options;
  const came =
    next === undefined
      ? ""
      : `the next one, pid ${next.pid}, started at ${momentText(next.at, now)}`;
  const who = `This was God with pid ${record.pid}`;
  if (leaves === "down" || leaves === "handedOver") {
    const how = leaves === "down" ? "had ended" : "had handed over";
    const why = record.by === null ? "" : ` (${record.by})`;
    return `No God ran: the one with pid ${record.pid} ${how}${why}${came === "" ? "" : `; ${came}`}.`;
  }
  if (next === undefined) return null;
  const hasLeft = life.some(({ states }) => states === "down" || states === "handedOver");
  const isOld = life.every(({ kind }) => kind === "daemon");
  return hasLeft || isOld
    ? `${who}; ${came}.`
    : `${who}. It was killed, so the time is unknown; ${came}.`;
}

function guardsOf(
  { at, event, app }: HistoryRecord,
  context: GodContext,
  states: readonly string[],
): GuardReading[] {
  const isLeaving = states.includes("god.shuttingDown") || states.includes("god.down");
  const asked = { context, event: { type: event } };
  if (isLeaving) {
    const saw = guardReadings.god["hasNoApps"]?.(asked) ?? {};
    return [{ guard: "hasNoApps", result: states.includes("god.down"), saw, at }];
  }
  if (event !== "app.declare") return [];
  return [{ guard: "hasNewApp", result: true, saw: { key: app, known: 0 }, at }];
}

function asContext({ context }: HistoryRecord): GodContext {
  const names = (context?.["apps"] as string[] | undefined) ?? [];
  return { apps: new Map(names.map((name) => [name, true])) } as unknown as GodContext;
}

function countOf({ context }: HistoryRecord): number {
  const names = (context?.["apps"] as string[] | undefined) ?? [];
  return names.length + Number(context?.["more"] ?? 0);
}
