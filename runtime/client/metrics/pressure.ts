import { join } from "node:path";
import { readFact } from "../../host/files/read.ts";
import { numberIn } from "../../host/groups/group.ts";
import { groupOfProcess, lifeGroupOf } from "../../host/groups/place.ts";

const resources = ["cpu", "memory", "io"] as const;

/** What the kernel tells of the cgroup of an app. */
export interface GroupFigures {
  /** The most memory that all its processes have used at once; `null` where the kernel does not tell. */
  readonly peakBytes: number | null;
  readonly memoryBytes: number | null;
  /** Time lost by waiting: of some of its tasks, and of all of them at once. Seconds. */
  readonly pressure: readonly {
    readonly resource: (typeof resources)[number];
    readonly kind: "waiting" | "stalled";
    readonly seconds: number;
  }[];
}

/** `undefined` for a process that has no cgroup of its own. @param root of `/proc` and `/sys`; another one in tests. */
export function groupFigures(pid: number, root = "/"): GroupFigures | undefined {
  const group = lifeGroupOf(groupOfProcess(pid, root) ?? "");
  if (group === undefined) return undefined;
  return {
    peakBytes: numberIn(group, "memory.peak"),
    memoryBytes: numberIn(group, "memory.current"),
    pressure: resources.flatMap((resource) => {
      const text = readFact(join(group, `${resource}.pressure`), 4_096) ?? "";
      return [...text.matchAll(/^(some|full) .*total=(\d+)$/gm)].map(
        ([, kind, total]) =>
          ({
            resource,
            kind: kind === "some" ? "waiting" : "stalled",
            seconds: Number(total) / 1_000_000,
          }) as const,
      );
    }),
  };
}
