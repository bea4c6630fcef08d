import type { ProcessActor } from "./process.ts";
import { trafficOf } from "./process-view.ts";
import type { TrafficOrder } from "./process-events.ts";

/**
 * Which processes of a cluster leave their connections to the others, and which take them again. One whose readiness
 * probe fails leaves as long as another one may serve; when none may, all of them take connections: an answer that says
 * what is wrong is better than none.
 */
export function trafficOrders(
  actors: readonly ProcessActor[],
): { actor: ProcessActor; order: TrafficOrder["type"] }[] {
  const members = actors.map((actor) => ({ actor, is: trafficOf(actor.getSnapshot()) }));
  const mayServe = members.some(({ is }) => is === "able");
  const order = mayServe ? "traffic.leave" : "traffic.enter";
  const ordered = mayServe ? "unready" : "out";
  return members.filter(({ is }) => is === ordered).map(({ actor }) => ({ actor, order }));
}
