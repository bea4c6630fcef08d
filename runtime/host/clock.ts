import { readJsonFact } from "./files/read.ts";
import { writeFileAtomic } from "./atomic.ts";
import { readBootId } from "./boot.ts";

/*
 * Time that cannot be set back. What decides (uptimes, windows, waits, grace periods) reckons in steady time: ms since
 * the epoch as the wall clock said when the first daemon of this boot started, and counted by the kernel's monotonic
 * clock since, which cannot be set. The offset is kept with the name of the boot, so that the next daemon's times go on
 * where the last one's were. People and the history get wall-clock time: steady time and what the clock was set by.
 *
 * Does not protect against a clock that is wrong when the machine boots: a wait over a reboot is only known to be no
 * longer than its policy says. Monotonic time stands still while a machine is suspended, as timers do.
 */

export interface Clock {
  /** Steady time, ms. */
  now(): number;
  /** A steady time as the wall clock shows it now. */
  shown(at: number): number;
  /** A reading of the monotonic clock, which all programs of a boot share, as steady time; ms. */
  atUptime(uptimeMs: number): number;
}

/** The clocks of a machine; ms. */
export interface Readings {
  readonly wall: () => number;
  readonly uptime: () => number;
}

/** A clock that was set by less is slewed or read an instant apart; ms. */
const leastStepMs = 1_000;

/** @param offset what the wall clock and the monotonic clock were apart when the boot's first daemon started; ms. */
export function createClock(offset: number, { wall, uptime }: Readings = readings): Clock {
  const now = (): number => Math.floor(offset + uptime());
  return {
    now,
    shown: (at) => {
      const stepMs = wall() - now();
      return Math.abs(stepMs) < leastStepMs ? at : at + Math.round(stepMs / 1_000) * 1_000;
    },
    atUptime: (uptimeMs) => Math.floor(offset + uptimeMs),
  };
}

const readings: Readings = {
  wall: Date.now,
  uptime: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
};

/**
 * The clock of a home: the one that its daemons of this boot have had.
 * @param file where the offset is kept; a new one where it cannot be read or is another boot's.
 */
export function openClock(file: string, given: Partial<Readings & { boot: string }> = {}): Clock {
  const { wall, uptime } = { ...readings, ...given };
  const boot = given.boot ?? readBootId() ?? "unknown";
  const kept = readKept(file);
  // Without a name for the boot, an uptime that has fallen tells that there was one.
  if (kept?.boot === boot && kept.uptime <= uptime()) {
    return createClock(kept.offset, { wall, uptime });
  }
  const offset = wall() - uptime();
  try {
    writeFileAtomic(file, JSON.stringify({ boot, offset, uptime: uptime() }));
  } catch {
    // A full or read-only disk: the next daemon reckons from its own start, and a wait is no longer than its policy.
  }
  return createClock(offset, { wall, uptime });
}

/** The year 9999, ms since the epoch: times are reckoned from there and still have to be dates. */
const latestOffset = 253_402_300_799_999;

function readKept(file: string): { boot: string; offset: number; uptime: number } | undefined {
  const { boot, offset, uptime } = Object(readJsonFact(file, 4_096)) as Record<string, unknown>;
  if (typeof boot !== "string" || typeof offset !== "number" || typeof uptime !== "number")
    return undefined;
  // Beyond what a date can hold it is not ours.
  if (Math.abs(offset) > latestOffset) return undefined;
  return { boot, offset, uptime };
}

let clock = createClock(readings.wall() - readings.uptime());

/** The daemon's own clock from now on. */
export function useClock(chosen: Clock): void {
  clock = chosen;
}

/** Steady time of this program; ms. */
export function steadyNow(): number {
  return clock.now();
}

/** See {@link Clock.shown}. */
export function shownTime(at: number): number;
export function shownTime(at: number | null): number | null;
export function shownTime(at: number | null): number | null {
  return at === null ? null : clock.shown(at);
}

/** See {@link Clock.atUptime}. */
export function steadyAtUptime(uptimeMs: number): number {
  return clock.atUptime(uptimeMs);
}
