import type { ServerResponse } from "node:http";

/*
 * Values of environment variables leave God only through its unix socket: they hold passwords and keys. On TCP every
 * answer of every route passes here, and is redacted by structure: anything under `env`, or under one of
 * PM2's `env_NAME`, keeps its names and loses its values. It does not know a secret that an app prints or puts into its arguments.
 */

/** What stands for a value that is not told. */
export const hiddenValue = "[hidden]";

/** All other JSON answers omit the values of the environment. */
export function hideEnvironment(response: ServerResponse): void {
  hiding.add(response);
}

const hiding = new WeakSet<ServerResponse>();

/** A value as JSON, as it may be told in this answer. */
export function jsonFor(response: ServerResponse, value: unknown): string {
  return hiding.has(response) ? jsonWithoutEnvironment(value) : JSON.stringify(value);
}

/** A value as JSON, without values of the environment. */
export function jsonWithoutEnvironment(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    key === "env" || key.startsWith("env_")
      ? withoutValues(inner)
      : key === "notify"
        ? withoutTargets(inner)
        : inner,
  );
}

/** The address of a webhook is the permission to write to it. */
function withoutTargets(rules: unknown): unknown {
  if (!Array.isArray(rules)) return rules;
  return rules.map((rule: unknown) =>
    typeof rule === "object" && rule !== null ? { ...rule, target: hiddenValue } : rule,
  );
}

function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(() => hiddenValue);
  if (typeof value !== "object" || value === null) return value === null ? null : hiddenValue;
  return Object.fromEntries(Object.keys(value).map((name) => [name, hiddenValue]));
}
