import { basename } from "node:path";
import { servedScript, serversIn } from "./serve.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";

/** Variables by the name of their environment. */
export type Deployed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The environment that `deploy` declares for each of its targets. */
export function deployedIn(value: unknown): Deployed {
  return Object.fromEntries(
    Object.entries(deploymentsOf(value)).flatMap(([name, target]) => {
      const { env } = (target ?? {}) as { env?: unknown };
      const isObject = typeof env === "object" && env !== null && !Array.isArray(env);
      return isObject ? [[name, env as Record<string, unknown>] as const] : [];
    }),
  );
}

/** The `deploy` block. */
export function deploymentsOf(value: unknown): Readonly<Record<string, unknown>> {
  const { deploy } = (value ?? {}) as { deploy?: unknown };
  return typeof deploy === "object" && deploy !== null ? (deploy as Record<string, unknown>) : {};
}

/**
 * One app, a list, `{apps}`, `{pm2}` and the `pm2` key of a package.json are all accepted, and the file servers of
 * `static` beside them or alone; `deploy` is another command's.
 */
export function appsOf(value: unknown, file: string): RawApp[] {
  // `condition && { … }` leaves a hole.
  if (Array.isArray(value)) return value.filter(Boolean).flatMap((each) => appsOf(each, file));
  if (typeof value !== "object" || value === null) {
    throw new Error("it contains no object: expected an app, a list of apps, or { apps: [...] }");
  }
  const { apps, pm2, static: servers, ...others } = value as Readonly<Record<string, unknown>>;
  const served = servers === undefined ? [] : serversIn(servers, file);
  if (apps !== undefined) return [...appsOf(apps, file), ...served];
  if (pm2 !== undefined) return [...appsOf(pm2, "pm2"), ...served];
  if (basename(file) === "package.json") throw new Error('it has no "pm2" key');
  const names = Object.keys(others);
  const isNoApp = names.every((name) => sections.includes(name));
  if (isNoApp && served.length > 0) return served;
  if (isNoApp && names.length > 0) {
    throw new Error(`it declares no apps, only ${names.join(" and ")}: expected { apps: [...] }`);
  }
  return [servedScript(others), ...served];
}

/** What a file may hold beside its apps. */
const sections: readonly string[] = ["deploy", "include", "groups"];

/** Beside `apps`; in one app alone `groups` would be a field of it. */
export function groupsIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { apps, pm2, include, groups } = value as Readonly<Record<string, unknown>>;
  if (apps !== undefined || include !== undefined) return groups;
  return pm2 === undefined ? undefined : (groups ?? groupsIn(pm2));
}
