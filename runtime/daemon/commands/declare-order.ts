import { directlyNeeded, inStartOrder, stopWaves } from "../../../machines/dependency-order.ts";
import type { AppActor } from "../../../machines/app.ts";
import type { FirstWaits, Waits } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { DeclareDependencies } from "../daemon.ts";
import { commandFor } from "./commands.ts";
import { areStopped, neededFor } from "./order.ts";
import { outcomeOf, started } from "./outcomes.ts";
import { settled } from "./settled.ts";
import type { Reached, Step } from "./steps.ts";

/** What is to become of one app of a declaration. */
export interface Plan {
  readonly spec: AppSpec;
  readonly known: AppActor | undefined;
  readonly treatment: "new" | "leave" | "restart" | "reload";
  readonly ids: readonly number[];
}

/** In which order a declaration is carried out, and what its starts and restarts wait for. */
export interface Order {
  /** New apps come first; what depends on others is restarted in an earlier wave than they. */
  readonly waves: readonly (readonly Plan[])[];
  readonly firstWaits: (spec: AppSpec) => { waits?: FirstWaits };
  readonly waits: (spec: AppSpec) => Waits;
  /** Whether an app that is only declared has to be started for another one. */
  readonly isNeeded: (spec: AppSpec) => boolean;
}

export function orderOf(plans: readonly Plan[], ignoresDependencies: boolean, at: number): Order {
  const waits = ignoresDependencies ? { ignoresDependencies } : {};
  if (plans.every(({ spec }) => spec.dependsOn.length === 0)) {
    return {
      waves: [plans],
      firstWaits: () => ({}),
      waits: () => waits,
      isNeeded: () => false,
    };
  }
  const added = plans.filter(({ treatment }) => treatment === "new");
  const others = plans.filter(({ treatment }) => treatment !== "new");
  const restarted = others.filter(({ treatment }) => treatment === "restart");
  const renewed = (spec: AppSpec): string[] => [
    ...new Set(
      directlyNeeded({ spec }, restarted).flatMap(({ known }) =>
        known === undefined ? [] : [known.getSnapshot().context.key],
      ),
    ),
  ];
  const needed = neededWithin(added);
  return {
    waves: [inStartOrder(added), ...(others.length === 0 ? [] : stopWaves(others))],
    firstWaits: (spec) => {
      if (spec.dependsOn.length === 0) return {};
      const keys = renewed(spec);
      const since = { keys, since: at };
      return { waits: { ignoresDependencies, renewed: keys.length === 0 ? null : since } };
    },
    waits: (spec) => ({ ...waits, renewed: renewed(spec) }),
    isNeeded: (spec) => !ignoresDependencies && !spec.autostart && needed.has(spec),
  };
}

/** What those need that are started, directly or by others. */
function neededWithin(added: readonly Plan[]): Set<AppSpec> {
  const needed = new Set<AppSpec>();
  const visit = (plan: Plan): void => {
    for (const other of directlyNeeded(plan, added)) {
      if (needed.has(other.spec)) continue;
      needed.add(other.spec);
      visit(other);
    }
  };
  for (const plan of added) if (plan.spec.autostart) visit(plan);
  return needed;
}

/** Starts what is known, is at rest, and is needed by what is declared. */
export function startNeeded(
  dependencies: DeclareDependencies,
  plans: readonly Plan[],
  request: { readonly by: string; readonly ignoresDependencies?: boolean | undefined },
): Step[] {
  const { registry } = dependencies;
  const { by, ignoresDependencies = false } = request;
  if (ignoresDependencies) return [];
  const own = new Set(plans.map(({ known }) => known));
  const specs = plans
    .filter(({ spec, treatment }) => treatment === "restart" || spec.autostart)
    .map(({ spec }) => spec);
  return neededFor(registry, specs)
    .filter(({ app }) => !own.has(app))
    .map(({ facts }) => startStep(dependencies, facts.app, by, facts.id));
}

/** Starts the processes of an app, or one of them. */
export function startStep(
  { registry, god, now }: DeclareDependencies,
  key: string,
  by: string,
  id?: number,
): Step {
  return () => {
    const app = registry.app(key);
    if (app === undefined) return [];
    return registry
      .processesOf(app)
      .filter(({ facts }) => id === undefined || facts.id === id)
      .map((managed): Reached => {
        god.send(commandFor(managed, { type: "start", at: now(), by }));
        const { actor, facts } = managed;
        return settled(actor, ["pending", "starting", "stopping"], facts).then((end) =>
          outcomeOf(managed, end.facts, started(end, "started")),
        );
      });
  };
}

/** What of a wave is restarted has ended before the next wave is. */
export function gateAfter(
  { registry }: DeclareDependencies,
  wave: readonly Plan[],
): readonly Step[] {
  const apps = wave.flatMap(({ known, treatment }) =>
    known !== undefined && treatment === "restart" ? [known] : [],
  );
  if (apps.length === 0) return [];
  return [() => areStopped(apps.flatMap((app) => registry.processesOf(app))).then(() => [])];
}
