import type {
  Client,
  HistoryRecordView,
  ProcessView,
  UsageView,
} from "../../runtime/client/connection/types.ts";
import { isDaemonAway, XmError } from "../../runtime/contract/errors.ts";
import { reachMs, type Moment } from "./graphs.ts";

/** Between two looks at CPU and memory while somebody uses the keys, and when nobody has for a while; ms. */
const looksEveryMs = 2_000;
const restsEveryMs = 10_000;
const presentForMs = 30_000;

/** What happens is heard; the list is read from time to time all the same; ms. */
const listsEveryMs = 60_000;

/** The daemon keeps a sample every ten seconds; ms. */
const usageEveryMs = 10_000;

/** All else that a record changes than the status comes with a list, no later than this; ms. */
const settlesWithinMs = 1_000;

/** Between two tries to reach a daemon that is away; ms. */
const awayEveryMs = 300;

/** What is heard from the daemon. */
export interface Heard {
  onProcesses(list: readonly ProcessView[]): void;
  onRecord(record: HistoryRecordView): void;
  onUsage(views: readonly UsageView[]): void;
  onAway(): void;
}

export interface Feed {
  /** Somebody is there. */
  touch(): void;
  /** Asks for the list now. */
  look(): Promise<void>;
  /** Until the signal is aborted. @throws what is not a daemon that is away */
  readonly ended: Promise<void>;
}

/**
 * Hears of the processes until it is aborted, over the deaths of daemons. When nothing happens and nobody is there, it asks every
 * ten seconds for the figures that the daemon has kept since, which samples nothing.
 */
export function startFeed(client: Client, heard: Heard, signal: AbortSignal): Feed {
  let touchedAt = performance.now();
  let wake = (): void => {};
  let usageSince = 0;
  let usageAt = Number.NEGATIVE_INFINITY;
  let listedAt = Number.NEGATIVE_INFINITY;
  let settling: NodeJS.Timeout | undefined;

  const isPresent = (): boolean => performance.now() - touchedAt < presentForMs;
  const look = async (metrics = true): Promise<boolean> => {
    try {
      heard.onProcesses(await client.list({ metrics }));
      listedAt = performance.now();
      return true;
    } catch (error) {
      if (!isDaemonAway(error)) throw error;
      if (!signal.aborted) heard.onAway();
      return false;
    }
  };
  const readUsage = async (): Promise<void> => {
    const now = performance.now();
    if (now - usageAt < usageEveryMs - 500) return;
    usageAt = now;
    try {
      const since = Math.max(usageSince, Date.now() - reachMs);
      const views = await client.usage({ since: Math.floor(since) });
      usageSince = Math.max(usageSince, ...views.map(({ at }) => (at.at(-1) ?? 0) + 1));
      heard.onUsage(views);
    } catch (error) {
      if (!isDaemonAway(error)) throw error;
    }
  };
  const looks = async (): Promise<void> => {
    while (!signal.aborted) {
      const present = isPresent();
      const isListed = !present && performance.now() - listedAt < listsEveryMs;
      if (isListed || (await look(present))) await readUsage();
      await pause(isPresent() ? looksEveryMs : restsEveryMs, signal, (end) => (wake = end));
    }
  };
  const events = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const record of client.events(signal)) {
          heard.onRecord(record);
          settling ??= setTimeout(() => {
            settling = undefined;
            look(false).catch(fail);
          }, settlesWithinMs);
        }
      } catch (error) {
        if (!isDaemonAway(error) && !signal.aborted) throw error;
      }
      if (signal.aborted) return;
      heard.onAway();
      await pause(awayEveryMs, signal);
      // The next daemon is there as soon as it answers.
      if (await look(isPresent())) continue;
    }
  };
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  return {
    touch: () => {
      const wasPresent = isPresent();
      touchedAt = performance.now();
      if (!wasPresent) wake();
    },
    look: async () => void (await look()),
    ended: Promise.race([Promise.all([looks(), events()]), failed]).then(() =>
      clearTimeout(settling),
    ),
  };
}

/** The statuses of one process lately, and the one it had before. */
export async function readMoments(client: Client, id: number): Promise<readonly Moment[]> {
  const since = Date.now() - reachMs;
  const query = { ids: [id], kinds: ["process"] as const };
  const records = await client.history({ ...query, since, limit: 1_000 });
  const [first] = records;
  if (first === undefined) return [];
  const [before] = await client.history({ ...query, until: since, before: first.seq, limit: 1 });
  // Until the first record it was what it had been, if that is known.
  const known = before === undefined ? [] : [{ ...before, at: since }];
  return [...known, ...records].flatMap(({ at, status }) =>
    status === null ? [] : [{ at, status }],
  );
}

/** Lines that are kept for a log that has just been opened. */
const firstLines = 500;

/** The log of a process, over the deaths of daemons, until it is aborted. */
export async function readLog(
  client: Client,
  id: number,
  signal: AbortSignal,
  onLine: (line: { stream: "out" | "err"; line: string }) => void,
): Promise<void> {
  const query = { ids: [id], later: null, daemon: false, from: {}, follow: true };
  for (let lines = firstLines; !signal.aborted; lines = 0) {
    try {
      const request = { ...query, lines, streams: ["out", "err"] as ("out" | "err")[] };
      for await (const line of client.followLogs(request, signal)) onLine(line);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof XmError)) throw error;
    }
    await pause(awayEveryMs, signal);
  }
}

/** Waits, and no longer than until it is aborted or woken. */
function pause(
  ms: number,
  signal: AbortSignal,
  give: (wake: () => void) => void = () => {},
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    give(end);
  });
}
