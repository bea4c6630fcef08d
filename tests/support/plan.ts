import type { GroupSpec } from "../../machines/group-spec.ts";
import type { AppSpec, DependencyCondition, DependencySpec } from "../../machines/spec.ts";
import type { Assumption, KnownTimes } from "../../runtime/plan/index.ts";
import { planOf, type Action, type Moment, type Plan } from "../../runtime/plan/index.ts";

/** A dependency in its short form, or with a condition. */
export function needs(app: string, condition: DependencyCondition = "usual"): DependencySpec {
  return { app, condition, isRequired: true };
}

export function planned(
  action: Action,
  specs: readonly AppSpec[],
  known: {
    readonly times?: Readonly<Record<string, KnownTimes>>;
    readonly lives?: Readonly<Record<string, Assumption>>;
  } = {},
): Promise<Plan> {
  return planOf(action, specs, {
    times: new Map(Object.entries(known.times ?? {})),
    lives: new Map(Object.entries(known.lives ?? {})),
  });
}

/** `2500 api child.spawned` */
export function told(moments: readonly Moment[], events: readonly string[]): string[] {
  return moments
    .filter(({ event }) => events.includes(event))
    .map(({ at, name, event }) => `${at} ${name} ${event}`);
}

/** Apps in the order of a group. */
export function grouped(
  name: string,
  change: Partial<GroupSpec>,
  members: readonly AppSpec[],
): AppSpec[] {
  const group: GroupSpec = {
    name,
    strategy: "one_for_one",
    maxRestarts: 5,
    restartWindowMs: 10_000,
    autoShutdown: "never",
    namespace: null,
    order: 0,
    isSignificant: false,
    ...change,
  };
  return members.map((spec, order) => ({
    ...spec,
    group: { groups: [group], order, isSignificant: false },
  }));
}
