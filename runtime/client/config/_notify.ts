import {
  notifyEvents,
  type NotifyEvent,
  type NotifySpec,
  type NotifyTarget,
} from "../../../machines/notify-spec.ts";
import { parseDuration } from "../../contract/fields/units.ts";

/** No app has more. */
const mostRules = 50;

/** Between two messages of a digest that names no interval; ms. */
const usualDigestMs = 60_000;

/** A rule, or a list of them. */
export function readNotify(value: unknown): NotifySpec[] | undefined {
  const rules = [value].flat().map(readRule);
  return rules.length <= mostRules && rules.every((each) => each !== undefined) ? rules : undefined;
}

function readRule(value: unknown): NotifySpec | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { on, after = 1, min_interval, digest = false, ...rest } = value as Record<string, unknown>;
  const events = typeof on === "string" ? on.split(/[\s,]+/) : on;
  const minIntervalMs =
    min_interval === undefined
      ? digest === true
        ? usualDigestMs
        : 0
      : parseDuration(min_interval);
  const target = readTarget(rest);
  const isSound =
    Array.isArray(events) &&
    events.length > 0 &&
    events.every(isEvent) &&
    typeof after === "number" &&
    Number.isInteger(after) &&
    after >= 1 &&
    after <= 1_000_000 &&
    typeof digest === "boolean" &&
    minIntervalMs !== undefined &&
    target !== undefined;
  return isSound ? { on: [...new Set(events)], target, after, minIntervalMs, digest } : undefined;
}

const isEvent = (value: unknown): value is NotifyEvent =>
  (notifyEvents as readonly unknown[]).includes(value);

/** Exactly one. */
function readTarget(rest: Readonly<Record<string, unknown>>): NotifyTarget | undefined {
  const [kind, ...others] = Object.keys(rest);
  if (kind === undefined || others.length > 0) return undefined;
  const value = rest[kind];
  switch (kind) {
    case "webhook":
    case "slack":
    case "ntfy": {
      const {
        url,
        headers = {},
        ...more
      } = typeof value === "string" ? { url: value } : asFields(value);
      const isSound = isUrl(url) && isHeaders(headers) && Object.keys(more).length === 0;
      return isSound ? { kind, url, headers } : undefined;
    }
    case "exec":
      return isWord(value) ? { kind, command: value } : undefined;
    case "email":
      // It becomes an argument of sendmail.
      return isWord(value) && /^[^\s@,-][^\s@,]*@[^\s@,]+$/.test(value)
        ? { kind, to: value }
        : undefined;
    default:
      return undefined;
  }
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const isWord = (value: unknown): value is string =>
  typeof value === "string" &&
  value.trim() !== "" &&
  value.length <= 4_096 &&
  !/[\0\r\n]/.test(value);

/** A variable may stand for the whole of it. */
const isUrl = (value: unknown): value is string =>
  isWord(value) && (value.startsWith("$") || (/^https?:\/\//.test(value) && URL.canParse(value)));

function isHeaders(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).every(([name, each]) => /^[\w-]+$/.test(name) && isWord(each))
  );
}
