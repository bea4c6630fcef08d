import type { CrashPattern, LifePattern } from "../../../../machines/simulation.ts";
import type { HistoryRecord } from "../../../contract/history.ts";
import { readTime } from "./policy-form.ts";

/** How the program of a what-if behaves, as entered. */
export interface CrashForm {
  /** `every`: each life ends so; `first`: the first N, the next one stays up; `recorded`: as the process did. */
  readonly kind: "every" | "first" | "recorded" | "never";
  /** A life's length. */
  readonly after: string;
  /** How many lives end, for `first`. */
  readonly crashes: string;
  readonly end: "code" | "signal";
  readonly code: string;
  readonly signal: string;
  readonly ready: "at once" | "after" | "never";
  readonly readyAfter: string;
  readonly playFor: string;
}

export type CrashField = keyof CrashForm;

export const firstCrashForm: CrashForm = {
  kind: "every",
  after: "500ms",
  crashes: "3",
  end: "code",
  code: "1",
  signal: "SIGSEGV",
  ready: "at once",
  readyAfter: "2s",
  playFor: "1h",
};

/** Those by which programs end. */
export const signals = [
  "SIGSEGV",
  "SIGABRT",
  "SIGKILL",
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGPIPE",
  "SIGQUIT",
] as const;

/** Most lives whose ends are spelt out; the simulation plays no more. */
const mostLives = 10_000;

/** Reads the form, with every fault by its field. */
export function readCrash(
  form: CrashForm,
  recorded: CrashPattern,
): { pattern: CrashPattern; forMs: number; faults: Partial<Record<CrashField, string>> } {
  const faults: Partial<Record<CrashField, string>> = {};
  const time = (field: "after" | "readyAfter" | "playFor"): number => {
    const ms = readTime(form[field]);
    if (ms === undefined) faults[field] = 'expected a time such as "500ms", "10s", "1h"';
    return ms ?? 0;
  };
  const whole = (field: "crashes" | "code", most: number): number => {
    const isFine = /^\d+$/.test(form[field].trim()) && Number(form[field]) <= most;
    if (!isFine) faults[field] = `expected a whole number from 0 to ${most}`;
    return isFine ? Number(form[field]) : 0;
  };
  const forMs = time("playFor");
  if (forMs === 0) faults.playFor ??= "expected a time longer than 0";
  const readyMs = form.ready === "never" ? null : form.ready === "after" ? time("readyAfter") : 0;
  if (form.kind === "recorded") {
    if (recorded.length === 0) faults.kind = "no exit of this process is recorded";
    const pattern = recorded.length === 0 ? [staysUp(readyMs)] : recorded;
    return { pattern: pattern.map((life) => ({ ...life, readyMs })), forMs, faults };
  }
  if (form.kind === "never") return { pattern: [staysUp(readyMs)], forMs, faults };
  const life: LifePattern = {
    lifeMs: time("after"),
    code: form.end === "code" ? whole("code", 255) : null,
    signal: form.end === "signal" ? form.signal : null,
    readyMs,
  };
  if (form.kind === "every") return { pattern: [life], forMs, faults };
  const crashes = whole("crashes", mostLives);
  const lives = Array.from({ length: crashes }, () => life);
  return { pattern: [...lives, staysUp(readyMs)], forMs, faults };
}

/** The recorded lives of a process with ends that were not requested; the last one repeats. */
export function recordedPattern(records: readonly HistoryRecord[]): CrashPattern {
  return records.flatMap(({ exit }) =>
    exit === null || exit.askedBy !== null
      ? []
      : [{ lifeMs: exit.uptimeMs, code: exit.code, signal: exit.signal, readyMs: 0 }],
  );
}

function staysUp(readyMs: number | null): LifePattern {
  return { lifeMs: null, code: null, signal: null, readyMs };
}
