import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import type { GuardReading } from "../../../contract/inspector.ts";
import { sentenceOf } from "../../../contract/words/sentence.ts";
import { upTo, type Moment } from "./moment.ts";
import { statesFrom } from "./states.ts";
import { latestWay } from "./way.ts";

/** A reload at a moment; `isOver` where it had ended before. */
export interface ReloadMoment extends Moment {
  readonly isOver: boolean;
}

const ends = ["succeeded", "failed"];

/**
 * The reload of an app at a moment, or the last one before it.
 * @param options.records of one app, oldest first.
 * @returns `undefined` when there is none.
 */
export function reloadMoment(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly at: number;
}): ReloadMoment | undefined {
  const { model } = options;
  const past = upTo(options.records, options.at);
  const all = past.filter(({ kind }) => kind === "reload");
  const record = all.at(-1);
  if (record === undefined || record.reload === null) return undefined;
  const before = all.findLastIndex((each) => each.seq < record.seq && ends.includes(each.states));
  const own = all.slice(before + 1);
  const isEnd = ends.includes(record.states);
  // A reload that a reboot ended has no record of its end; its app's record shows that it was settled.
  const isLeft = past.some(
    ({ kind, seq, context }) =>
      kind === "app" && seq > record.seq && context?.["isReloading"] === false,
  );
  const isOver = isEnd || isLeft;
  const states = statesFrom(model.id, record.states);
  const context = record.context ?? olderContext(record);
  return {
    record,
    isOver,
    note: isLeft && !isEnd ? "It was not resumed: this is its last record." : null,
    missing: record.context === null ? ["batch", "pending", "concurrency", "surge", "force"] : [],
    machine: {
      machine: "reload",
      of: record.app,
      generation: 0,
      at: record.at,
      states,
      context,
      steps: latestWay(model, own),
      guards: answersOf(own),
      delays: [],
      sentence:
        record.context === null ? olderSentence(record) : sentenceOf("reload", context, states),
    },
  };
}

/** The last answer of each guard, as far as the reload has come. */
function answersOf(own: readonly HistoryRecord[]): GuardReading[] {
  const readings = new Map<string, GuardReading>();
  for (const { at, guards } of own) {
    for (const answer of guards ?? []) {
      readings.delete(answer.guard);
      readings.set(answer.guard, { ...answer, at });
    }
  }
  return [...readings.values()];
}

function olderContext({ app, reload }: HistoryRecord): Record<string, unknown> {
  return { key: app, ...reload };
}

function olderSentence({ states, reload }: HistoryRecord): string {
  const { by = "", done = 0, total = 0, failure = null } = reload ?? {};
  const why = failure === null ? "" : `, because process ${failure.id}: ${failure.reason}`;
  return `${by}: ${states}, ${done} of ${total} replaced${why}.`;
}
