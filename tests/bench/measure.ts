import { spawn, type SpawnOptions } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

/** The middle of some numbers: one run that the machine disturbed does not count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a command to its end and gives its output and how long it took, ms. */
export function run(
  command: readonly string[],
  options: SpawnOptions = {},
): Promise<{ ms: number; stdout: string; code: number | null }> {
  const begin = performance.now();
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], ...options });
  let stdout = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ ms: performance.now() - begin, stdout, code }));
  });
}

/** What nine of ten runs take at least: on a busy machine the middle one waits for its turn. */
export function lowDecile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? Number.NaN;
}

/** Takes turns, so that what the machine does meanwhile falls on all alike; medians by default, ms. */
export async function interleave(
  rounds: number,
  contestants: Readonly<Record<string, () => Promise<number>>>,
  summary: (values: readonly number[]) => number = median,
): Promise<Record<string, number>> {
  const taken: Record<string, number[]> = {};
  for (let round = 0; round < rounds + 1; round += 1) {
    for (const [name, measure] of Object.entries(contestants)) {
      const value = await measure();
      // The first round warms the caches.
      if (round > 0) (taken[name] ??= []).push(value);
    }
  }
  return Object.fromEntries(Object.entries(taken).map(([name, values]) => [name, summary(values)]));
}

/** Resident size in KB and CPU time in ms of a process. */
export function usage(pid: number): { rssKb: number; cpuMs: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]), cpuMs: ticks * 10 };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Whether a file is there and holds anything. */
export function hasContent(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
