import { duration } from "../../../machines/lib/words.ts";
import type { CrashPattern, Simulation } from "../../../machines/simulation.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { defaults } from "../../contract/fields/defaults.ts";
import type { Story } from "./lives.ts";

/** One line of an app's declaration that its own history speaks against. */
export interface Advice {
  readonly field: string;
  /** As an ecosystem file has it; `null` where it is not declared. */
  readonly from: number | string | null;
  readonly to: number | string;
  /** What was seen, with its figures. */
  readonly evidence: string;
}

/** Memory of the last 24 hours; bytes. */
export interface Usage {
  readonly since: number;
  readonly memory: { readonly p50: number; readonly p99: number; readonly peak: number };
}

export interface Case {
  readonly spec: AppSpec;
  readonly story: Story;
  readonly usage: Usage | null;
  readonly now: number;
  /** Plays a policy against crashes: `machines/simulation.ts`. */
  readonly simulate: (options: {
    spec: AppSpec;
    pattern: CrashPattern;
    forMs: number;
  }) => Pick<Simulation, "end" | "lives">;
}

const megabyte = 2 ** 20;
/** A limit of memory is proposed once so much of the app's day is known; ms. */
const longEnoughMs = 6 * 3_600_000;
/** In a row, for a loop. */
const fewestCrashes = 5;
/** Lives longer than this are not a loop that a policy should count; ms. */
const longestLoopLifeMs = 60_000;
const longestKillTimeoutMs = 120_000;
/** How long a loop is replayed; ms. */
const replayedMs = 10 * 60_000;

/** What an app's history says about its declaration; nothing without evidence. */
export function advise(about: Case): Advice[] {
  return [
    ...memoryLimit(about),
    ...killTimeout(about),
    ...listenTimeout(about),
    ...crashLoop(about),
    ...givingUp(about),
  ];
}

function memoryLimit({ spec, story, usage, now }: Case): Advice[] {
  if (usage === null) return [];
  const { p50, p99, peak } = usage.memory;
  const limit = spec.sensors.maxMemoryBytes;
  const seen = `median ${mb(p50)}, p99 ${mb(p99)}, peak ${mb(peak)} in ${duration(now - usage.since)}`;
  const to = `${Math.ceil((peak * 1.5) / megabyte / 10) * 10}M`;
  if (limit === null) {
    if (now - usage.since < longEnoughMs) return [];
    return [
      { field: "max_memory_restart", from: null, to, evidence: `${seen}; no limit is declared` },
    ];
  }
  if (story.memoryTrips < 3 || p50 < limit * 0.7) return [];
  const evidence = `restarted ${story.memoryTrips} times at ${mb(limit)}, which is close to what it normally uses: ${seen}`;
  return [{ field: "max_memory_restart", from: `${Math.round(limit / megabyte)}M`, to, evidence }];
}

function killTimeout({ spec, story }: Case): Advice[] {
  const stops = story.lives.flatMap(({ end }) => (end?.stopMs == null ? [] : [end]));
  const killed = stops.filter(({ wasKilled }) => wasKilled);
  const longest = Math.max(
    0,
    ...stops.filter((each) => !each.wasKilled).map((each) => each.stopMs ?? 0),
  );
  const { killTimeoutMs: from } = spec.policy;
  // One that never ended by itself ignores its signal, and no time would be enough.
  if (killed.length < 2 || longest === 0) return [];
  const to = Math.min(longestKillTimeoutMs, seconds(Math.max(from * 3, longest * 2)));
  if (to <= from) return [];
  const evidence = `${killed.length} of ${stops.length} stops ended with SIGKILL after ${duration(from)}; the longest that ended by itself took ${duration(longest)}`;
  return [{ field: "kill_timeout", from, to, evidence }];
}

function listenTimeout({ spec, story }: Case): Advice[] {
  const { readiness, listenTimeoutMs: from } = spec.policy;
  if (readiness === "spawned") return [];
  const times = story.lives.flatMap(({ readyMs }) => readyMs ?? []).toSorted((a, b) => a - b);
  const longest = times.at(-1);
  if (longest === undefined || times.length < 3) return [];
  if (longest < from * 0.7 && story.lateLives === 0) return [];
  const to = seconds(longest * 3);
  if (to <= from) return [];
  const late = story.lateLives === 0 ? "" : `, and not within it in ${story.lateLives} lives`;
  const median = times[Math.floor(times.length / 2)] ?? longest;
  const evidence = `ready after ${duration(median)} (median of ${times.length}), at most ${duration(longest)}${late}`;
  return [{ field: "listen_timeout", from, to, evidence }];
}

