import type { AppActor } from "../../../machines/app.ts";
import { appsMeant, unmetOf, type Standing } from "../../../machines/dependencies.ts";
import { circleIn, directlyNeeded, stopWaves } from "../../../machines/dependency-order.ts";
import { isAtRest } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { xmError } from "../../contract/errors.ts";
import type { Managed, Registry } from "../registry/registry.ts";
import { settled } from "./settled.ts";

/*
 * What depends on what, for commands: who is started beside whom, and in which order things are stopped. Who waits until
 * when is the machines' own (`machines/dependency-watch.ts`).
 */

/** An app, and what it is to be. */
interface Known {
  readonly key: string;
  readonly spec: AppSpec;
  readonly actor: AppActor;
}

/**
 * Refuses apps that depend on each other in a circle, or on one that is not there.
 * @param changed what is declared; it takes the place of apps of its name and namespace.
 * @throws `ERR_DEPENDENCY_CIRCLE`, `ERR_DEPENDENCY_UNKNOWN`.
 */
export function assertDependencies(
  registry: Registry,
  changed: readonly AppSpec[],
  options: { readonly mayBeUnknown: boolean },
): void {
  if (changed.every(({ dependsOn }) => dependsOn.length === 0)) return;
  const isReplaced = (spec: AppSpec): boolean =>
    changed.some(({ name, namespace }) => name === spec.name && namespace === spec.namespace);
  const others = knownApps(registry).filter(({ spec }) => !isReplaced(spec));
  const all = [...changed.map((spec) => ({ spec })), ...others];
  const path = circleIn(all);
  if (path !== null) throw xmError("ERR_DEPENDENCY_CIRCLE", { path: path.join(" → ") });
  if (options.mayBeUnknown) return;
  for (const { name, namespace, dependsOn } of changed) {
    const unknown = dependsOn.find(
      (each) => each.isRequired && appsMeant(each, namespace, all).length === 0,
    );
    if (unknown !== undefined)
      throw xmError("ERR_DEPENDENCY_UNKNOWN", { app: name, needs: unknown.app });
  }
}

/** Processes of other apps that have to be started for some apps: those that do not come by themselves. */
export function neededFor(registry: Registry, specs: readonly AppSpec[]): Managed[] {
  if (specs.every(({ dependsOn }) => dependsOn.length === 0)) return [];
  const apps = knownApps(registry);
  const standings = apps.map((app) => ({ app, standing: standingOf(registry, app) }));
  const needed: Managed[] = [];
  const seen = new Set<Known>();
  const visit = (spec: AppSpec): void => {
    for (const dependency of spec.dependsOn) {
      const alone = { ...spec, dependsOn: [{ ...dependency, isRequired: true }] };
      const isLost = unmetOf(
        alone,
        standings.map(({ standing }) => standing),
        null,
      ).some((unmet) => unmet.isLost);
      if (!isLost) continue;
      for (const app of appsMeant(dependency, spec.namespace, apps)) {
        if (seen.has(app)) continue;
        seen.add(app);
        // What it needs itself comes before it.
        visit(app.spec);
        needed.push(
          ...registry.processesOf(app.actor).filter(({ facts: { status } }) => isAtRest(status)),
        );
      }
    }
  };
  for (const spec of specs) visit(spec);
  return needed;
}

/** Processes that were given up because one of these apps did not come: they are started with it. */
export function givenUpFor(registry: Registry, chosen: readonly Managed[]): Managed[] {
  const names = new Set(chosen.map(({ spec }) => spec.name));
  const found: Managed[] = [];
  const left = registry
    .processes()
    .filter(({ facts, spec }) => spec.dependsOn.length > 0 && facts.status === "errored");
  for (let isNew = true; isNew;) {
    isNew = false;
    for (const each of left) {
      const last = each.facts.decisions.at(-1);
      if (found.includes(each) || last?.rule !== "lostItsDependency") continue;
      if (!Object.keys(last.saw).some((name) => names.has(name))) continue;
      found.push(each);
      names.add(each.spec.name);
      isNew = true;
    }
  }
  const own = new Set(chosen.map(({ facts }) => facts.id));
  return found.filter(({ facts }) => !own.has(facts.id));
}

/** Processes in the order in which they are stopped: what depends on others comes in an earlier wave. */
export function wavesOf(chosen: readonly Managed[]): Managed[][] {
  const apps = [...new Set(chosen.map(({ app }) => app))].map((actor) => ({
    actor,
    spec: actor.getSnapshot().context.spec,
  }));
  return stopWaves(apps).map((wave) => {
    const actors = new Set(wave.map(({ actor }) => actor));
    return chosen.filter(({ app }) => actors.has(app));
  });
}

/** Keys of the chosen apps that an app depends on, directly. */
export function renewedFor({ spec }: Pick<Managed, "spec">, chosen: readonly Managed[]): string[] {
  if (spec.dependsOn.length === 0) return [];
  return [...new Set(directlyNeeded({ spec }, chosen).map(({ facts }) => facts.app))];
}

/** Waits until none of them is stopping any more. */
export async function areStopped(processes: readonly Managed[]): Promise<void> {
  await Promise.all(processes.map(({ actor, facts }) => settled(actor, ["stopping"], facts)));
}

/** Apps that run and depend on another one. */
export interface Dependents {
  readonly of: string;
  readonly names: readonly string[];
}

/** What runs and depends on one of these apps, and is not among them. */
export function dependentsOf(registry: Registry, chosen: readonly Managed[]): Dependents[] {
  const apps = new Set(chosen.map(({ app }) => app));
  const stopped = [...apps].map((actor) => ({ spec: actor.getSnapshot().context.spec }));
  const running = registry
    .apps()
    .filter((app) => !apps.has(app) && registry.isRunning(app))
    .map((app) => app.getSnapshot().context.spec)
    .filter((spec) => spec.dependsOn.length > 0);
  return stopped.flatMap((each) => {
    const names = running
      .filter((spec) => directlyNeeded({ spec }, stopped).includes(each))
      .map(({ name }) => name);
    return names.length === 0 ? [] : [{ of: each.spec.name, names }];
  });
}

function knownApps(registry: Registry): Known[] {
  return registry.apps().map((actor) => {
    const { key, spec } = actor.getSnapshot().context;
    return { key, spec, actor };
  });
}

function standingOf(registry: Registry, { key, spec, actor }: Known): Standing {
  return { key, spec, processes: registry.processesOf(actor).map(({ facts }) => facts) };
}
