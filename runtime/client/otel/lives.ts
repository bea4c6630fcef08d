import type { ProcessStatus } from "../../../machines/facts.ts";
import type { HistoryRecordView, ProcessView } from "../connection/types.ts";
import { addEvent, closeSpan, openSpan, type Span, type TakeTrace } from "./span.ts";

/** What a life is made of, as its process is shown. */
const phases: Partial<Record<ProcessStatus, string>> = {
  pending: "wait for dependencies",
  starting: "launch",
  online: "run",
  stopping: "stop",
};

/** A life of a process as a trace: it begins with the wait for what it depends on, and ends with the exit. */
export interface Lives {
  /** A life that began before the first record. */
  readonly know: (process: ProcessView) => void;
  readonly take: (record: HistoryRecordView) => void;
}

type LifeRecord = Pick<
  HistoryRecordView,
  "app" | "name" | "id" | "generation" | "pid" | "by" | "version"
>;

export function traceLives(done: TakeTrace): Lives {
  const open = new Map<string, Span>();

  const enter = (life: Span, status: ProcessStatus, at: number): void => {
    const name = phases[status] ?? status;
    const last = life.children.at(-1);
    if (last?.name === name) return;
    if (last !== undefined) closeSpan(last, at);
    life.children.push(openSpan(name, at));
  };
  const begin = (key: string, of: LifeRecord, status: ProcessStatus, at: number): Span => {
    const life = openSpan(`life of ${of.name}`, at, {
      "xm.app": of.app,
      "xm.process.id": of.id,
      "xm.process.name": of.name,
      "xm.generation": of.generation,
      "xm.started_by": of.by,
    });
    open.set(key, life);
    enter(life, status, at);
    return life;
  };
  const end = (key: string, life: Span, at: number): void => {
    const last = life.children.at(-1);
    if (last !== undefined) closeSpan(last, at);
    closeSpan(life, at);
    open.delete(key);
    done(life);
  };
  const take = (record: HistoryRecordView): void => {
    const { kind, status, at, exit, failure, decision } = record;
    if (kind !== "process" || status === null) return;
    const key = `${record.id}.${record.generation}`;
    const isAlive = phases[status] !== undefined;
    const ends = exit !== null || failure !== null || !isAlive;
    let life = open.get(key);
    if (life === undefined && isAlive && !ends)
      life = begin(key, record, status, record.startedAt ?? at);
    if (life !== undefined) {
      addEvent(life, record.event, at);
      describe(life, record);
      if (!ends) return enter(life, status, at);
      if (decision !== null) {
        life.attributes["xm.rule"] = decision.rule;
        life.attributes["xm.next"] = decision.next;
        life.attributes["xm.decision"] = decision.sentence;
      }
      end(key, life, exit?.at ?? at);
    }
    // What is started again at once begins its next life with the end of this one.
    if (ends && isAlive && status !== "stopping") begin(key, record, status, at);
  };
  return {
    know: (process) => {
      const { app, name, id, generation, pid, startedAt, status, version } = process;
      if (pid === null || startedAt === null) return;
      const of = { app, name, id, generation, pid, by: null, version };
      const life = begin(`${id}.${generation}`, of, status, startedAt);
      describe(life, { ...of, exit: null, failure: null });
    },
    take,
  };
}

function describe(
  life: Span,
  { pid, version, exit, failure }: Pick<HistoryRecordView, "pid" | "version" | "exit" | "failure">,
): void {
  if (pid !== null) life.attributes["process.pid"] = pid;
  if (version !== null) life.attributes["service.version"] = version;
  if (failure !== null) life.error = failure.message;
  if (exit === null) return;
  const { code, signal, askedBy } = exit;
  if (code !== null) life.attributes["process.exit.code"] = code;
  if (signal !== null) life.attributes["xm.exit.signal"] = signal;
  if (askedBy !== null) life.attributes["xm.stopped_by"] = askedBy;
  if (askedBy !== null || code === 0) return;
  if (signal !== null) life.error = `ended by ${signal}`;
  else
    life.error = code === null ? "ended, the daemon could not see how" : `exited with code ${code}`;
}
