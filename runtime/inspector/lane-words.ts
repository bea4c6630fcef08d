import type { ProcessStatus } from "../../machines/facts.ts";
import type { HistoryRecord } from "../history/record.ts";
import type { TimelineMark } from "./contract.ts";
import { exitWord } from "./words.ts";

/*
 * What a record means to a lane of the time-line: God asks it of the past, the page of what goes on.
 */

/** What the user sees of several generations: the one that serves, else the one that comes nearest to it. */
export function served(generations: ReadonlyMap<number, ProcessStatus>): ProcessStatus {
  const order: readonly ProcessStatus[] = [
    "online",
    "starting",
    "waiting",
    "stopping",
    "errored",
    "stopped",
  ];
  const all = [...generations.values()];
  return order.find((status) => all.includes(status)) ?? "removed";
}

/** The marks of a process's record but that of a new version, which asks for the one before. */
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
  return event === "reload.failed" ? `failed: ${reload.failure?.reason ?? "of a fault"}` : null;
}
