import { closest } from "fastest-levenshtein";
import { fieldsByName, type Field } from "../../contract/fields/fields.ts";
import { plain } from "../../contract/plain.ts";
import { rangeFault } from "./_ranges.ts";
import { expectations, readers } from "./_readers.ts";
import { oddKind } from "./odd-values.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

/** The fields of an app, read: canonical names, and values of the kinds the table says. */
export type ReadApp = Readonly<Record<string, unknown>>;

/** What came of reading an app: faults keep it from being used, warnings do not. */
export interface Reading {
  readonly app: ReadApp;
  /** The same fields as their user wrote them: what scripts read back. */
  readonly written: RawApp;
  readonly faults: string[];
  readonly warnings: string[];
}

/**
 * Reads the fields of one app and reports every fault with its path and what was expected. Unknown fields, and anything that
 * is not a value at all, is a warning, since files are shared with other tools and other versions.
 * @param path where the app stands, for example `apps[2]`.
 * @param environment `--env NAME`: a setting in `env_NAME`, such as `max_memory_restart`, is one of the app (PM2).
 */
export function readFields(raw: RawApp, path: string, environment?: string): Reading {
  const app: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const written: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const faults: string[] = [];
  const warnings: string[] = [];
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { app, written, faults: [`${path}: expected an app, got ${show(raw)}`], warnings };
  }
  for (const [name, value] of canonicalLast(raw)) {
    // They have done what they are for when the file was read.
    if (isAbsent(name, value) || name === "extends") continue;
    const found = fieldNamed(name, value);
    const odd = oddKind(value);
    if (odd !== undefined) {
      warnings.push(`${path}.${name}: a ${odd} is not a setting; it is ignored`);
      continue;
    }
    const refusal = refused.get(name);
    if (refusal !== undefined) {
      faults.push(`${path}.${name}: ${refusal}`);
      continue;
    }
    if (found === undefined) {
      const near = closest(name, [...fieldsByName.keys()]);
      warnings.push(`${path}.${name}: no such field; did you mean "${near}"? It is ignored`);
      continue;
    }
    const tell = (what: string): void => void warnings.push(`${path}.${name}${what}`);
    const held = withoutHoles(found.kind === "env" ? withoutNoNames(value, tell) : value, tell);
    const read = readers[found.kind](held);
    if (read === undefined && held === false) continue;
    const expected = read === undefined ? expectations[found.kind] : rangeFault(found, read);
    const isOther = name.startsWith("env_") && found.kind === "env";
    if (expected !== undefined && isOther && (typeof held !== "object" || Array.isArray(held))) {
      warnings.push(`${path}.${name}: expected an object of variables; it is ignored`);
      continue;
    }
    if (expected !== undefined && isNoAmount(held) && startsAnyway.includes(found.name)) {
      warnings.push(`${path}.${name}: expected ${expected}, got ${held}; it is ignored`);
      continue;
    }
    if (expected !== undefined) {
      faults.push(
        ...(oddVariables(`${path}.${name}`, held) ?? [
          `${path}.${name}: expected ${expected}, got ${show(value)}`,
        ]),
      );
      continue;
    }
    const canonical = isOther ? name : found.name;
    app[canonical] = read;
    written[canonical] = held;
    if (canonical === "log_type" && !logTypes.includes(read as string)) {
      warnings.push(
        `${path}.${name}: "json" creates records, "pairs" and "labelled" add a prefix; ${show(value)} leaves lines unchanged`,
      );
    }
  }
  if (environment !== undefined) readSettingsOf({ app, written, warnings }, { path, environment });
  return { app, written, faults, warnings };
}

/** `-1` and its like. */
const isNoAmount = (value: unknown): value is number =>
  typeof value === "number" && (value < 0 || !Number.isInteger(value));

/** With a number that is not an amount in one of these PM2 starts the app. */
const startsAnyway: readonly string[] = [
  "max_memory_restart",
  "max_restarts",
  "restart_delay",
  "kill_timeout",
  "listen_timeout",
  "min_uptime",
  "exp_backoff_restart_delay",
  "watch_delay",
];

/** What could be meant, and cannot be: an app that needs it would run, and fail some of its users. */
const noCookies =
  'connections cannot be kept together by a cookie, since one of a proxy carries the requests of many clients; use scheduling: "sticky" (by client address), or let the proxy in front do it (see docs/explanation/cluster.md)';
const refused: ReadonlyMap<string, string> = new Map(
  ["sticky_cookie", "stickyCookie"].map((name) => [name, noCookies]),
);

