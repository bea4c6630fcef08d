import type { Listed } from "./stage.ts";

/** Some fields of a process's `pm2_env`; those that are not there are `null`. */
export function fieldsOf(listed: Listed, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, listed.pm2_env[name] ?? null]));
}

/** The statuses of all processes, by name and id. */
export function statuses(list: readonly Listed[]): string[] {
  return list.map(({ name, pm_id: id, pm2_env: env }) => `${name} ${id} ${env.status}`);
}
