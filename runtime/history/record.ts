import type { Decision } from "../../machines/decision.ts";
import type { ExitFact, ProcessStatus, ReloadFailure } from "../../machines/facts.ts";

/** One moment of the history: a transition of a process, a step of a reload, or a daemon that came up. */
export interface HistoryRecord {
  /** Grows by one from record to record, over all daemons of a home. */
  readonly seq: number;
  readonly at: number;
  readonly kind: "process" | "reload" | "daemon";
  /** Of the process; -1 for what is of none. */
  readonly id: number;
  readonly generation: number;
  readonly app: string;
  readonly name: string;
  /** What caused it, for example `child.exited`. */
  readonly event: string;
  /** The states the machine is in after it, without their parents, with spaces. */
  readonly states: string;
  readonly status: ProcessStatus | null;
  readonly pid: number | null;
  readonly restarts: number;
  readonly unstableRestarts: number;
  /** An end that this record tells of. */
  readonly exit: ExitFact | null;
  /** A decision that this record tells of. */
  readonly decision: Decision | null;
  readonly reload: {
    readonly by: string;
    readonly done: number;
    readonly total: number;
    readonly ids: readonly number[];
    readonly failure: ReloadFailure | null;
  } | null;
}

/** What a record is made of but its number. */
export type HistoryEntry = Omit<HistoryRecord, "seq">;

const empty: HistoryRecord = {
  seq: 0,
  at: 0,
  kind: "process",
  id: -1,
  generation: 0,
  app: "",
  name: "",
  event: "",
  states: "",
  status: null,
  pid: null,
  restarts: 0,
  unstableRestarts: 0,
  exit: null,
  decision: null,
  reload: null,
};

/** An entry from what is not empty of it. */
export function historyEntry(
  some: Partial<HistoryEntry> & Pick<HistoryEntry, "at" | "kind" | "event">,
): HistoryEntry {
  const { seq: _, ...base } = empty;
  return { ...base, ...some };
}

/** The line of a record: what is as in an empty one is left out. */
export function encodeRecord(record: HistoryRecord): string {
  const told = Object.entries(record).filter(
    ([key, value]) =>
      value !== empty[key as keyof HistoryRecord] || key === "seq" || key === "kind",
  );
  return `${JSON.stringify(Object.fromEntries(told))}\n`;
}

/** @returns `undefined` for a line that is none: torn by a kill, or damaged. */
export function decodeRecord(line: string): HistoryRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<HistoryRecord>;
    const isRecord = typeof value.seq === "number" && typeof value.at === "number";
    return isRecord ? { ...empty, ...value } : undefined;
  } catch {
    return undefined;
  }
}
