import { readFact } from "../../host/files/read.ts";
import { isLiving, scanProcesses } from "../../host/procfs.ts";

/**
 * What processes and everything they have started use; bytes, by the pid that was asked for. Of what several share each has
 * its part (`Pss` of proc(5)), where the kernel tells it.
 */
export function treeMemory(pids: readonly number[]): ReadonlyMap<number, number> {
  if (pids.length === 0) return new Map();
  const stats = scanProcesses().filter(isLiving);
  const children = new Map<number, number[]>();
  for (const { pid, ppid } of stats) children.set(ppid, [...(children.get(ppid) ?? []), pid]);
  return new Map(
    pids.map((root) => {
      // What has lost its parent is still in the session of a main process that leads one.
      const members = new Set(
        stats.filter(({ session }) => session === root).map(({ pid }) => pid),
      );
      const todo = [root];
      for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
        members.add(pid);
        todo.push(...(children.get(pid) ?? []).filter((child) => !members.has(child)));
      }
      return [root, [...members].reduce((sum, pid) => sum + memoryOf(pid), 0)];
    }),
  );
}

function memoryOf(pid: number): number {
  const rollup = readFact(`/proc/${pid}/smaps_rollup`, 4_096) ?? "";
  const shared = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1];
  const status = shared === undefined ? (readFact(`/proc/${pid}/status`, 16_384) ?? "") : "";
  return Number(shared ?? /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
}
