import { fromCallback, type Subscription } from "xstate";
import { appsMeant, unmetOf, type Standing } from "./dependencies.ts";
import type { GodActor } from "./god.ts";
import { factsOf } from "./process.ts";
import type { DependencyInput, DependencyReport } from "./process-events.ts";

/** What an observer is given: enough of an actor to hear of it. */
interface Observed {
  subscribe(observer: { next: () => void; error: () => void; complete: () => void }): Subscription;
}

/**
 * Fills the port `dependencies`: looks at the apps a pending process depends on, whenever anything of them changes, and
 * tells what is not met. It looks at the actors themselves, so it is as good under a virtual clock as in the daemon.
 * @param godOf the root; looked up late, since the machines are wired before it is created.
 */
export function dependencySource(godOf: () => GodActor, now: () => number) {
  return fromCallback<{ type: "none" }, DependencyInput>(({ sendBack, input }) => {
    const { spec, renewed } = input;
    const subscriptions = new Map<Observed, Subscription>();
    let told = "";
    let isOver = false;
    const tell = (report: DependencyReport): void => {
      const news = JSON.stringify({ ...report, at: 0 });
      if (news === told) return;
      told = news;
      sendBack(report);
    };
    const hear = (actor: Observed): void => {
      if (subscriptions.has(actor)) return;
      const heard = (): void => look();
      subscriptions.set(actor, { unsubscribe: () => {} });
      subscriptions.set(actor, actor.subscribe({ next: heard, error: heard, complete: heard }));
    };
    const look = (): void => {
      if (isOver) return;
      const god = godOf();
      hear(god);
      const all = [...god.getSnapshot().context.apps.values()].map((actor) => ({
        actor,
        spec: actor.getSnapshot().context.spec,
      }));
      const meant = new Set(
        spec.dependsOn.flatMap((dependency) => appsMeant(dependency, spec.namespace, all)),
      );
      const standings = [...meant].map(({ actor, spec: own }): Standing => {
        hear(actor);
        const { key, processes } = actor.getSnapshot().context;
        for (const process of Object.values(processes)) hear(process);
        const facts = Object.values(processes).map((process) => factsOf(process.getSnapshot()));
        return { key, spec: own, processes: facts };
      });
      const unmet = unmetOf(spec, standings, renewed);
      const at = now();
      if (unmet.length === 0) tell({ type: "dependencies.met", at });
      else if (unmet.some(({ isLost }) => isLost)) tell({ type: "dependencies.lost", at, unmet });
      else tell({ type: "dependencies.unmet", at, unmet });
    };
    look();
    return () => {
      isOver = true;
      for (const subscription of subscriptions.values()) subscription.unsubscribe();
    };
  });
}
