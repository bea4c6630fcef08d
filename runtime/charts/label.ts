import type { AnyTransitionDefinition } from "xstate";
import type { ChartLabel } from "./chart.ts";

/** A transition in the words of its chart: a delay by its name, the end of an actor as `… is done` or `… fails`. */
export function labelFrom({ eventType, guard, actions }: AnyTransitionDefinition): ChartLabel {
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType);
  const ended = /^xstate\.(error|done)\.actor\.(.+)$/.exec(eventType);
  const words = ended?.[1] === "error" ? "fails" : "is done";
  return {
    kind: eventType === "" ? "always" : after === null ? "event" : "delay",
    event: after?.[1] ?? (ended === null ? eventType || "always" : `${ended[2]} ${words}`),
    guard: guard === undefined ? null : nameOf(guard),
    actions: actions.map(nameOf),
  };
}

/** `setGoal(stop)` for an action with parameters. */
export function nameOf(named: unknown): string {
  if (typeof named === "string") return named;
  const { type, params } = named as { type?: unknown; params?: Readonly<Record<string, unknown>> };
  if (typeof type !== "string") throw new Error("a guard or an action has no name");
  const values = Object.values(params ?? {});
  return values.length === 0 ? type : `${type}(${values.join(", ")})`;
}
