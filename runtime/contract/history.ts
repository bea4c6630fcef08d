import type {
  ExitFact,
  Failure,
  Goal,
  ProcessStatus,
  Readiness,
  ReloadFailure,
  Decision,
} from "../../machines/facts.ts";
import type { Saw } from "../../machines/guard-readings.ts";
import type { Sensor } from "../../machines/process-events.ts";
import type { Judgement } from "../../machines/judgement.ts";

/** What a record tells of: a transition of one of the machines, or a daemon that started. */
export const historyKinds = ["process", "reload", "app", "group", "god", "daemon"] as const;

export type HistoryKind = (typeof historyKinds)[number];

/** The answer of a guard for a recorded transition, and the values it compared. */
export interface GuardAnswer {
  readonly guard: string;
  readonly result: boolean;
  readonly saw: Saw;
}

/** The commit that a life runs, and that of the life before. */
export interface Revision {
  readonly from: string | null;
  readonly to: string;
}

/** One moment of the history: a transition of a machine, or a daemon that started. */
export interface HistoryRecord {
  /** Grows by one from record to record, over all daemons of a home. */
  readonly seq: number;
  readonly at: number;
  readonly kind: HistoryKind;
  /** Of the process; -1 for what is of none. */
  readonly id: number;
  readonly generation: number;
  readonly app: string;
  readonly name: string;
  /** What caused it, for example `child.exited`; of a reload that comes to another step, the step: `reload.draining`. */
  readonly event: string;
  /** The states the machine is in after it, without their parents, with spaces. */
  readonly states: string;
  readonly status: ProcessStatus | null;
  readonly pid: number | null;
  readonly restarts: number;
  readonly unstableRestarts: number;
  /** The exit that this record reports. */
  readonly exit: ExitFact | null;
  /** The decision that this record reports. */
  readonly decision: Decision | null;
  readonly reload: {
    readonly by: string;
    readonly done: number;
    readonly total: number;
    readonly ids: readonly number[];
    readonly failure: ReloadFailure | null;
  } | null;
  /** Who asked, or what tripped, in words. */
  readonly by: string | null;
  readonly sensor: Sensor | null;
  /** Of a life that begins: the version of what is run, where the app says one. */
  readonly version: string | null;
  /** Of a life that begins with another commit than the one before had, or whose commit is the first that is known. */
  readonly revision: Revision | null;
  readonly goal: Goal;
  readonly readiness: Readiness;
  readonly restartAt: number | null;
  readonly killAt: number | null;
  /** With a decision: all that the rules compared, those before the one that applied too. */
  readonly judgement: Judgement | null;
  /** When the life of now began; `null` in records that are older than this field. */
  readonly startedAt: number | null;
  /** The last wait of a process; 0 before the first. */
  readonly backoffMs: number;
  /** Why the process cannot be started, in the record that reports it. */
  readonly failure: Failure | null;
  /** First declared or last restarted by a command, in the record that reports it. */
  readonly createdAt: number | null;
  /**
   * What an app, a reload or God knew, as data and without values of the environment. An app's `spec` and `reloadSpec`
   * stand in it where they are new.
   */
  readonly context: Readonly<Record<string, unknown>> | null;
  /** Of a reload: the event that brought it here, and the process that it told of. */
  readonly cause: { readonly event: string; readonly id: number | null } | null;
  /** Of a reload: what its guards said on the way here. */
  readonly guards: readonly GuardAnswer[] | null;
}

/** A record that has still to get its number; the history keeps it as it is. */
export interface HistoryEntry extends Omit<HistoryRecord, "seq"> {
  seq: number;
}

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
  by: null,
  sensor: null,
  version: null,
  revision: null,
  goal: "run",
  readiness: "pending",
  restartAt: null,
  killAt: null,
  judgement: null,
  startedAt: null,
  backoffMs: 0,
  failure: null,
  createdAt: null,
  context: null,
  cause: null,
  guards: null,
};

/** An entry from what is not empty of it. */
export function historyEntry(
  some: Partial<HistoryEntry> & Pick<HistoryEntry, "at" | "kind" | "event">,
): HistoryEntry {
  return { ...empty, ...some };
}

/**
 * The line of a record: number, time, kind and process first, so that a reader can find its place without parsing the
 * rest; what is as in an empty one is left out. Spelled out, since this is done at every transition: a loop over the
 * names costs three times as much.
 */
