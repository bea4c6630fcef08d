import type { HistoryRecordView } from "../connection/types.ts";

/** One life of a process, as the history has it. */
export interface Life {
  readonly id: number;
  readonly startedAt: number;
  /** From its start until it was ready, in ms; `null` where it reported nothing. */
  readonly readyMs: number | null;
  readonly end: {
    readonly at: number;
    readonly code: number | null;
    readonly signal: string | null;
    readonly uptimeMs: number;
    /** Somebody, or a sensor, asked for it. */
    readonly wasAsked: boolean;
    /** From the order to stop until its end, in ms; `null` when there was none. */
    readonly stopMs: number | null;
    /** Its `kill_timeout` was over. */
    readonly wasKilled: boolean;
  } | null;
}

/** A time in which a process had been given up, until it was started again by hand. */
export interface GivenUp {
  readonly id: number;
  readonly from: number;
  /** `null`: it still is. */
  readonly until: number | null;
  /** How long the lives before lived, in ms, up to the last that was not a crash. */
  readonly crashes: readonly number[];
}

export interface Story {
  readonly lives: readonly Life[];
  readonly givenUp: readonly GivenUp[];
  /** Trips of `max_memory_restart`. */
  readonly memoryTrips: number;
  /** Lives that were not ready within `listen_timeout`. */
  readonly lateLives: number;
  readonly since: number | null;
}

interface Open {
  startedAt: number;
  readyMs: number | null;
  stopAt: number | null;
  wasKilled: boolean;
}

/** Reads the lives of one app out of its records, oldest first. */
export function storyOf(records: readonly HistoryRecordView[]): Story {
  const open = new Map<number, Open>();
  const lives: Life[] = [];
  const crashes = new Map<number, number[]>();
  const resting = new Map<number, { from: number; crashes: number[] }>();
  const givenUp: GivenUp[] = [];
  let memoryTrips = 0;
  let lateLives = 0;
  for (const record of records) {
    const { kind, id, at, event, states, exit, status, startedAt } = record;
    if (kind !== "process") continue;
    if (record.sensor === "memory") memoryTrips += 1;
    if (event === "listenTimeout") lateLives += 1;
    if (event === "child.spawned") {
      open.set(id, { startedAt: startedAt ?? at, readyMs: null, stopAt: null, wasKilled: false });
      const rest = resting.get(id);
      if (rest !== undefined) givenUp.push({ id, ...rest, until: at });
      resting.delete(id);
    }
    const current = open.get(id);
    if (current !== undefined) {
      if (event === "child.ready") current.readyMs ??= at - current.startedAt;
      if (states.includes("stopping.graceful")) current.stopAt ??= at;
      if (states.includes("stopping.forced") && current.stopAt !== null) current.wasKilled = true;
    }
    if (exit !== null && current !== undefined) {
      const { code, signal, uptimeMs, askedBy } = exit;
      const stopMs = current.stopAt === null ? null : exit.at - current.stopAt;
      const wasAsked = askedBy !== null;
      const end = {
        at: exit.at,
        code,
        signal,
        uptimeMs,
        wasAsked,
        stopMs,
        wasKilled: current.wasKilled,
      };
      lives.push({ id, startedAt: current.startedAt, readyMs: current.readyMs, end });
      open.delete(id);
      const isCrash = !wasAsked && (signal !== null || code !== 0);
      crashes.set(id, isCrash ? [...(crashes.get(id) ?? []), uptimeMs] : []);
    }
    if (status === "errored" && !resting.has(id))
      resting.set(id, { from: at, crashes: crashes.get(id) ?? [] });
  }
  for (const [id, each] of open)
    lives.push({ id, startedAt: each.startedAt, readyMs: each.readyMs, end: null });
  for (const [id, rest] of resting) givenUp.push({ id, ...rest, until: null });
  return { lives, givenUp, memoryTrips, lateLives, since: records[0]?.at ?? null };
}
