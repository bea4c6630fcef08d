import { processKey } from "../../machines/lib/process-key.ts";
import type { AppActor } from "../../machines/app.ts";
import type { ReloadFacts } from "../../machines/facts.ts";
import type { GodActor } from "../../machines/god.ts";
import type { GroupFacts } from "../../machines/group-events.ts";
import { groupFactsOf, type GroupActor } from "../../machines/group.ts";
import type { ProcessActor } from "../../machines/process.ts";
import type { MachineHistory } from "./records/machine-history.ts";
import type { Recorder } from "./records/recorder.ts";
import type { StateStore } from "./state/store.ts";

/** Meets every app and every process as it comes, and keeps the journal of what no process is. */
export function observe(options: {
  god: GodActor;
  recorder: Recorder;
  store: StateStore;
  machines: MachineHistory;
  now: () => number;
  log: (line: string) => void;
}): void {
  const { god, recorder, store, machines, now, log } = options;
  const apps = new WeakSet<AppActor>();
  const processes = new WeakSet<ProcessActor>();

  const observeProcesses = (app: AppActor): void => {
    const { processes: current, successors, leaving } = app.getSnapshot().context;
    for (const actor of [current, successors, leaving].flatMap((each) => Object.values(each))) {
      if (processes.has(actor)) continue;
      processes.add(actor);
      recorder.meet(actor);
      actor.on("broken", ({ what, reason }) =>
        log(`process ${actor.getSnapshot().context.id} continues without its ${what}: ${reason}`),
      );
      actor.on("unexpected", ({ event }) =>
        log(
          `can't happen: process ${actor.getSnapshot().context.id} got ${event} in ${JSON.stringify(actor.getSnapshot().value)}`,
        ),
      );
    }
  };
  const rememberReload = (app: AppActor, facts: ReloadFacts): void => {
    if (recorder.isFrozen()) return;
    const { key, spec, reloadSpec } = app.getSnapshot().context;
    const at = now();
    const isOwn = reloadSpec === null || reloadSpec === spec;
    if (facts.step === "succeeded") store.append({ type: "app.declared", at, app: { key, spec } });
    machines.noteReload(facts);
    store.append({ type: "reload.changed", at, reload: facts, spec: isOwn ? null : reloadSpec });
    if (facts.failure !== null && facts.step === "failed") {
      log(`reload of ${key}: process ${facts.failure.id}: ${facts.failure.reason}`);
    }
  };
  const observeApp = (app: AppActor): void => {
    if (apps.has(app)) return;
    apps.add(app);
    app.subscribe({ next: () => observeProcesses(app), error: () => {} });
    app.on("broken", ({ id, message, revived }) =>
      log(`${id} failed: ${message}; ${revived ? "recreated" : "dropped"}`),
    );
    app.on("reload.moved", ({ facts }) => rememberReload(app, facts));
    app.on("restart.tripped", ({ by, sensor, ...process }) =>
      recorder.tripped(processKey(process), { by, sensor }),
    );
    const { key } = app.getSnapshot().context;
    app.on("sensor.failed", ({ sensor, reason }) => log(`${key}: ${sensor}: ${reason}`));
    app.on("sensor.recovered", ({ sensor }) => log(`${key}: ${sensor}: works again`));
    machines.noteApp(app);
    observeProcesses(app);
  };
  const groups = new WeakSet<GroupActor>();
  const observeGroup = (group: GroupActor): void => {
    if (groups.has(group)) return;
    groups.add(group);
    const { name } = group.getSnapshot().context.place.spec;
    group.subscribe({ error: () => {} });
    const keep = (facts: GroupFacts): void => {
      if (!recorder.isFrozen()) store.append({ type: "group.changed", at: now(), group: facts });
    };
    // It began before it was met.
    keep(groupFactsOf(group));
    group.on("group.moved", ({ facts }) => {
      keep(facts);
      if (facts.step === "ending") log(`${facts.why}: its members are stopped`);
    });
    group.on("broken", ({ reason }) => log(`group ${name} does not see its members: ${reason}`));
    machines.noteGroup(group);
  };
  let seen: unknown;
  machines.noteGod(god.getSnapshot());
  god.subscribe((snapshot) => {
    const { apps: kept, groups: present, latest } = snapshot.context;
    for (const group of present.values()) observeGroup(group);
    if (latest === seen) return;
    seen = latest;
    for (const key of latest.declared) {
      const app = kept.get(key);
      if (app !== undefined) observeApp(app);
    }
  });
  god.on("app.gone", ({ key }) => {
    if (!recorder.isFrozen()) store.append({ type: "app.removed", at: now(), key });
  });
  god.on("group.gone", ({ name }) => {
    if (!recorder.isFrozen()) store.append({ type: "group.removed", at: now(), name });
  });
  god.on("broken", ({ id, message }) => log(`${id} failed: ${message}`));
}
