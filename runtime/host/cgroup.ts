import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../contract/errors.ts";

/** What a container may use; `null` means unlimited. */
export interface CgroupLimits {
  readonly memoryBytes: number | null;
  /** Processors, for example 1.5. */
  readonly cpus: number | null;
}

/** Numbers beyond are the kernel's way to say "none" (version 1: a page below 2^63). */
const leastUnlimited = 2 ** 60;

/**
 * The limits of this process's control groups, of version 2 or 1: the tightest from its own group up to the root.
 * @param root of `/proc` and `/sys`; another one in tests.
 */
export function readCgroupLimits(root = "/"): CgroupLimits {
  const lines = read(join(root, "proc/self/cgroup"))?.trim().split("\n") ?? [];
  const memory: number[] = [];
  const cpus: number[] = [];
  for (const line of lines) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isV2 = controllers === "";
    for (const folder of foldersUp(path)) {
      if (isV2) {
        const group = join(root, "sys/fs/cgroup", folder);
        add(memory, numberOf(read(join(group, "memory.max"))));
        add(cpus, quotaOf(read(join(group, "cpu.max"))));
        continue;
      }
      const names = controllers.split(",");
      if (names.includes("memory")) {
        const group = join(root, "sys/fs/cgroup/memory", folder);
        add(memory, numberOf(read(join(group, "memory.limit_in_bytes"))));
      }
      if (names.includes("cpu")) {
        const group = join(root, `sys/fs/cgroup/${controllers}`, folder);
        const quota = numberOf(read(join(group, "cpu.cfs_quota_us")));
        const period = numberOf(read(join(group, "cpu.cfs_period_us")));
        if (quota !== undefined && quota > 0 && period) add(cpus, quota / period);
      }
    }
  }
  const least = (values: number[]): number | null =>
    values.length === 0 ? null : Math.min(...values);
  return { memoryBytes: least(memory), cpus: least(cpus) };
}

/** A group and those above it; a container without a namespace of its own sees its group as the root. */
function foldersUp(path: string): string[] {
  const folders = ["/"];
  for (let folder = path; folder !== "/" && folder !== "."; folder = dirname(folder))
    folders.push(folder);
  return folders;
}

function add(values: number[], value: number | undefined): void {
  if (value !== undefined && value < leastUnlimited) values.push(value);
}

function numberOf(text: string | undefined): number | undefined {
  const word = text?.trim() ?? "";
  return /^\d+$/.test(word) ? Number(word) : undefined;
}

/** `150000 100000` or `max 100000`. */
function quotaOf(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? "").trim().split(" ").map(numberOf);
  return quota === undefined || !period ? undefined : quota / period;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
