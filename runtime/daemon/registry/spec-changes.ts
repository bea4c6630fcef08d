import { isDeepStrictEqual } from "node:util";
import type { AppSpec } from "../../../machines/spec.ts";

/** Variables of a shell's own bookkeeping: they differ from call to call and are not settings. */
const ofTheShell: readonly string[] = ["_", "OLDPWD", "PWD", "SHLVL"];

/**
 * The names of the settings in which two declarations of an app differ; variables as `env.NAME`, what is inside
 * others as `policy.killTimeoutMs`.
 */
export function changedSettings(before: AppSpec, after: AppSpec): string[] {
  const variables = new Set([...Object.keys(before.env), ...Object.keys(after.env)]);
  return [
    ...Object.keys({ ...before, ...after })
      .filter((key) => key !== "env" && key !== "passthrough")
      .flatMap((key) =>
        differences(before[key as keyof AppSpec], after[key as keyof AppSpec], key),
      ),
    ...Object.keys({ ...before.passthrough, ...after.passthrough })
      .filter((name) => !writtenForms.includes(name))
      .flatMap((name) => differences(before.passthrough[name], after.passthrough[name], name)),
    ...[...variables]
      .filter((name) => before.env[name] !== after.env[name] && !ofTheShell.includes(name))
      .map((name) => `env.${name}`),
  ];
}

/** Compatibility fields of settings that are compared themselves. */
const writtenForms: readonly string[] = [
  "args",
  "cwd",
  "env",
  "exec_interpreter",
  "stop_exit_codes",
  "watch",
  "ignore_watch",
  "watch_delay",
  "time",
  "log_type",
  "disable_logs",
  "source_map_support",
  "disable_source_map_support",
  "port",
  "increment_var",
];

function differences(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [path];
  return Object.keys({ ...before, ...after }).flatMap((key) =>
    differences(before[key], after[key], `${path}.${key}`),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
