import type { SnapshotFrom } from "xstate";
import type { Health, ProcessFacts, ProcessStatus } from "./facts.ts";
import type { processMachine } from "./process.ts";
import { factsFrom } from "./process-context.ts";

/** What is known of a process now: what the journal keeps of it. */
export function factsOf(snapshot: SnapshotFrom<typeof processMachine>): ProcessFacts {
  const [status = "stopped"] = snapshot.tags as Set<ProcessStatus>;
  const health = healthOf(snapshot);
  return {
    ...factsFrom(snapshot.context, status),
    ...(health === null ? {} : { health }),
    ...(snapshot.value === "held" ? { held: true as const } : {}),
    ...(trafficOf(snapshot) === "out" ? { outOfTraffic: true as const } : {}),
  };
}

/**
 * What a process is to those who share its connections: it may serve, its readiness probe fails while it takes
 * connections, it takes none, or it is not online.
 */
export function trafficOf(
  snapshot: SnapshotFrom<typeof processMachine>,
): "able" | "unready" | "out" | "gone" {
  if (!snapshot.hasTag("online")) return "gone";
  const isAt = (state: "inTraffic" | "outOfTraffic"): boolean =>
    snapshot.matches({
      alive: { online: { sensors: { probing: { readiness: { notReady: state } } } } },
    });
  if (isAt("outOfTraffic")) return "out";
  return isAt("inTraffic") ? "unready" : "able";
}

/** What its probes say: unhealthy as soon as one fails, and healthy when each has succeeded. */
function healthOf(snapshot: SnapshotFrom<typeof processMachine>): Health | null {
  const { probes } = snapshot.context.spec.policy;
  if (probes === null) return null;
  if (snapshot.hasTag("starting") && !snapshot.matches("resuming")) return "starting";
  const at = (region: object): boolean =>
    snapshot.matches({ alive: { online: { sensors: { probing: region } } } });
  if (!snapshot.hasTag("online")) return null;
  if (at({ readiness: "notReady" }) || at({ liveness: "failing" })) return "unhealthy";
  const isReady = probes.readiness === null || at({ readiness: "ready" });
  const isPassing = probes.liveness === null || at({ liveness: "passing" });
  return isReady && isPassing ? "healthy" : "starting";
}
