import type { AnyActorRef, AnyTransitionDefinition } from "xstate";
import type { AppSpec } from "../../../machines/spec.ts";
import type { AppActor } from "../../../machines/app.ts";
import { reloadMachine, type ReloadActor } from "../../../machines/reload.ts";
import { labelFrom } from "../../../runtime/charts/label.ts";
import { createMachineHistory } from "../../../runtime/daemon/records/machine-history.ts";
import { observed, type Given } from "../../../runtime/daemon/records/observed.ts";
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
  let seen: AppActor | undefined;
  const steps = new Map<AnyActorRef, MachineStep[]>();
  const machines = createMachineHistory({
    history: {
      append: (entry) => {
        const seq = records.length + 1;
        records.push({ ...entry, seq });
        if (entry.kind === "god") return;
        const actor = entry.kind === "app" ? seen : seen?.getSnapshot().context.reload;
        if (actor === null || actor === undefined) return;
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
  const apps = new Map<string, unknown>();
  let latest = { declared: [] as string[], gone: [] };
  const god = (value: string, given?: Given): void =>
    machines.noteGod({ value, context: { apps, latest } } as never, given);
  god("restoring");
  god("running", { type: "xstate.done.actor.restore" });
  apps.set("app", {});
  latest = { declared: ["app"], gone: [] };
  god("running", { type: "app.declare" });
  const reload = observed(reloadMachine.provide({ guards }), (actor, given) =>
    machines.noteStep(actor as ReloadActor, given),
  );
  const app = new SimulatedApp(spec, reload, (machine) =>
    observed(machine, (actor, given) => {
      seen = actor as AppActor;
      machines.noteApp(seen, given);
    }),
  );
  app.actor.system.inspect((event) => {
    if (event.type !== "@xstate.microstep") return;
    const actor = event.actorRef as AnyActorRef;
    const own = steps.get(actor) ?? [];
    steps.set(actor, own);
    own.push(...event._transitions.map(stepFrom).filter((step) => step !== undefined));
  });
  return { app, records, truth, machines };
}

/** A transition that leads to another state. */
function stepFrom(transition: AnyTransitionDefinition): MachineStep | undefined {
  const { event, guard } = labelFrom(transition);
  const target = transition.target?.[0]?.id;
  return target === undefined ? undefined : { source: transition.source.id, target, event, guard };
}