export function encodeRecord(record: HistoryRecord): string {
  const { seq, at, kind, id, generation, pid, restarts, unstableRestarts } = record;
  const { app, name, event, states, status, goal, readiness, by, sensor, version } = record;
  const { revision } = record;
  const { exit, decision, reload, judgement, restartAt, killAt } = record;
  const { startedAt, backoffMs, failure, createdAt, context, cause, guards } = record;
  let line = `{"seq":${seq},"at":${at},"kind":"${kind}"`;
  if (id !== -1) line += `,"id":${id}`;
  if (generation !== 0) line += `,"generation":${generation}`;
  if (app !== "") line += `,"app":${JSON.stringify(app)}`;
  if (name !== "") line += `,"name":${JSON.stringify(name)}`;
  if (event !== "") line += `,"event":${JSON.stringify(event)}`;
  if (states !== "") line += `,"states":${JSON.stringify(states)}`;
  if (status !== null) line += `,"status":"${status}"`;
  if (pid !== null) line += `,"pid":${pid}`;
  if (restarts !== 0) line += `,"restarts":${restarts}`;
  if (unstableRestarts !== 0) line += `,"unstableRestarts":${unstableRestarts}`;
  if (exit !== null) line += `,"exit":${JSON.stringify(exit)}`;
  if (decision !== null) line += `,"decision":${JSON.stringify(decision)}`;
  if (reload !== null) line += `,"reload":${JSON.stringify(reload)}`;
  if (by !== null) line += `,"by":${JSON.stringify(by)}`;
  if (sensor !== null) line += `,"sensor":"${sensor}"`;
  if (version !== null) line += `,"version":${JSON.stringify(version)}`;
  if (revision !== null) line += `,"revision":${JSON.stringify(revision)}`;
  if (goal !== "run") line += `,"goal":"${goal}"`;
  if (readiness !== "pending") line += `,"readiness":"${readiness}"`;
  if (restartAt !== null) line += `,"restartAt":${restartAt}`;
  if (killAt !== null) line += `,"killAt":${killAt}`;
  if (judgement !== null) line += `,"judgement":${JSON.stringify(judgement)}`;
  if (startedAt !== null) line += `,"startedAt":${startedAt}`;
  if (backoffMs !== 0) line += `,"backoffMs":${backoffMs}`;
  if (failure !== null) line += `,"failure":${JSON.stringify(failure)}`;
  if (createdAt !== null) line += `,"createdAt":${createdAt}`;
  if (context !== null) line += `,"context":${JSON.stringify(context)}`;
  if (cause !== null) line += `,"cause":${JSON.stringify(cause)}`;
  if (guards !== null) line += `,"guards":${JSON.stringify(guards)}`;
  return `${line}}\n`;
}

/** The beginning of a record's line. */
export interface RecordHead {
  readonly seq: number;
  readonly at: number;
  /** `undefined` where it cannot be said without parsing. */
  readonly kind: string | undefined;
  /** Of a process. */
  readonly id: number | undefined;
}

/** Number, time, kind and process of the record whose line begins there, read without parsing it. */
export function headOf(text: string, start: number): RecordHead | undefined {
  if (!text.startsWith(seqPrefix, start)) return undefined;
  const comma = text.indexOf(",", start);
  if (comma < 0 || !text.startsWith(atPrefix, comma)) return undefined;
  const end = text.indexOf(",", comma + atPrefix.length);
  if (end < 0) return undefined;
  const seq = Number(text.slice(start + seqPrefix.length, comma));
  const at = Number(text.slice(comma + atPrefix.length, end));
  if (!Number.isFinite(seq) || !Number.isFinite(at)) return undefined;
  if (!text.startsWith(kindPrefix, end)) return { seq, at, kind: undefined, id: undefined };
  const kindEnd = text.indexOf('"', end + kindPrefix.length);
  const kind = text.slice(end + kindPrefix.length, kindEnd);
  if (kind !== "process" || !text.startsWith(idPrefix, kindEnd)) {
    return { seq, at, kind, id: undefined };
  }
  const digits = kindEnd + idPrefix.length;
  return { seq, at, kind, id: Number.parseInt(text.slice(digits, digits + 12), 10) };
}

const seqPrefix = '{"seq":';
const atPrefix = ',"at":';
const kindPrefix = ',"kind":"';
const idPrefix = '","id":';

/** @returns `undefined` for an invalid line: torn by a kill, or damaged. */
export function decodeRecord(line: string): HistoryRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<HistoryRecord>;
    const isRecord = typeof value.seq === "number" && typeof value.at === "number";
    return isRecord ? { ...empty, ...value } : undefined;
  } catch {
    return undefined;
  }
}
