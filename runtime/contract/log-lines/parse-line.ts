/*
 * Time, level and message of a line, parsed when it is read: nothing is parsed while it is written. Known are records of pino,
 * bunyan and winston (JSON), Ex Machina's own (`log_type: json`), logfmt, and a time in front of a text.
 */

export interface ParsedLine {
  /** ms since the epoch; `null` when the line has no time. */
  readonly at: number | null;
  /** pino's numbers: 10 trace … 60 fatal; `null` when it has none. */
  readonly level: number | null;
  readonly message: string;
  /** Of a structured line. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

export const levels: Readonly<Record<string, number>> = {
  trace: 10,
  silly: 10,
  verbose: 15,
  debug: 20,
  info: 30,
  http: 30,
  notice: 35,
  warn: 40,
  warning: 40,
  error: 50,
  err: 50,
  fatal: 60,
  crit: 60,
  critical: 60,
  alert: 60,
  emerg: 60,
  panic: 60,
};

/** The word for a level. */
export function levelWord(level: number): string {
  if (level >= 60) return "fatal";
  if (level >= 50) return "error";
  if (level >= 40) return "warn";
  if (level >= 30) return "info";
  return level >= 20 ? "debug" : "trace";
}

/** A level as a word or a number. */
export function readLevel(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string") return null;
  const known = levels[value.toLowerCase()];
  if (known !== undefined) return known;
  return /^\d{1,3}$/.test(value) ? Number(value) : null;
}

export function parseLine(line: string): ParsedLine {
  const start = line.charCodeAt(0);
  if (start === 0x7b) {
    const fields = parseRecord(line);
    if (fields !== undefined) return fromRecord(fields);
  }
  const timed = leadingTime(line);
  const text = timed === undefined ? line : line.slice(timed.length);
  if (text.charCodeAt(0) === 0x7b) {
    const fields = parseRecord(text);
    if (fields !== undefined) return { ...fromRecord(fields), ...(timed && { at: timed.at }) };
  }
  if (/^[\w.-]+=/.test(text)) {
    const fields = parseLogfmt(text);
    if (fields !== undefined) return { ...fromRecord(fields), ...(timed && { at: timed.at }) };
  }
  return { at: timed?.at ?? null, level: levelIn(text), message: line, fields: null };
}

/** Deeper records are texts: whatever walks through one, or writes it, has a stack. */
const deepest = 200;

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    // A bracket at each end of a level.
    const mayBeDeep = text.length > 2 * deepest;
    if (!isRecord || (mayBeDeep && !isWithin(value, deepest))) return undefined;
    return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isWithin(each, levels - 1));
}

function fromRecord(fields: Readonly<Record<string, unknown>>): ParsedLine {
  const level = first(fields, ["level", "severity", "lvl"]);
  const time = first(fields, ["time", "timestamp", "ts", "@timestamp"]);
  const message = first(fields, ["msg", "message"]);
  return {
    at: readTime(time),
    level: readLevel(level),
    message: typeof message === "string" ? message : "",
    fields,
  };
}

function first(fields: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((each) => Object.hasOwn(fields, each));
  return name === undefined ? undefined : fields[name];
}

/** What a date can hold; ms from the epoch, both ways. */
const farthest = 8.64e15;

/** A number is ms, or seconds when it is too small for ms of this age. */
function readTime(value: unknown): number | null {
  if (typeof value === "number") {
    const at = value < 1e11 ? value * 1_000 : value;
    return Math.abs(at) <= farthest ? at : null;
  }
  if (typeof value !== "string") return null;
  if (/^\d{9,13}(\.\d+)?$/.test(value)) return readTime(Number(value));
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/** `2026-11-25T10:20:03.123Z`, `2026-11-25 10:20:03 +01:00`, `[2026/11/25 10:20:03]` … */
const time =
  /^\[?(\d{4})[-/](\d\d)[-/](\d\d)[T -](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?\]?:?\s*/;

function leadingTime(line: string): { at: number; length: number } | undefined {
  const match = time.exec(line);
  if (match === null) return undefined;
  const [whole, year, month, day, hour, minute, second, fraction = "0", zone] = match;
  const ms = Math.floor(Number(`0.${fraction}`) * 1_000);
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (zone === undefined)
    return { at: new Date(y, mo - 1, d, h, mi, s, ms).getTime(), length: whole.length };
  const [, sign = "+", hours = "0", minutes = "0"] = /([+-])(\d\d):?(\d\d)/.exec(zone) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  return { at: Date.UTC(y, mo - 1, d, h, mi - offset, s, ms), length: whole.length };
}

/** A level's word in capitals near the beginning of a text. */
function levelIn(text: string): number | null {
  const [, word] =
    /\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|FATAL|CRIT(?:ICAL)?)\b/.exec(
      text.slice(0, 80),
    ) ?? [];
  return word === undefined ? null : readLevel(word);
}

const pair = /([\w.-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?:\s+|$)/y;

/** `level=info msg="it runs" port=80`: pairs and nothing else. */
function parseLogfmt(text: string): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  let count = 0;
  pair.lastIndex = 0;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) return undefined;
    const [, name = "", quoted, bare = ""] = match;
    fields[name] = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, "$1");
    count += 1;
  }
  return count > 1 ? fields : undefined;
}

/** The value of `a.b` in a record; a name with dots in it counts too. */
export function fieldOf(fields: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  let value: unknown = fields;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
