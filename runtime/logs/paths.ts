import { extname } from "node:path";
import type { AppSpec, LogPaths } from "../../machines/spec.ts";

/** The files of one process. */
export interface InstanceLogs extends LogPaths {
  readonly combined: string | null;
}

/** The log files of one process: with its id when the app has several that do not share (PM2's names). */
export function instanceLogPaths(spec: AppSpec, id: number): InstanceLogs {
  const { out, error, combined } = spec.logs;
  if (spec.instances === 1 || spec.mergeLogs) return { out, error, combined };
  return {
    out: out && withId(out, id),
    error: error && withId(error, id),
    combined: combined && withId(combined, id),
  };
}

/** All files of one process. */
export function logFilesOf(spec: AppSpec, id: number): string[] {
  const { out, error, combined } = instanceLogPaths(spec, id);
  return [...new Set([out, error, combined].filter((path) => path !== null))];
}

/** The pid file of one process: always with its id. */
export function instancePidFile(spec: AppSpec, id: number): string {
  return withId(spec.pidFile, id);
}

/** `/logs/api-out.log` → `/logs/api-out-3.log`. */
function withId(path: string, id: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${id}${extension}`;
}
