import type { HistoryRecord } from "../../../contract/history.ts";
import type { MachineView } from "../../../contract/inspector.ts";

/** What was known of a machine at a moment of the past. */
export interface Moment {
  /** The record that brought it where it was. */
  readonly record: HistoryRecord;
  readonly machine: MachineView;
  /** What is to be said of the moment beside it, for example that the machine had ended. */
  readonly note: string | null;
  /** What a live one's context has and the history does not keep. */
  readonly missing: readonly string[];
}

/** The records up to a moment. @param records oldest first. */
export function upTo(records: readonly HistoryRecord[], at: number): readonly HistoryRecord[] {
  const end = records.findLastIndex((each) => each.at <= at);
  return records.slice(0, end + 1);
}
