import { flatNames } from "../../compat/flat-environment.ts";

/** Variables of the life of the process that calls, which is not the one to be started. */
const ofAnotherLife: readonly string[] = [
  "XM_LIFE",
  "XM_BOOTS",
  "XM_PRELOAD",
  "XM_SHARES",
  "XM_BALANCER",
  "NODE_APP_INSTANCE",
  "NODE_CHANNEL_FD",
  "NODE_CHANNEL_SERIALIZATION_MODE",
  "NODE_UNIQUE_ID",
  "pm_id",
];

type Variables = Readonly<Record<string, unknown>>;

/**
 * The environment of an app: the caller's, then the app's `env`, then the chosen `env_NAME`. Values become texts;
 * objects become JSON, `null` takes the variable away.
 * @param filter PM2's `filter_env`: parts of names of the caller's variables to leave out; `true` leaves out all.
 */
export function mergeEnvironment(options: {
  readonly caller: Readonly<Record<string, string | undefined>>;
  readonly filter?: unknown;
  readonly layers: readonly (Variables | undefined)[];
}): Record<string, string> {
  const { caller, filter, layers } = options;
  const merged: Record<string, string> = {};
  for (const [name, value] of Object.entries(callerVariables(caller))) {
    if (!isFiltered(name, filter)) merged[name] = value;
  }
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value === null) delete merged[name];
      else if (value !== undefined) merged[name] = asText(value);
    }
  }
  return merged;
}

/**
 * The caller's environment without what belongs to another process's life: within a managed app that is its whole
 * configuration, which in a shell is nothing but variables of these names.
 */
export function callerVariables(
  caller: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const isManaged = caller["XM_LIFE"] !== undefined || caller["pm_id"] !== undefined;
  const left = new Set(isManaged ? [...ofAnotherLife, ...flatNames] : ofAnotherLife);
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value !== undefined && !left.has(name)) variables[name] = value;
  }
  return variables;
}

/** The caller's environment after a configuration has been evaluated, which may change it (`dotenv`). */
export function callerAfter(
  caller: Readonly<Record<string, string | undefined>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string | undefined> {
  const after = { ...caller };
  for (const [name, value] of Object.entries(changes)) after[name] = value ?? undefined;
  return after;
}

function isFiltered(name: string, filter: unknown): boolean {
  if (filter === true) return true;
  const parts = typeof filter === "string" ? [filter] : Array.isArray(filter) ? filter : [];
  return parts.some((part) => typeof part === "string" && part !== "" && name.includes(part));
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
