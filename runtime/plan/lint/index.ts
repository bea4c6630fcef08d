import { deadlocks } from "./deadlock.ts";
import { drainsCutShort } from "./drain.ts";
import type { Finding, Linted } from "./finding.ts";
import { groupsThatNeverEscalate } from "./groups.ts";
import { unreachableLimits } from "./limits.ts";
import { probesThatKill } from "./probes.ts";

/** The faults of a file that the machines prove, errors first. */
export async function lint(about: Linted): Promise<Finding[]> {
  const found = [
    ...deadlocks(about),
    ...(await probesThatKill(about)),
    ...unreachableLimits(about),
    ...(await groupsThatNeverEscalate(about)),
    ...(await drainsCutShort(about)),
  ];
  return found.toSorted((a, b) => Number(a.level === "warning") - Number(b.level === "warning"));
}
