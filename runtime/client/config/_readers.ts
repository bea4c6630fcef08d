import { notifyEvents } from "../../../machines/notify-spec.ts";
import type { Probe } from "../../../machines/probes.ts";
import type { FieldKind } from "../../contract/fields/field.ts";
import { readHooks } from "./_hooks.ts";
import { readNotify } from "./_notify.ts";
import { readPatterns, readWatchOptions } from "./_watch-options.ts";
import { readEnvFiles } from "./_env-entries.ts";
import { readDependencies } from "./_dependencies.ts";
import { readProbeField } from "./_probes.ts";
import { readSchedule } from "./_schedule.ts";
import { limitNames } from "../../contract/fields/confinement.ts";
import {
  readCapabilities,
  readCpus,
  readIonice,
  readLimits,
  readNodePermissions,
} from "./_confinement.ts";
import { oddKind } from "./odd-values.ts";
import { splitWords } from "./split-words.ts";
import { isTimeFormat } from "../../host/rotation/names.ts";
import { parseAge, parseDuration, parseSize } from "../../contract/fields/units.ts";

/** What each kind of field takes, in words. */
export const expectations: Readonly<Record<FieldKind, string>> = {
  string: "a text",
  boolean: "true or false",
  number: "a number",
  time: 'ms or a time such as "10s", "5m", "1h"',
  size: 'bytes or a size such as "300M"',
  strings: "a text or a list of texts",
  numbers: "a number or a list of numbers",
  notify: `a list of { on: ["errored"], webhook | slack | ntfy: "https://…" or exec: "command" or email: "address" } with after, min_interval, digest; events are ${notifyEvents.join(", ")}`,
  hooks:
    'an object of pre_start, post_start, pre_stop, post_stop, each a command or { command: "…", timeout: "30s", on_failure: "fail" }',
  "env files": 'a path, { path: ".env", required: false }, or a list of them',
  env: 'an object of variables, or a text such as "A=1 B=2"',
  watch: "true, false, a path or a list of paths",
  patterns: "a name, glob, path or RegExp, or a list of them",
  "watch options": "an object such as { usePolling: true }",
  instances: 'a number or "max"',
  id: "a name or a number",
  any: "a value",
  schedule:
    'a cron pattern such as "0 3 * * *", or { cron: "…" } or { every: "15m" } with timezone, concurrency_policy, starting_deadline, catch_up, jitter',
  "app type": '"oneshot" for a job, or "simple"',
  restart: '"always", "on-failure", "on-abnormal" or "never"',
  readiness:
    '"spawned", "listening", "message", { http: "http://…" }, { tcp: 3000 } or { command: "…" }',
  "memory scope": '"main" or "tree"',
  scheduling: '"shared", "round-robin", "sticky" or "reuse-port"',
  positive: "a whole number of at least 1",
  cron: 'a cron pattern such as "0 3 * * *", or 0 for none',
  filter: "true, false, a part of a name or a list of them",
  retain: 'a whole number, or "all"',
  age: 'ms or a time such as "12h", "14d", "2w"',
  "file time":
    'a time in dayjs\'s tokens that can stand in a file name, such as "YYYY-MM-DD_HH-mm-ss"',
  "boolean or string": "true, false or a path",
  probe:
    '{ http_get: { path: "/", port: 3000 } }, or tcp_socket, unix_socket, exec, log, message, heartbeat, event_loop, with initial_delay, period (at least 100 ms), timeout, success_threshold, failure_threshold, grace_period',
  limits: `an object of ${limitNames.join(", ")}, each a number, a size such as "1G" where it is bytes, "unlimited", or { soft, hard }`,
  cpus: 'a number of processors such as 1.5, or a percentage of one such as "150%"',
  ionice: 'a level from 0 to 7, "idle", "best-effort:3" or "realtime:3"',
  capabilities:
    'names of capabilities(7) such as "net_bind_service", or a list of them; [] for none',
  "node permissions":
    "an object of fs_read, fs_write (lists of paths, or true), child_process, worker, addons and wasi (true or false)",
  groups: "a name or number of a group, or a list of them; [] for none",
  dependencies:
    'names of apps, or { NAME: { condition: "service_healthy", required: true } } with service_started, service_healthy, service_completed or service_completed_successfully',
};

/** A text that a program can be given: the kernel ends one at a zero byte. */
const isText = (value: unknown): value is string =>
  typeof value === "string" && !value.includes("\0");

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