/** The field that a name means: its own, an alias, `env_NAME`, or camelCase of one. */
export function fieldNamed(name: string, value?: unknown): Field | undefined {
  const isFile = name === "env_file" && !isEnvironment(value);
  if (name.startsWith("env_") && !isFile) return fieldsByName.get("env");
  const found = fieldsByName.get(name);
  if (found !== undefined || !/^[a-z]+(?:[A-Z][a-z]*)+$/.test(name)) return found;
  return fieldsByName.get(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** PM2: `env_file: { A: "1" }` are the variables of `--env file`. */
function isEnvironment(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && typeof (value as { path?: unknown }).path !== "string";
}

/** Of PM2's two names of the interpreter this one wins; `interpreter` is the one that people write. */
const pm2Canonical = "exec_interpreter";

/** Of two names of one field the canonical one wins, wherever it stands (PM2). */
function canonicalLast(raw: RawApp): [string, unknown][] {
  const rank = ([name]: [string, unknown]): number =>
    name === pm2Canonical || (fieldsByName.get(name)?.name === name && name !== "interpreter")
      ? 1
      : 0;
  return Object.entries(raw).sort((a, b) => rank(a) - rank(b));
}

/** `null` and an empty text, and `false` where it says nothing, are as if the field were not there; `log_file: ""` is PM2's for its usual place. */
function isAbsent(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return value === "" && fieldNamed(name)?.name !== "log_file";
}

/** A list without what a condition has left out of it. A list in it is one text, as Node makes it of one (PM2). */
function withoutHoles(value: unknown, tell: (what: string) => void): unknown {
  if (!Array.isArray(value)) return value;
  return value.flatMap((each: unknown, index) => {
    const isHole = each === undefined || each === null || oddKind(each) !== undefined;
    if (isHole) tell(`[${index}]: ${oddKind(each) ?? "nothing"} is not a value; it is dropped`);
    return isHole ? [] : [Array.isArray(each) ? each.join() : each];
  });
}

/** Variables without those whose names no environment can hold (PM2). */
function withoutNoNames(value: unknown, tell: (what: string) => void): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const cannotBe = (name: string): boolean => name === "" || name.includes("=");
  const wrong = Object.keys(value).filter(cannotBe);
  for (const name of wrong) tell(`: "${plain(name)}" is not a valid variable name; it is dropped`);
  return wrong.length === 0
    ? value
    : Object.fromEntries(Object.entries(value).filter(([name]) => !cannotBe(name)));
}

/** Invalid variables: a function in an environment is a forgotten call. */
function oddVariables(path: string, value: unknown): string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const odd = Object.entries(value).flatMap(([name, each]) => {
    const kind = oddKind(each);
    return kind === undefined
      ? []
      : [`${path}.${name}: expected a text or a number, got a ${kind}`];
  });
  return odd.length > 0 ? odd : undefined;
}

/** Names of settings in an `env_NAME`; any other word there is only a variable. */
const ofEnvironments: readonly string[] = ["args", "instances", "name", "namespace", "watch"];

/** PM2: settings of the app in `env_NAME` count when it is chosen. Anything else there is a variable. */
function readSettingsOf(
  { app, written, warnings }: Pick<Reading, "app" | "written" | "warnings">,
  { path, environment }: { path: string; environment: string },
): void {
  const given = app[`env_${environment}`] as Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(given ?? {})) {
    const found = name.startsWith("env_") ? undefined : fieldNamed(name);
    const isSetting =
      found !== undefined && (/_|[A-Z]/.test(name) || ofEnvironments.includes(name));
    if (!isSetting || isAbsent(name, value) || placeFields.includes(found.name)) continue;
    const read = readers[found.kind](value);
    const expected = read === undefined ? expectations[found.kind] : rangeFault(found, read);
    if (expected === undefined) {
      (app as Record<string, unknown>)[found.name] = read;
      (written as Record<string, unknown>)[found.name] = value;
    } else {
      const at = `${path}.env_${environment}.${name}`;
      warnings.push(`${at}: used only as a variable; as a setting it must be ${expected}`);
    }
  }
}

/** What an app is, whichever environment it is started with. */
const placeFields: readonly string[] = ["append_env_to_name", "name_prefix"];

const logTypes: readonly string[] = ["json", "pairs", "labelled", "plain", "raw", ""];

/** A value as its user wrote it, not longer than a line. */
function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => oddKind(each) ?? each) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
