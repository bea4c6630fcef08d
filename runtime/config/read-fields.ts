import { constants } from "node:os";
import { closest } from "fastest-levenshtein";
import { parseArgsStringToArgv } from "string-argv";
import { fieldsByName, type Field, type FieldKind } from "./fields.ts";
import type { Probe } from "../../machines/spec.ts";
import { parseDuration, parseSize } from "./units.ts";

/** An app as its user wrote it, under PM2's names. */
export type RawApp = Readonly<Record<string, unknown>>;

/** The fields of an app, read: canonical names, and values of the kinds the table says. */
export type ReadApp = Readonly<Record<string, unknown>>;

/**
 * Reads the fields of one app and tells every fault with its path and what was expected.
 * @param path where the app stands, for example `apps[2]`.
 */
export function readFields(raw: RawApp, path: string): { app: ReadApp; faults: string[] } {
  const app: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const faults: string[] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || value === null) continue;
    const found = name.startsWith("env_") ? fieldsByName.get("env") : fieldsByName.get(name);
    if (found === undefined) {
      faults.push(
        `${path}.${name}: no such field; did you mean "${closest(name, [...fieldsByName.keys()])}"?`,
      );
      continue;
    }
    const read = readers[found.kind](value);
    if (read === undefined) {
      faults.push(`${path}.${name}: expected ${expectations[found.kind]}, got ${show(value)}`);
      continue;
    }
    const canonical = name.startsWith("env_") ? name : found.name;
    app[canonical] = read;
    faults.push(...checkRange(found, read).map((fault) => `${path}.${name}: ${fault}`));
  }
  return { app, faults };
}

const expectations: Readonly<Record<FieldKind, string>> = {
  string: "a text",
  boolean: "true or false",
  number: "a number",
  time: 'ms or a time such as "10s", "5m", "1h"',
  size: 'bytes or a size such as "300M"',
  strings: "a text or a list of texts",
  numbers: "a number or a list of numbers",
  env: "an object of variables",
  watch: "true, false, a path or a list of paths",
  instances: 'a number or "max"',
  id: "a name or a number",
  any: "a value",
  restart: '"always", "on-failure", "on-abnormal" or "never"',
  readiness:
    '"spawned", "listening", "message", { http: "http://…" }, { tcp: 3000 } or { command: "…" }',
  scheduling: '"shared", "round-robin" or "reuse-port"',
  logType: '"json" or "plain"',
  positive: "a whole number of at least 1",
  "boolean or string": "true, false or a path",
};

const isText = (value: unknown): value is string => typeof value === "string";

/** `undefined` for what a field cannot be. Texts that spell a value count: YAML and flags give texts. */
const readers: Readonly<Record<FieldKind, (value: unknown) => unknown>> = {
  string: (value) => (isText(value) || typeof value === "number" ? String(value) : undefined),
  boolean: readBoolean,
  number: (value) =>
    value !== "" && Number.isFinite(Number(value)) && typeof value !== "boolean"
      ? Number(value)
      : undefined,
  time: parseDuration,
  size: parseSize,
  strings: (value) => {
    if (isText(value)) return parseArgsStringToArgv(value);
    if (!Array.isArray(value)) return undefined;
    return value.every((each) => isText(each) || typeof each === "number")
      ? value.map(String)
      : undefined;
  },
  numbers: (value) => {
    const list = isText(value) ? value.split(",") : Array.isArray(value) ? value : [value];
    const numbers = list.map(Number);
    return numbers.every(Number.isInteger) ? numbers : undefined;
  },
  env: (value) => (typeof value === "object" && !Array.isArray(value) ? value : undefined),
  watch: (value) => {
    if (isText(value) && value !== "true" && value !== "false") return value.split(",");
    if (Array.isArray(value)) return value.every(isText) ? value : undefined;
    return readBoolean(value);
  },
  instances: (value) =>
    value === "max"
      ? 0
      : Number.isInteger(Number(value)) && value !== ""
        ? Number(value)
        : undefined,
  id: (value) => (isText(value) || typeof value === "number" ? value : undefined),
  any: (value) => value,
  restart: (value) => oneOf(value, ["always", "on-failure", "on-abnormal", "never"]),
  readiness: (value) => oneOf(value, ["spawned", "listening", "message"]) ?? readProbe(value),
  scheduling: (value) => oneOf(value, ["shared", "round-robin", "reuse-port"]),
  logType: (value) => oneOf(value, ["json", "plain", "raw", ""]),
  positive: (value) =>
    Number.isInteger(Number(value)) && Number(value) >= 1 ? Number(value) : undefined,
  "boolean or string": (value) => readBoolean(value) ?? (isText(value) ? value : undefined),
};

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

function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === "true") return true;
  return value === "false" ? false : undefined;
}

function oneOf(value: unknown, words: readonly string[]): unknown {
  return words.includes(value as string) ? value : undefined;
}

function checkRange(field: Field, value: unknown): string[] {
  if (field.name === "kill_signal" && !((value as string) in constants.signals)) {
    return [`expected a signal such as SIGTERM, got ${show(value)}`];
  }
  if (
    field.name === "exp_backoff_restart_jitter" &&
    ((value as number) < 0 || (value as number) > 1)
  ) {
    return [`expected a number from 0 to 1, got ${show(value)}`];
  }
  if (field.name === "exp_backoff_restart_factor" && (value as number) < 1) {
    return [`expected a number of at least 1, got ${show(value)}`];
  }
  if (field.name === "max_restarts" && ((value as number) < 0 || !Number.isInteger(value))) {
    return [`expected a whole number of at least 0, got ${show(value)}`];
  }
  if (field.name === "exec_mode" && !/^(fork|cluster)(_mode)?$/.test(value as string)) {
    return [`expected "fork" or "cluster", got ${show(value)}`];
  }
  return [];
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