/** `undefined` for what a field cannot be. Texts that spell a value count: YAML and flags give texts. */
export const readers: Readonly<Record<FieldKind, (value: unknown) => unknown>> = {
  string: (value) => (isText(value) || isNumber(value) ? String(value) : undefined),
  boolean: readBoolean,
  number: readNumber,
  time: parseDuration,
  size: parseSize,
  strings: (value) => {
    if (isText(value)) return splitWords(value);
    if (isNumber(value)) return [String(value)];
    if (!Array.isArray(value)) return undefined;
    return value.every((each) => isText(each) || isNumber(each) || typeof each === "boolean")
      ? value.map(String)
      : undefined;
  },
  numbers: (value) => {
    const list = isText(value) ? value.split(",") : Array.isArray(value) ? value : [value];
    const numbers = list.filter((each) => each !== "").map(readNumber);
    return numbers.every(Number.isInteger) ? numbers : undefined;
  },
  env: readVariables,
  watch: (value) => {
    if (isText(value) && value !== "true" && value !== "false") return value.split(",");
    if (Array.isArray(value)) return value.every(isText) ? value : undefined;
    return readBoolean(value);
  },
  patterns: (value) => (isText(value) ? splitWords(value) : readPatterns(value)),
  "watch options": readWatchOptions,
  instances: (value) => {
    // PM2: what begins with no number is one per processor, as `max` is.
    if (isText(value)) return Number.parseInt(value, 10) || 0;
    const count = readNumber(value);
    return count === undefined ? undefined : Math.trunc(count);
  },
  id: (value) => (isText(value) || isNumber(value) ? value : undefined),
  any: (value) => value,
  schedule: readSchedule,
  "app type": (value) => oneOf(value, ["simple", "oneshot"]),
  restart: (value) => oneOf(value, ["always", "on-failure", "on-abnormal", "never"]),
  readiness: (value) => oneOf(value, ["spawned", "listening", "message"]) ?? readProbe(value),
  "memory scope": (value) => oneOf(value, ["main", "tree"]),
  scheduling: (value) => oneOf(value, ["shared", "round-robin", "reuse-port", "sticky"]),
  positive: (value) => {
    const count = readNumber(value) ?? 0;
    return Number.isInteger(count) && count >= 1 ? count : undefined;
  },
  cron: (value) => {
    if (value === 0 || value === "0" || value === false) return false;
    return isText(value) && value.trim() !== "" ? value : undefined;
  },
  filter: (value) => {
    const flag = readBoolean(value);
    if (flag !== undefined) return flag;
    if (isText(value)) return value.split(",");
    return Array.isArray(value) && value.every(isText) ? value : undefined;
  },
  retain: (value) => {
    if (value === "all") return value;
    const count = readNumber(value);
    return count !== undefined && Number.isInteger(count) && count >= 0 ? count : undefined;
  },
  age: parseAge,
  "file time": (value) => (isText(value) && isTimeFormat(value) ? value : undefined),
  "boolean or string": (value) => readBoolean(value) ?? (isText(value) ? value : undefined),
  dependencies: readDependencies,
  limits: readLimits,
  cpus: readCpus,
  ionice: readIonice,
  capabilities: readCapabilities,
  "node permissions": readNodePermissions,
  "env files": readEnvFiles,
  notify: readNotify,
  hooks: readHooks,
  groups: (value) =>
    isText(value) || isNumber(value) ? splitWords(String(value)) : listOfNames(value),
  probe: readProbeField,
};

function listOfNames(value: unknown): string[] | undefined {
  const isList = Array.isArray(value) && value.every((each) => isText(each) || isNumber(each));
  return isList ? value.map(String) : undefined;
}

/** `{ http }`, `{ tcp }` or `{ command }`, one of them. */
function readProbe(value: unknown): Probe | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 1)
    return undefined;
  const { http, tcp, command } = value as Record<string, unknown>;
  if (isText(command)) return { kind: "command", command };
  if (isText(http))
    return /^https?:\/\//.test(http) && URL.canParse(http)
      ? { kind: "http", url: http }
      : undefined;
  const [, host = "127.0.0.1", port] = /^(?:(.+):)?(\d+)$/.exec(String(tcp)) ?? [];
  const isPort = port !== undefined && Number(port) > 0 && Number(port) < 65_536;
  return isPort
    ? { kind: "tcp", host: host.replace(/^\[|\]$/g, ""), port: Number(port) }
    : undefined;
}

/** A number, or a text that spells one. */
function readNumber(value: unknown): number | undefined {
  if (isNumber(value)) return value;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A text with a zero byte cannot be in an environment. */
function readVariables(value: unknown): Record<string, unknown> | undefined {
  if (isText(value)) {
    const pairs = splitWords(value).map((word) => /^([^=]+)=(.*)$/s.exec(word));
    return pairs.every((pair) => pair !== null)
      ? Object.fromEntries(pairs.map(([, name, content]) => [name, content]))
      : undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const isSound = Object.entries(value).every(
    ([name, content]) =>
      name !== "" &&
      !/[=\0]/.test(name) &&
      oddKind(content) === undefined &&
      (typeof content !== "string" || !content.includes("\0")),
  );
  return isSound ? (value as Record<string, unknown>) : undefined;
}

function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === 1) return true;
  return value === "false" || value === 0 ? false : undefined;
}

function oneOf(value: unknown, words: readonly string[]): unknown {
  return words.includes(value as string) ? value : undefined;
}
