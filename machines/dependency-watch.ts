import { fromCallback } from "xstate";
import type { Cause } from "./cause.ts";
import { appsMeant, unmetOf, type Standing, type Unmet } from "./dependencies.ts";
import type { ProcessFacts } from "./facts.ts";
import type { GodActor } from "./god.ts";
import { listener } from "./lib/listener.ts";
import { factsOf } from "./process-view.ts";
import { brokenBond } from "./dependency-bonds.ts";
import type { BondInput, DependencyInput, DependencyReport } from "./process-events.ts";
import type { AppSpec } from "./spec.ts";

/** An app that is depended on, and its actor. */
interface Looked extends Standing {
  readonly isReloading: boolean;
}

/**
 * Looks at the apps that an app depends on, now and whenever anything of them changes.
 * @returns ends it.
 */
function watchApps(
  godOf: () => GodActor,
  spec: AppSpec,
  look: (standings: readonly Looked[]) => void,
): () => void {
  const heard = (): void => {
    const god = godOf();
    hear(god);
    const all = [...god.getSnapshot().context.apps.values()].map((actor) => ({
      actor,
      spec: actor.getSnapshot().context.spec,
    }));
    const meant = new Set(
      spec.dependsOn.flatMap((dependency) => appsMeant(dependency, spec.namespace, all)),
    );
    look(
      [...meant].map(({ actor, spec: own }): Looked => {
        hear(actor);
        const { key, processes, reload } = actor.getSnapshot().context;
        for (const process of Object.values(processes)) hear(process);
        const facts = Object.values(processes).map((process) => factsOf(process.getSnapshot()));
        return { key, spec: own, processes: facts, isReloading: reload !== null };
      }),
    );
  };
  const { hear, end } = listener(heard);
  heard();
  return end;
}

/**
 * Fills the port `dependencies`: looks at the apps a pending process depends on, whenever anything of them changes, and
 * reports what is not met. It reads the actors themselves, so it works under a virtual clock as in the daemon.
 * @param godOf the root; looked up late, since the machines are wired before it is created.
 */
export function dependencySource(godOf: () => GodActor, now: () => number) {
  return fromCallback<{ type: "none" }, DependencyInput>(({ sendBack, input }) => {
    const { spec, renewed } = input;
    let told = "";
    const tell = (report: DependencyReport): void => {
      const news = JSON.stringify({ ...report, at: 0 });
      if (news === told) return;
      told = news;
      sendBack(report);
    };
    return watchApps(godOf, spec, (standings) => {
      const unmet = unmetOf(spec, standings, renewed);
      const at = now();
      if (unmet.length === 0) tell({ type: "dependencies.met", at });
      else if (unmet.some(({ isLost }) => isLost))
        tell({ type: "dependencies.lost", at, unmet, ...lossOf(unmet, spec, standings) });
      else tell({ type: "dependencies.unmet", at, unmet });
    });
  });
}

/** The latest that was decided about a process, or how its latest life has ended. */
function latestOf({ app, id, decisions, lastExit, child }: ProcessFacts): Cause {
  return { app, id, at: decisions.at(-1)?.at ?? lastExit?.at ?? child?.at ?? 0 };
}

/** The process that will not come. */
function lossOf(
  unmet: readonly Unmet[],
  { namespace }: AppSpec,
  standings: readonly Looked[],
): { readonly cause?: Cause } {
  const lost = unmet.find(({ isLost }) => isLost);
  const [app] = lost === undefined ? [] : appsMeant(lost, namespace, standings);
  const facts = app?.processes.findLast(({ child }) => child === null) ?? app?.processes.at(-1);
  return facts === undefined ? {} : { cause: latestOf(facts) };
}

/** Fills the port `bonds`: tells once when what a process that runs depends on is lost, or was restarted, and it follows. */
export function bondSource(godOf: () => GodActor, now: () => number) {
  return fromCallback<{ type: "none" }, BondInput>(({ sendBack, input }) => {
    let isTold = false;
    return watchApps(godOf, input.spec, (standings) => {
      const broken = isTold ? null : brokenBond(input, standings);
      if (broken === null) return;
      isTold = true;
      const { what, ...rest } = broken;
      sendBack({ type: `bond.${what}`, at: now(), ...rest });
    });
  });
}
