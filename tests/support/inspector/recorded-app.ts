import type { AnyActorRef, AnyTransitionDefinition } from "xstate";
import type { AppSpec } from "../../../machines/spec.ts";
import { reloadMachine } from "../../../machines/reload.ts";
import { labelFrom } from "../../../runtime/charts/label.ts";
import { createMachineHistory } from "../../../runtime/daemon/records/machine-history.ts";
import { createReloadGuards } from "../../../runtime/daemon/records/reload-guards.ts";
import { litStates } from "../../../runtime/daemon/commands/machine-states.ts";
import type { HistoryRecord } from "../../../runtime/contract/history.ts";
import type { MachineStep } from "../../../runtime/contract/inspector.ts";
import { watchedGuards } from "../../../runtime/daemon/wire.ts";
import { SimulatedApp } from "../machines/simulated-app.ts";

/** Where a machine really was when a record was made, and the transitions that it really took to come there. */
export interface Truth {
  readonly states: readonly string[];
  readonly steps: readonly MachineStep[];
}

/** A simulated app whose history is kept as God keeps it; each record has a time of its own, its number. */
export function recordedApp(spec: AppSpec): {
  readonly app: SimulatedApp;
  readonly records: HistoryRecord[];
  /** By the number of the record. */
  readonly truth: ReadonlyMap<number, Truth>;
  readonly machines: ReturnType<typeof createMachineHistory>;
} {
  const records: HistoryRecord[] = [];
  const truth = new Map<number, Truth>();
  const reloadGuards = createReloadGuards();
  const steps = new Map<AnyActorRef, MachineStep[]>();
  const machines = createMachineHistory({
    history: {
      append: (entry) => {
        const seq = records.length + 1;
        records.push({ ...entry, seq });
        if (entry.kind === "god") return;
        const { reload } = app.context;
        const actor: AnyActorRef | null = entry.kind === "app" ? app.actor : reload;
        if (actor === null) return;
        truth.set(seq, {
          states: litStates(entry.kind, actor),
          steps: steps.get(actor)?.splice(0) ?? [],
        });
      },
    },
    reloadGuards,
    now: () => records.length + 1,
    isFrozen: () => false,
  });
  const guards = watchedGuards("reload", reloadMachine, {
    watched: 1,
    note: (asked) => reloadGuards.note(asked),
  });
  const app = new SimulatedApp(spec, reloadMachine.provide({ guards }));
  app.actor.system.inspect((event) => {
    if (event.type !== "@xstate.microstep") return;
    const actor = event.actorRef as AnyActorRef;
    const own = steps.get(actor) ?? [];
    steps.set(actor, own);
    own.push(...event._transitions.map(stepFrom).filter((step) => step !== undefined));
  });
  const apps = new Map<string, unknown>();
  let latest = { declared: [] as string[], gone: [] };
  const god = (value: string): void =>
    machines.noteGod({ value, context: { apps, latest } } as never);
  god("restoring");
  god("running");
  apps.set("app", app.actor);
  latest = { declared: ["app"], gone: [] };
  god("running");
  app.actor.subscribe(() => machines.noteApp(app.actor));
  machines.noteApp(app.actor);
  return { app, records, truth, machines };
}

/** A transition that leads to another state. */
function stepFrom(transition: AnyTransitionDefinition): MachineStep | undefined {
  const { event, guard } = labelFrom(transition);
  const target = transition.target?.[0]?.id;
  return target === undefined ? undefined : { source: transition.source.id, target, event, guard };
}
