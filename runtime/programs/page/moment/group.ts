import type { ChartModel } from "../../../charts/chart.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import { sentenceOf } from "../../../contract/words/sentence.ts";
import { upTo, type Moment } from "./moment.ts";
import { statesFrom } from "./states.ts";
import { latestWay } from "./way.ts";

/**
 * A group at a moment.
 * @param options.records of all groups, oldest first.
 * @returns `undefined` when nothing of it is recorded.
 */
export function groupMoment(options: {
  readonly model: ChartModel;
  readonly records: readonly HistoryRecord[];
  readonly name: string | undefined;
  readonly at: number;
}): Moment | undefined {
  const { model, name, at } = options;
  const own = upTo(options.records, at).filter(
    (each) => each.kind === "group" && each.name === name,
  );
  const record = own.at(-1);
  if (record === undefined || name === undefined) return undefined;
  const states = statesFrom(model.id, record.states);
  return {
    record,
    note: null,
    missing: [],
    machine: {
      machine: "group",
      of: name,
      generation: 0,
      at: record.at,
      states,
      context: record.context,
      steps: latestWay(model, own),
      guards: [],
      delays: [],
      sentence: sentenceOf("group", record.context, states),
    },
  };
}