/** Crashes that each come a little after `min_uptime`, so that none counts and the loop never ends. */
function crashLoop({ spec, story, simulate }: Case): Advice[] {
  const { restart } = spec.policy;
  const loop = longestLoop(story, restart.minUptimeMs);
  if (loop.length < fewestCrashes || restart.backoff !== null || restart.restartDelayMs > 0)
    return [];
  const pattern = patternOf(loop);
  const after = { ...spec, policy: { ...spec.policy, restart: { ...restart, backoff: gentle } } };
  const play = (some: AppSpec): Pick<Simulation, "end" | "lives"> =>
    simulate({ spec: some, pattern, forMs: replayedMs });
  const [now, then] = [play(spec), play(after)];
  if (now.end.because === "at rest" || then.lives >= now.lives / 2) return [];
  const evidence = `${loop.length} crashes in a row, ${duration(Math.min(...loop))} to ${duration(Math.max(...loop))} after each start, later than min_uptime (${duration(restart.minUptimeMs)}), so none counts: replayed for ${duration(replayedMs)}, ${now.lives} starts; with this, ${then.lives}`;
  return [{ field: "exp_backoff_restart_delay", from: null, to: gentle.initialMs, evidence }];
}

/** Given up, and at the next start by hand it worked: it would have come back by itself. */
function givingUp({ spec, story, simulate, now }: Case): Advice[] {
  const { restart } = spec.policy;
  if (restart.backoff !== null) return [];
  const outages = story.givenUp.filter(({ from, until, crashes, id }) => {
    if (crashes.length === 0 || until === null || until - from < 10_000) return false;
    const next = story.lives.find((life) => life.id === id && life.startedAt >= until - 1);
    const livedMs = (next?.end?.at ?? now) - (next?.startedAt ?? now);
    return next !== undefined && livedMs > Math.max(longestLoopLifeMs, restart.minUptimeMs * 10);
  });
  const [worst] = outages.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  if (worst === undefined) return [];
  const forMs = lengthOf(worst);
  const maxRestarts = Math.max(restart.maxRestarts, hundreds((forMs * 1.5) / gentle.maxMs));
  const policy = { ...spec.policy, restart: { ...restart, maxRestarts, backoff: gentle } };
  const played = simulate({ spec: { ...spec, policy }, pattern: patternOf(worst.crashes), forMs });
  if (played.end.because === "at rest") return [];
  const times = outages.length === 1 ? "once" : `${outages.length} times`;
  const evidence = `given up ${times} and down for ${duration(forMs)} until it was started by hand, which worked; replayed with this and max_restarts ${maxRestarts}, it would still have been trying, about every ${duration(forMs / Math.max(1, played.lives))}`;
  return [
    { field: "exp_backoff_restart_delay", from: null, to: gentle.initialMs, evidence },
    {
      field: "max_restarts",
      from: restart.maxRestarts,
      to: maxRestarts,
      evidence: `with the longest wait of ${duration(gentle.maxMs)}, enough for half as long again`,
    },
  ];
}

/** `exp_backoff_restart_delay: 100`, with the other fields at their defaults. */
const gentle = {
  initialMs: 100,
  factor: defaults.backoffFactor,
  maxMs: defaults.backoffMaxMs,
  jitter: defaults.backoffJitter,
  resetAfterMs: defaults.backoffResetMs,
};

/** The longest row of crashes of one process that are over soon, but not within `min_uptime`. */
function longestLoop({ lives }: Story, minUptimeMs: number): number[] {
  const rows = new Map<number, number[]>();
  let longest: number[] = [];
  for (const { id, end } of lives) {
    if (end === null) continue;
    const { uptimeMs, code, signal, wasAsked } = end;
    const isCrash = !wasAsked && (signal !== null || code !== 0);
    const isLate = uptimeMs >= minUptimeMs && uptimeMs <= longestLoopLifeMs;
    const row = isCrash && isLate ? [...(rows.get(id) ?? []), uptimeMs] : [];
    rows.set(id, row);
    if (row.length > longest.length) longest = row;
  }
  return longest;
}

function patternOf(crashes: readonly number[]): CrashPattern {
  return crashes.map((lifeMs) => ({ lifeMs, code: 1, signal: null, readyMs: 0 }));
}

function lengthOf({ from, until }: { from: number; until: number | null }): number {
  return (until ?? from) - from;
}

/** Up to whole seconds. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

function hundreds(count: number): number {
  return Math.ceil(count / 100) * 100;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / megabyte)} MB`;
}
