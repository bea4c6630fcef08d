import { hookNames, type HookName, type Hooks, type HookSpec } from "../../../machines/hooks.ts";
import { longestMs } from "../../contract/ranges.ts";
import { parseDuration } from "../../contract/fields/units.ts";

type ReadApp = Readonly<Record<string, unknown>>;

/** How long a hook may take by default: what prepares a start may migrate a database. ms. */
const usualMs: Readonly<Record<HookName, number>> = {
  pre_start: 60_000,
  post_start: 60_000,
  pre_stop: 10_000,
  post_stop: 10_000,
};

/** A failure before a life prevents it; nothing can prevent an end. */
const mayFailByItself: Readonly<Record<HookName, boolean>> = {
  pre_start: false,
  post_start: false,
  pre_stop: true,
  post_stop: true,
};

/** The form of it; what it says is checked by `hookFaults`. */
export function readHooks(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

/** The hooks of an app whose fields have no fault. */
export function hooksOf(app: ReadApp): { hooks?: Hooks } {
  const given = (app["hooks"] ?? {}) as Readonly<Record<string, unknown>>;
  const hooks = hookNames.flatMap((name) => {
    const hook = hookOf(name, given[name]);
    return hook === undefined ? [] : [[name, hook] as const];
  });
  return hooks.length === 0 ? {} : { hooks: Object.fromEntries(hooks) };
}

function hookOf(name: HookName, value: unknown): HookSpec | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const { command, timeout, on_failure } = fieldsOf(value);
  return {
    command: Array.isArray(command) ? command.map(String) : String(command),
    timeoutMs: parseDuration(timeout ?? usualMs[name]) ?? usualMs[name],
    mayFail: on_failure === undefined ? mayFailByItself[name] : on_failure === "ignore",
  };
}

/** A command alone is one with the usual timeout. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  const isFields = typeof value === "object" && value !== null && !Array.isArray(value);
  return isFields ? (value as Record<string, unknown>) : { command: value };
}

/** What is wrong with the hooks of an app. */
export function hookFaults(app: ReadApp, path: string): string[] {
  const found: string[] = [];
  const given = (app["hooks"] ?? {}) as Readonly<Record<string, unknown>>;
  const show = (value: unknown): string => JSON.stringify(value) ?? typeof value;
  for (const [name, value] of Object.entries(given)) {
    const at = `${path}.hooks.${name}`;
    if (!(hookNames as readonly string[]).includes(name)) {
      found.push(`${at}: no such hook; expected ${hookNames.join(", ")}`);
      continue;
    }
    if (value === undefined || value === null || value === "") continue;
    const { command, timeout, on_failure: onFailure, ...rest } = fieldsOf(value);
    for (const other of Object.keys(rest))
      found.push(`${at}.${other}: no such field; expected command, timeout, on_failure`);
    if (!isCommand(command))
      found.push(
        `${at}: expected a command such as "npm run migrate" or ["npm", "run", "migrate"], got ${show(command)}`,
      );
    const ms = timeout === undefined ? 1_000 : parseDuration(timeout);
    if (ms === undefined || ms < 10 || ms > longestMs)
      found.push(`${at}.timeout: expected a time from 10 ms to 24 days, got ${show(timeout)}`);
    if (onFailure !== undefined && onFailure !== "fail" && onFailure !== "ignore")
      found.push(`${at}.on_failure: expected "fail" or "ignore", got ${show(onFailure)}`);
  }
  return found;
}

/** A text that a shell reads, or the words of a program. */
function isCommand(value: unknown): boolean {
  const isWord = (each: unknown): boolean =>
    (typeof each === "string" && !each.includes("\0")) || typeof each === "number";
  if (Array.isArray(value))
    return value.length > 0 && value.length <= 1_000 && value[0] !== "" && value.every(isWord);
  return typeof value === "string" && value.trim() !== "" && value.length <= 4_096 && isWord(value);
}
