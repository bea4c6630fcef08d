import type { Check, ProbeSpec } from "../../../machines/probes.ts";
import { parseDuration } from "../../contract/fields/units.ts";

/** What a declared probe is before its app's defaults are known. */
export type ReadProbe = Omit<ProbeSpec, "periodMs" | "failureThreshold"> &
  Partial<Pick<ProbeSpec, "periodMs" | "failureThreshold">>;

const checks: Readonly<Record<string, (value: unknown) => Check | undefined>> = {
  http_get: readHttp,
  tcp_socket: (value) => {
    const { port, host = "127.0.0.1", ...rest } = objectOf(value) ?? { port: value };
    const to = readPort(port);
    if (to === undefined || !isText(host) || !isEmpty(rest)) return undefined;
    return { kind: "tcp", host, port: to };
  },
  unix_socket: (value) => {
    const { path, ...rest } = objectOf(value) ?? { path: value };
    return isText(path) && isEmpty(rest) ? { kind: "unix", path } : undefined;
  },
  exec: (value) => {
    const { command, ...rest } = objectOf(value) ?? { command: value };
    return isText(command) && isEmpty(rest) ? { kind: "exec", command } : undefined;
  },
  log: (value) => {
    const { match, stream = "both", ...rest } = objectOf(value) ?? { match: value };
    const isStream = stream === "out" || stream === "err" || stream === "both";
    if (!isText(match) || match.length > 500 || !isStream || !isEmpty(rest)) return undefined;
    return { kind: "log", text: match, stream };
  },
  message: (value) => (value === true || value === "ready" ? { kind: "message" } : undefined),
  event_loop: readLoop,
  heartbeat: (value) => (value === true ? { kind: "heartbeat" } : undefined),
};

/** One check, and how often it is asked; `undefined` for what is none. */
export function readProbeField(value: unknown): ReadProbe | undefined {
  const given = objectOf(value);
  if (given === undefined) return undefined;
  const { initial_delay, period, timeout, success_threshold, failure_threshold, ...more } = given;
  const { grace_period, ...rest } = more;
  const graceMs = grace_period === undefined ? undefined : timeOf(grace_period, 0, 0);
  const [name, ...others] = Object.keys(rest);
  const check = name === undefined ? undefined : checks[name]?.(rest[name]);
  const initialDelayMs = timeOf(initial_delay, 0, 0);
  const periodMs = period === undefined ? undefined : timeOf(period, 0, 100);
  const timeoutMs = timeOf(timeout, 1_000, 10);
  const successThreshold = countOf(success_threshold, 1);
  const failureThreshold =
    failure_threshold === undefined ? undefined : countOf(failure_threshold, 3);
  const isSound =
    check !== undefined &&
    others.length === 0 &&
    ![initialDelayMs, periodMs, timeoutMs, successThreshold, failureThreshold, graceMs].includes(
      null,
    );
  if (!isSound) return undefined;
  return {
    check,
    initialDelayMs: initialDelayMs ?? 0,
    timeoutMs: timeoutMs ?? 1_000,
    successThreshold: successThreshold ?? 1,
    ...(periodMs == null ? {} : { periodMs }),
    ...(failureThreshold == null ? {} : { failureThreshold }),
    ...(graceMs == null ? {} : { graceMs }),
  };
}

function readHttp(value: unknown): Check | undefined {
  if (isText(value) && /^https?:\/\//.test(value) && URL.canParse(value)) {
    const { protocol, hostname, port, pathname, search } = new URL(value);
    const isTls = protocol === "https:";
    return {
      kind: "http",
      isTls,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (isTls ? 443 : 80) : Number(port),
      path: `${pathname}${search}`,
      headers: {},
      least: 200,
      most: 399,
    };
  }
  const given = objectOf(value);
  if (given === undefined) return undefined;
  const {
    path = "/",
    port,
    host = "127.0.0.1",
    scheme = "http",
    headers = {},
    status,
    ...rest
  } = given;
  const to = readPort(port);
  const range =
    status === undefined ? [200, 399] : Array.isArray(status) ? status : [status, status];
  const [least, most] = range as [unknown, unknown];
  const isRange = range.length === 2 && Number.isInteger(least) && Number.isInteger(most);
  const isSound =
    isText(path) &&
    /^\/[\x21-\x7e]*$/.test(path) &&
    isText(host) &&
    isRange &&
    isEmpty(rest) &&
    (scheme === "http" || scheme === "https") &&
    isHeaders(headers);
  if (to === undefined || !isSound) return undefined;
  const numbers = { least: least as number, most: most as number };
  return { kind: "http", isTls: scheme === "https", host, port: to, path, headers, ...numbers };
}

/** `true` is a delay of at most half a second. */
function readLoop(value: unknown): Check | undefined {
  const given = objectOf(value === true ? { max_delay: 500 } : value);
  if (given === undefined) return undefined;
  const { max_delay, max_utilization, ...rest } = given;
  const maxDelayMs = max_delay === undefined ? null : (timeOf(max_delay, 0, 10) ?? undefined);
  const isShare =
    typeof max_utilization === "number" && max_utilization > 0 && max_utilization <= 1;
  const isSound =
    maxDelayMs !== undefined &&
    (max_utilization === undefined || isShare) &&
    (maxDelayMs !== null || isShare) &&
    isEmpty(rest);
  if (!isSound) return undefined;
  return { kind: "loop", maxDelayMs, maxUtilization: isShare ? max_utilization : null };
}

/** A number, or the name of a variable that holds one: `"$PORT"`. */
function readPort(value: unknown): number | string | undefined {
  if (isText(value) && /^\$[A-Za-z_]\w*$/.test(value)) return value;
  const port = isText(value) ? Number(value) : value;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536
    ? port
    : undefined;
}

function timeOf(value: unknown, otherwise: number, least: number): number | null {
  if (value === undefined) return otherwise;
  const ms = parseDuration(value);
  return ms === undefined || ms < least || ms > longestMs ? null : ms;
}

/** An hour: what is asked less often says nothing. */
const longestMs = 3_600_000;

function countOf(value: unknown, otherwise: number): number | null {
  if (value === undefined) return otherwise;
  const count = typeof value === "string" ? Number(value) : value;
  const isCount = typeof count === "number" && Number.isInteger(count);
  return isCount && count >= 1 && count <= 10_000 ? count : null;
}

function isHeaders(value: unknown): value is Record<string, string> {
  const given = objectOf(value);
  return (
    given !== undefined &&
    Object.entries(given).every(
      ([name, content]) =>
        /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isText(content) && !/[\r\n]/.test(content),
    )
  );
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= 4_096 && !value.includes("\0");

const isEmpty = (rest: object): boolean => Object.keys(rest).length === 0;
