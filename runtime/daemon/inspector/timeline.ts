import type { ProcessStatus } from "../../../machines/facts.ts";
import type { HistoryRecord } from "../../contract/history.ts";
import {
  statusCodes,
  type Timeline,
  type TimelineLane,
  type TimelineMark,
} from "../../contract/inspector.ts";
import { createPacer } from "../records/turns.ts";
import { marksOf, reloadLabel, served } from "../../contract/words/lane-words.ts";
import type { Daemon } from "../daemon.ts";

/** How far back the state of a process at the beginning is looked for; ms. Each daemon records all of them again. */
const mostBeforeMs = 24 * 3_600_000;

/** Looking back for the beginning ends after this many records. */
const mostRecordsBefore = 20_000;

/**
 * The lanes of all processes from a time on, read in the background. A lane has a point where the status that its
 * user sees changes: of two generations of one process it is the one that serves.
 */
export async function readTimeline(
  { history, registry, now }: Pick<Daemon, "history" | "registry" | "now">,
  since: number,
): Promise<Timeline> {
  const until = now();
  const { lastSeq } = history;
  const lanes = new Map<string, Lane>();
  const daemons: number[] = [];
  const reloads: HistoryRecord[] = [];
  for await (const batch of history.scan({ since, until }, { back: false })) {
    for (const record of batch) {
      if (record.seq > lastSeq) continue;
      if (record.kind === "daemon") {
        daemons.push(record.at);
        for (const lane of lanes.values()) beginAnew(lane, record, since);
      } else if (record.kind === "reload") reloads.push(record);
      else if (record.kind === "process") addTo(laneOf(lanes, record), record, since);
    }
  }
  const unknown = new Map<string, Lane>();
  for (const { facts, spec } of registry.processes()) {
    const key = keyOf({ id: facts.id, name: spec.name });
    if (lanes.has(key)) continue;
    // Nothing has happened since: it is unchanged.
    const lane = laneOf(lanes, { id: facts.id, name: spec.name });
    lane.points.push(0, 0, statusCodes.indexOf(facts.status));
  }
  for (const [key, lane] of lanes) if (lane.points[0] !== 0) unknown.set(key, lane);
  await findBeginnings(history, unknown, since);
  await markReloads(lanes, reloads, since);
  const pacer = createPacer();
  const sorted: TimelineLane[] = [];
  for (const { id, name, points, others, marks } of lanes.values()) {
    sorted.push({ id, name, points, others, marks: marks.sort((a, b) => a.seq - b.seq) });
    if (pacer.isDue()) await pacer.pause();
  }
  return { since, until, lastSeq, lanes: sorted.sort((a, b) => a.id - b.id), daemons };
}

interface Lane extends TimelineLane {
  readonly points: number[];
  readonly others: number[];
  readonly marks: TimelineMark[];
  /** What each generation that is there is. */
  readonly generations: Map<number, ProcessStatus>;
  version: string | null;
  /** The first version within the time: whether it was another one before is found afterwards. */
  firstVersion: { readonly at: number; readonly seq: number; readonly version: string } | null;
}

/** There is no second generation. */
const none = statusCodes.indexOf("removed");

const keyOf = ({ id, name }: { id: number; name: string }): string => `${id} ${name}`;

function laneOf(lanes: Map<string, Lane>, process: { id: number; name: string }): Lane {
  const key = keyOf(process);
  const known = lanes.get(key);
  if (known !== undefined) return known;
  const lane: Lane = {
    id: process.id,
    name: process.name,
    points: [],
    others: [],
    marks: [],
    generations: new Map(),
    version: null,
    firstVersion: null,
  };
  lanes.set(key, lane);
  return lane;
}

function addTo(lane: Lane, record: HistoryRecord, since: number): void {
  const { seq, generation, status, version } = record;
  const at = record.at - since;
  if (status === null) return;
  if (status === "removed") lane.generations.delete(generation);
  else lane.generations.set(generation, status);
  const { first, second } = served(lane.generations);
  const code = statusCodes.indexOf(first);
  if (lane.points.at(-1) !== code || lane.points.length === 0) lane.points.push(at, seq, code);
  const other = statusCodes.indexOf(second);
  if (other !== (lane.others.at(-1) ?? none)) lane.others.push(at, seq, other);
  for (const mark of marksOf(record)) lane.marks.push({ ...mark, at });
  if (version === null) return;
  if (lane.version !== null && lane.version !== version) {
    lane.marks.push({ at, seq, kind: "version", label: version });
  }
  lane.version = version;
  lane.firstVersion ??= { at, seq, version };
}

/** A daemon starts, and records every existing generation again. */
function beginAnew(lane: Lane, { at, seq }: HistoryRecord, since: number): void {
  lane.generations.clear();
  if ((lane.others.at(-1) ?? none) !== none) lane.others.push(at - since, seq, none);
}

async function markReloads(
  lanes: ReadonlyMap<string, Lane>,
  reloads: readonly HistoryRecord[],
  since: number,
): Promise<void> {
  const lanesOf = new Map<number, Lane[]>();
  for (const lane of lanes.values()) {
    lanesOf.set(lane.id, [...(lanesOf.get(lane.id) ?? []), lane]);
  }
  const pacer = createPacer();
  for (const record of reloads) {
    const { at, seq, reload, name } = record;
    const label = reloadLabel(record);
    if (label === null) continue;
    const isOf = (lane: Lane): boolean =>
      lane.name === name || lane.name === name.replace(/~\d+$/, "");
    for (const lane of (reload?.ids ?? []).flatMap((id) => lanesOf.get(id) ?? [])) {
      if (isOf(lane)) lane.marks.push({ at: at - since, seq, kind: "reload", label });
    }
    if (pacer.isDue()) await pacer.pause();
  }
}

/** Looks for what was before the first point of lanes, from `since` back. */
async function findBeginnings(
  history: Daemon["history"],
  unknown: Map<string, Lane>,
  since: number,
): Promise<void> {
  if (unknown.size === 0) return;
  let looked = 0;
  const placed = new Set<Lane>();
  const query = { since: since - mostBeforeMs, until: since - 1 };
  for await (const batch of history.scan(query, { back: true })) {
    for (const record of batch) {
      if (record.kind !== "process" || record.status === null) continue;
      const key = keyOf(record);
      const lane = unknown.get(key);
      if (lane === undefined) continue;
      if (record.status === "removed") unknown.delete(key);
      else if (!placed.has(lane)) placeBeginning(lane, record);
      placed.add(lane);
      const { firstVersion: first } = lane;
      if (first !== null && record.version !== null && record.version !== first.version) {
        lane.marks.push({ at: first.at, seq: first.seq, kind: "version", label: first.version });
      }
      if (first === null || record.version !== null) unknown.delete(key);
    }
    looked += batch.length;
    if (unknown.size === 0 || looked > mostRecordsBefore) return;
  }
}

function placeBeginning(lane: Lane, { status, seq }: HistoryRecord): void {
  const code = statusCodes.indexOf(status ?? "stopped");
  if (lane.points[2] === code) lane.points.splice(0, 2, 0, seq);
  else lane.points.unshift(0, seq, code);
}
