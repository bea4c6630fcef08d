import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { errnoOf } from "../contract/errors.ts";
import { withReserve } from "./descriptors.ts";

/** The fields of `/proc/PID/stat` (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** One letter; `Z` is a zombie, `X` is dead. */
  readonly state: string;
  /** Start time in clock ticks since boot (field 22): with the pid it is an identity. */
  readonly startTicks: number;
  /** Processor time of its whole life, in clock ticks (fields 14 and 15). */
  readonly cpuTicks: number;
}

/** Reads one process; `undefined` when there is none. */
export function readProcess(pid: number): ProcessStat | undefined {
  const length = readInto(`/proc/${pid}/stat`);
  if (length === 0) return undefined;
  const text = buffer.toString("latin1", 0, length);
  // The name is in parentheses and may hold anything, parentheses too: go on after the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ", 20);
  return {
    pid,
    state: fields[0] ?? "X",
    ppid: Number(fields[1]),
    pgrp: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    cpuTicks: Number(fields[11]) + Number(fields[12]),
  };
}

/** Reads all processes. One that ends meanwhile is left out. */
export function scanProcesses(): ProcessStat[] {
  const processes: ProcessStat[] = [];
  for (const name of withReserve(() => readdirSync("/proc"))) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readProcess(pid);
    if (stat !== undefined) processes.push(stat);
  }
  return processes;
}

/** Whether this very process lives: a zombie does not, and neither does another one with its pid. */
export function isAlive(identity: { readonly pid: number; readonly startTicks: number }): boolean {
  const stat = readProcess(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && isLiving(stat);
}

export function isLiving({ state }: ProcessStat): boolean {
  return state !== "Z" && state !== "X";
}

/** A variable of the environment a process was started with; `undefined` when it is not set or not ours to read. */
export function readEnvironVariable(pid: number, name: string): string | undefined {
  const length = readInto(`/proc/${pid}/environ`);
  if (length === 0) return undefined;
  const text = buffer.toString("latin1", 0, length);
  const key = `${name}=`;
  const start = text.startsWith(key) ? 0 : text.indexOf(`\0${key}`) + 1;
  if (start === 0 && !text.startsWith(key)) return undefined;
  const end = text.indexOf("\0", start);
  return text.slice(start + key.length, end < 0 ? undefined : end);
}

/** One buffer for all reads: they are synchronous and short. It grows to the largest environment met. */
let buffer = Buffer.allocUnsafe(8_192);

/** Reads a file of `/proc` into the buffer and gives its length; 0 when the process has gone or is another user's. */
function readInto(path: string): number {
  let fd: number;
  try {
    fd = withReserve(() => openSync(path, "r"));
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(errnoOf(error) ?? "")) return 0;
    throw error;
  }
  try {
    for (let length = 0; ;) {
      const read = readSync(fd, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || (length < buffer.length && path.endsWith("stat"))) return length;
      if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } catch (error) {
    if (["ESRCH", "EACCES", "EPERM", "EIO"].includes(errnoOf(error) ?? "")) return 0;
    throw error;
  } finally {
    closeSync(fd);
  }
}
