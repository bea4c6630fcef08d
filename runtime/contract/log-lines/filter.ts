import { fieldOf, levels, parseLine, type ParsedLine } from "./parse-line.ts";

/** What is looked for; all of it has to hold. It can be given to another thread. */
export interface LogFilter {
  /** ms since the epoch. */
  readonly since: number | null;
  readonly until: number | null;
  readonly grep: { readonly source: string; readonly flags: string } | null;
  /** This level, and above. */
  readonly level: number | null;
  readonly fields: readonly (readonly [path: string, value: string])[];
}

/** A line that was found. */
export interface Found {
  readonly line: string;
  /** Its own time, or that of the line before it; `null` when none had one. */
  readonly at: number | null;
  readonly parsed: ParsedLine | null;
}

/** A line without a level is one of `error` on stderr, and of `info` on stdout. */
const usualLevel = { out: 30, err: 50 } as const;

/**
 * Judges the lines of one file, one after the other: a line without a time, as one of a stack trace, has that of the line
 * before, and its level too.
 * @returns the line when it is looked for; `"over"` once every line that follows is too late.
 */
export function createFilter(
  filter: LogFilter,
  stream: "out" | "err",
): (line: string) => Found | "over" | undefined {
  const { since, until, grep, level, fields } = filter;
  const pattern = grep === null ? undefined : new RegExp(grep.source, grep.flags);
  const mayHaveLevel = level === null ? undefined : levelHint(level);
  const needsTime = since !== null || until !== null;
  let at: number | null = null;
  /** Parsed when a line is found, and not before. */
  let lastTimed = "";
  let lastLevel: number = usualLevel[stream];
  return (line) => {
    if (!needsTime && pattern !== undefined && level === null && fields.length === 0) {
      if (mayHaveTime(line)) lastTimed = line;
      if (!pattern.test(line)) return undefined;
      return { line, at: lastTimed === "" ? null : parseLine(lastTimed).at, parsed: null };
    }
    if (!needsTime && mayHaveLevel !== undefined && line.startsWith("{") && !mayHaveLevel(line)) {
      lastLevel = 0;
      return undefined;
    }
    const parsed = parseLine(line);
    if (parsed.at !== null) at = parsed.at;
    if (parsed.level !== null) lastLevel = parsed.level;
    else if (parsed.at !== null || parsed.fields !== null) lastLevel = usualLevel[stream];
    if (since !== null && at !== null && at < since) return undefined;
    if (until !== null && at !== null && at > until) return "over";
    if (level !== null && lastLevel < level) return undefined;
    if (pattern !== undefined && !pattern.test(line)) return undefined;
    const isOther = fields.some(
      ([path, value]) => parsed.fields === null || textOf(fieldOf(parsed.fields, path)) !== value,
    );
    return isOther ? undefined : { line, at, parsed };
  };
}

/** Records, and what begins with a digit, a bracket or a name. */
function mayHaveTime(line: string): boolean {
  return /^(?:\{|\[?\d{4}[-/]|[\w.-]+=)/.test(line);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || value === undefined ? value : JSON.stringify(value);
}

/** Most records are of a lower level, and need not be parsed: whether one may have this level, or says none. */
function levelHint(least: number): (line: string) => boolean {
  const words = Object.keys(levels).filter((word) => (levels[word] ?? 0) >= least);
  const numbers = `[${Math.min(9, Math.ceil(least / 10))}-9]\\d|\\d{3}`;
  const isHigh = new RegExp(
    `"(?:level|severity|lvl)"\\s*:\\s*(?:"(?:${words.join("|")}|${numbers})"|${numbers})`,
    "i",
  );
  const hasAny = /"(?:level|severity|lvl)"\s*:/;
  return (line) => isHigh.test(line) || !hasAny.test(line);
}
