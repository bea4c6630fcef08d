import { opendirSync, readdirSync, readFileSync, readlinkSync, type Dir } from "node:fs";
import { takenPort } from "../../../machines/exit-dictionary.ts";
import type { ProcessDetail } from "../../contract/api/schemas.ts";
import { errnoOf } from "../../contract/errors.ts";
import { readProcess } from "../../host/procfs.ts";
import type { Managed, Registry } from "./registry.ts";

/** Parents checked on the way from a listener to the process it belongs to. */
const mostParents = 16;

/** Descriptors that are checked: a program can have a million, and the daemon answers no one meanwhile. */
const mostDescriptors = 20_000;

/** The process that now listens on the port that another could not get; `null` when its last words name none. */
export function portHolderOf({ facts }: Managed, registry: Registry): ProcessDetail["portHolder"] {
  const port = takenPort(facts.lastExit?.lastWords ?? []);
  if (port === null) return null;
  const pid = listenerOn(port);
  if (pid === null) return { port, pid: null, command: null, app: null };
  return { port, pid, command: commandOf(pid), app: appOf(pid, registry) };
}

function listenerOn(port: number): number | null {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const row of read(file).split("\n")) {
      const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
      // 0A is LISTEN (proc(5)).
      if (state === "0A" && local.endsWith(`:${hex}`)) sockets.add(`socket:[${inode}]`);
    }
  }
  if (sockets.size === 0) return null;
  let left = mostDescriptors;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of namesIn(folder, left)) {
      left -= 1;
      if (sockets.has(linkOf(`${folder}/${descriptor}`))) return Number(pid);
    }
  }
  return null;
}

/** The first names in a folder; none of a process that is gone, or another user's. */
function namesIn(folder: string, most: number): string[] {
  const names: string[] = [];
  let open: Dir | undefined;
  try {
    open = opendirSync(folder);
    for (let each = open.readSync(); each !== null; each = open.readSync()) {
      if (names.length >= most) break;
      names.push(each.name);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  } finally {
    open?.closeSync();
  }
  return names;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "";
  }
}

/** The app whose process it is, or descends from. */
function appOf(pid: number, registry: Registry): string | null {
  const names = new Map(
    registry.processes().map(({ facts, spec }) => [facts.child?.pid, spec.name] as const),
  );
  let current = pid;
  for (let step = 0; step < mostParents && current > 1; step += 1) {
    const name = names.get(current);
    if (name !== undefined) return name;
    current = readProcess(current)?.ppid ?? 0;
  }
  return null;
}

/** Its command line, as far as it fits into a sentence. */
function commandOf(pid: number): string | null {
  const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  return command === "" ? null : command.slice(0, 200);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "";
  }
}
