import type { HistoryRecord } from "../../../contract/history.ts";
import type { MachineView } from "../../../contract/inspector.ts";

/** The knowledge about a machine at a past moment. */
export interface Moment {
  /** The record that brought it where it was. */
  readonly record: HistoryRecord;
  readonly machine: MachineView;
  /** A remark about the moment, for example that the machine had ended. */
  readonly note: string | null;
  /** Context fields of a live machine that the history does not keep. */
  readonly missing: readonly string[];
}

/** The records up to a moment. @param records oldest first. */
export function upTo(records: readonly HistoryRecord[], at: number): readonly HistoryRecord[] {
  const end = records.findLastIndex((each) => each.at <= at);
  return records.slice(0, end + 1);
}
