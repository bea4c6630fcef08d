import type { ProcessStatus } from "../../../machines/facts.ts";
import type { HistoryRecord } from "../history.ts";
import type { TimelineMark } from "../inspector.ts";
import { exitWord } from "./exit-word.ts";

/*
 * What a record means for a lane of the time-line. God uses it for the past, the page for live records.
 */

/**
 * What the user sees of several generations: the one that serves, else the one that comes nearest to it; and beside it
 * the other one of a reload, which starts or drains.
 */
export function served(generations: ReadonlyMap<number, ProcessStatus>): {
  readonly first: ProcessStatus;
  readonly second: ProcessStatus;
} {
  const order: readonly ProcessStatus[] = [
    "online",
    "starting",
    "waiting",
    "pending",
    "stopping",
    "errored",
    "failed",
    "completed",
    "stopped",
  ];
  const all = [...generations.values()];
  if (all.length < 2) return { first: all[0] ?? "removed", second: "removed" };
  const [first = "removed", second = "removed"] = order.flatMap((status) =>
    all.filter((each) => each === status),
  );
  return { first, second };
}

/** The marks of a process's record but that of a new version, which asks for the previous one. */
export function marksOf({ at, seq, exit, sensor, event, by }: HistoryRecord): TimelineMark[] {
  return [
    ...(exit === null ? [] : [{ at, seq, kind: "exit" as const, label: exitWord(exit) }]),
    ...(sensor === null ? [] : [{ at, seq, kind: sensor, label: by ?? sensor }]),
    ...(event === "restart"
      ? [{ at, seq, kind: "restart" as const, label: by ?? "a command" }]
      : []),
  ];
}

/** The label of a reload's record; `null` for a step that is not marked. */
export function reloadLabel({ event, reload }: HistoryRecord): string | null {
  if (reload === null) return null;
  if (event === "reload.launching" && reload.done === 0) return reload.by;
  if (event === "reload.succeeded") return "succeeded";
  return event === "reload.failed"
    ? `failed: ${reload.failure?.reason ?? "for an unknown reason"}`
    : null;
}
