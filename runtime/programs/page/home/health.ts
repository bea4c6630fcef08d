import type { ProcessView } from "../../../contract/api/schemas.ts";
import { troublesText } from "../words.ts";

/** What a card says at a glance, the worst first. */
export const glances = ["errored", "unhealthy", "changing", "running", "at rest"] as const;

export type Glance = (typeof glances)[number];

export function glanceOf({ status, health }: Pick<ProcessView, "status" | "health">): Glance {
  if (status === "errored" || status === "failed") return "errored";
  if (health === "unhealthy") return "unhealthy";
  if (status === "online") return "running";
  return status === "stopped" || status === "completed" || status === "removed"
    ? "at rest"
    : "changing";
}

/** The worst first, then by namespace, name and number. */
export function worstFirst(all: readonly ProcessView[]): ProcessView[] {
  const place = new Map(all.map((each) => [each, glances.indexOf(glanceOf(each))]));
  const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return all.toSorted(
    (a, b) =>
      (place.get(a) ?? 0) - (place.get(b) ?? 0) ||
      compare(a.namespace, b.namespace) ||
      compare(a.name, b.name) ||
      a.id - b.id,
  );
}

/** A crash is worth a word this long after the process is up again; ms. */
const recentMs = 60_000;

/** Why it is not simply running; `null` when it is. */
export function reasonOf(process: ProcessView, now: number): string | null {
  const { failure, health, finding, waitsFor, troubles, decision, status, lastExit, reload } =
    process;
  if (failure !== null) return `It cannot be started: ${failure.message}`;
  if (status === "pending" && waitsFor.length > 0)
    return `It waits for ${waitsFor.map(({ app, condition }) => `${app} (${condition})`).join(", ")}.`;
  if (health === "unhealthy") return `It is unhealthy${finding === null ? "" : ` (${finding})`}.`;
  if (troubles.length > 0) return troublesText(troubles);
  if (reload !== null) return `Its app is reloaded: ${reload.done} of ${reload.total} done.`;
  const isFresh = lastExit !== null && now - lastExit.at < recentMs;
  const isUp = status === "online" || status === "completed";
  // A stop that was asked for needs no reason.
  if (status === "stopped" && lastExit?.askedBy != null) return null;
  return isUp && !isFresh ? null : decision;
}
