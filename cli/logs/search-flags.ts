import type { ArgsDef } from "citty";
import { parseAge } from "../../runtime/contract/fields/units.ts";
import { xmError } from "../../runtime/contract/errors.ts";
import type { LogFilter } from "../../runtime/contract/log-lines/filter.ts";
import { levels, readLevel } from "../../runtime/contract/log-lines/parse-line.ts";

/** What is looked for in logs, rotated and compressed ones too. */
export const searchArgs = {
  since: {
    type: "string",
    description: "Since this time: `2h`, `3d`, `10:30`, `2026-11-29`, `2026-11-29T10:30`",
    valueHint: "TIME",
  },
  until: { type: "string", description: "Until this time; does not follow", valueHint: "TIME" },
  grep: {
    type: "string",
    description: "Lines that match (case counts unless /RE/i)",
    valueHint: "RE",
  },
  level: {
    type: "string",
    description: "This level and above: trace, debug, info, warn, error, fatal",
    valueHint: "LEVEL",
  },
  field: {
    type: "string",
    description: "Records with this value, such as `req.method=GET`; several at once",
    valueHint: "PATH=VALUE",
  },
  export: { type: "string", description: "Write the lines found to a file", valueHint: "FILE" },
} as const satisfies ArgsDef;

type Given = Readonly<Partial<Record<keyof typeof searchArgs, string | undefined>>>;

/** @returns `undefined` when nothing is looked for. @throws `ERR_USAGE` */
export function filterFrom(args: Given, now: number): LogFilter | undefined {
  const isWanted = Object.keys(searchArgs).some((name) => args[name as keyof Given] !== undefined);
  if (!isWanted) return undefined;
  return {
    since: args.since === undefined ? null : readTime("since", args.since, now),
    until: args.until === undefined ? null : readTime("until", args.until, now),
    grep: args.grep === undefined ? null : readPattern(args.grep),
    level: args.level === undefined ? null : levelOf(args.level),
    fields: args.field === undefined ? [] : args.field.split("\n").map(readField),
  };
}

function readTime(flag: string, text: string, now: number): number {
  const ago = /[a-z]$/.test(text) ? parseAge(text) : undefined;
  if (ago !== undefined) return now - ago;
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text);
  if (clock !== null) {
    const [, hour, minute, second = "0"] = clock;
    const at = new Date(now).setHours(Number(hour), Number(minute), Number(second), 0);
    return at > now ? new Date(at).setDate(new Date(at).getDate() - 1) : at;
  }
  // A day alone begins at midnight here, not at Greenwich.
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(at)) {
    throw usage(
      `--${flag}: expected a time, got "${text}"`,
      "for example `2h`, `10:30` or `2026-11-29T10:30`",
    );
  }
  return at;
}

function readPattern(text: string): { source: string; flags: string } {
  const [, inner, flags = ""] = /^\/(.*)\/([imsu]*)$/s.exec(text) ?? [];
  const source = inner ?? text;
  try {
    const pattern = new RegExp(source, flags);
    return { source: pattern.source, flags: pattern.flags };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usage(
      `--grep: ${error.message}`,
      "a regular expression, or a text without special characters",
    );
  }
}

function levelOf(text: string): number {
  const level = readLevel(text);
  if (level === null)
    throw usage(`--level: there is no level "${text}"`, Object.keys(levels).join(", "));
  return level;
}

function readField(text: string): [string, string] {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw usage(
      `--field: expected PATH=VALUE, got "${text}"`,
      "for example `--field req.method=GET`",
    );
  return [path, value];
}

function usage(what: string, fix: string): Error {
  return xmError("ERR_USAGE", { what, fix });
}
