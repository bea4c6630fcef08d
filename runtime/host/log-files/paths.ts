import { extname } from "node:path";
import { ownerOf } from "../users.ts";
import type { OwnedFile } from "./flush.ts";
import type { AppSpec, LogFile, LogPaths } from "../../../machines/spec.ts";

/** The files of one process. */
export interface InstanceLogs extends LogPaths {
  readonly combined: string | null;
}

/** The log files of one process: with its id where each process has its own (PM2's names). */
export function instanceLogPaths({ logs }: AppSpec, id: number): InstanceLogs {
  const of = (file: LogFile): string | null => {
    const path = logs[file];
    return path !== null && logs.numbered.includes(file) ? withId(path, id) : path;
  };
  return { out: of("out"), error: of("error"), combined: of("combined") };
}

/** All files of one process. */
export function logFilesOf(spec: AppSpec, id: number): string[] {
  const { out, error, combined } = instanceLogPaths(spec, id);
  return [...new Set([out, error, combined].filter((path) => path !== null))];
}

/** All files of one process, with the user whose they are. */
export function ownedFiles(spec: AppSpec, id: number): OwnedFile[] {
  const owner = ownerOf(spec);
  return logFilesOf(spec, id).map((path) => ({ path, owner }));
}

/**
 * The pid file of one process: with its id before `.pid`, in the place of a number that is there (`worker-1.pid`, process 0:
 * `worker-0.pid`); a file of any other ending is that file (PM2).
 */
export function instancePidFile({ pidFile }: AppSpec, id: number): string {
  return pidFile.replace(/(?:-\d+)?\.pid$/, `-${id}.pid`);
}

/** `/logs/api-out.log` → `/logs/api-out-3.log`. */
function withId(path: string, id: number): string {
  const extension = /\.(log|pid)$/.exec(path)?.[0] ?? extname(path);
  return `${path.slice(0, path.length - extension.length)}-${id}${extension}`;
}
