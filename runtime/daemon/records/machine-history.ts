import type { SnapshotFrom } from "xstate";
import type { AppActor } from "../../../machines/app.ts";
import type { AppContext } from "../../../machines/app-context.ts";
import type { ReloadFacts } from "../../../machines/facts.ts";
import type { AppsChange, godMachine } from "../../../machines/god.ts";
import { reloadFactsOf, type ReloadActor, type ReloadContext } from "../../../machines/reload.ts";
import type { History } from "./history.ts";
import { historyEntry } from "../../contract/history.ts";
import { contextOf, factsOfApp, tellSpec } from "./context.ts";
import { leavesOf } from "./recorder.ts";
import type { ReloadGuards } from "./reload-guards.ts";
import { entryOfReload } from "./entries.ts";

/** Keeps what God, the apps and their reloads do, beside what `recorder.ts` keeps of the processes: for people who look back. */
export interface MachineHistory {
  /** After each transition of God. */
  noteGod(snapshot: SnapshotFrom<typeof godMachine>): void;
  /** After each transition of an app: what has changed of it, and a reload from its first moment on. */
  noteApp(app: AppActor): void;
  /** A reload as its app tells of it: one that broke says nothing itself. */
  noteReload(facts: ReloadFacts): void;
  /** Why God leaves. */
  noteLeaving(why: string): void;
}

/** Apps that a record of God names; of a God with more it says how many. */
const mostNames = 100;

/** Only a change is recorded: what a machine was told and did nothing about costs two comparisons. */
export function createMachineHistory(options: {
  readonly history: Pick<History, "append">;
  readonly reloadGuards: ReloadGuards;
  readonly now: () => number;
  /** Whether God leaves and what it stops is to be started again. */
  readonly isFrozen: () => boolean;
}): MachineHistory {
  const { history, reloadGuards, now, isFrozen } = options;
  let god: SeenGod | undefined;
  /** What is seen first while it comes up was there before. */
  let isRestoring = true;
  let why: string | null = null;
  const apps = new WeakMap<AppActor, SeenApp>();
  const reloads = new WeakMap<ReloadActor, ReloadContext>();
  /** The step that each app's reload was recorded in last. */
  const steps = new Map<string, string>();

  const followReload = (reload: ReloadActor): void => {
    if (reloads.has(reload)) return;
    noteStep(reload);
    reload.subscribe({ next: () => noteStep(reload), error: () => {} });
  };
  const noteStep = (reload: ReloadActor): void => {
    const { context } = reload.getSnapshot();
    const before = reloads.get(reload);
    const facts = reloadFactsOf(reload);
    const isFirst = before === undefined;
    const isNext = isFirst || steps.get(facts.key) !== facts.step;
    if (isFrozen() || (!isNext && isSameReload(before, context))) return;
    reloads.set(reload, context);
    steps.set(facts.key, facts.step);
    const asked = reloadGuards.take(facts.key);
    const entry = entryOfReload(facts, now());
    history.append({
      ...entry,
      event: isNext ? entry.event : (asked?.event ?? "changed"),
      context: contextOf("reload", context) as Record<string, unknown>,
      cause: asked === undefined || isFirst ? null : { event: asked.event, id: asked.id },
      guards: asked?.guards ?? null,
    });
  };

  return {
    noteGod: ({ value, context: { apps: kept, latest } }) => {
      const states = leavesOf(value);
      if (god?.states === states && god.latest === latest) return;
      const before = god;
      god = { states, latest };
      isRestoring = before === undefined || before.states === "restoring";
      const { event, app } = eventOfGod(before, god);
      const names = firstOf(kept.keys(), mostNames);
      const more = kept.size - mostNames;
      history.append(
        historyEntry({
          at: now(),
          kind: "god",
          event,
          app,
          name: app,
          states,
          pid: process.pid,
          by: why,
          context: { apps: names, ...(more > 0 ? { more } : {}) },
        }),
      );
    },
    noteApp: (app) => {
      const { context, value } = app.getSnapshot();
      const before = apps.get(app);
      if (before?.context === context && before.value === value) return;
      const after = { context, value, states: leavesOf(value) };
      apps.set(app, after);
      if (context.reload !== null) followReload(context.reload);
      const event = eventOfApp(before, after);
      if (event === null || isFrozen()) return;
      const { spec, reloadSpec, key } = context;
      const isNew = before === undefined ? !isRestoring : spec !== before.context.spec;
      const isNewReload = reloadSpec !== null && reloadSpec !== before?.context.reloadSpec;
      history.append(
        historyEntry({
          at: now(),
          kind: "app",
          event,
          app: key,
          name: spec.name,
          states: after.states,
          context: {
            ...factsOfApp(context),
            ...(isNew ? { spec: tellSpec(spec) } : {}),
            ...(isNewReload && reloadSpec !== spec ? { reloadSpec: tellSpec(reloadSpec) } : {}),
          },
        }),
      );
    },
    noteReload: (facts) => {
      if (steps.get(facts.key) === facts.step) return;
      steps.set(facts.key, facts.step);
      history.append(entryOfReload(facts, now()));
    },
    noteLeaving: (reason) => {
      why = reason;
    },
  };
}

interface SeenApp {
  readonly context: AppContext;
  readonly value: unknown;
  readonly states: string;
}

/** What brought an app where it is, in the words of its chart; `null` when nothing has changed that is worth a record. */
export function eventOfApp(
  before: Omit<SeenApp, "value"> | undefined,
  after: Omit<SeenApp, "value">,
): string | null {
  if (before === undefined) return after.states === "declared" ? "declared" : "processes.add";
  const { context: was } = before;
  const { context: is } = after;
  if (was.reload === null && is.reload !== null) return "app.reload";
  if (was.reload !== null && is.reload === null) return "reload is done";
  if (was.revivals !== is.revivals) return "process fails";
  const count = (actors: object): number => Object.keys(actors).length;
  const more = (name: "processes" | "successors" | "leaving"): number =>
    was[name] === is[name] ? 0 : count(is[name]) - count(was[name]);
  const [processes, successors, leaving] = [more("processes"), more("successors"), more("leaving")];
  if (successors > 0) return "reload.launch";
  if (successors < 0 && leaving > 0) {
    return was.processes === is.processes ? "reload.discard" : "reload.promote";
  }
  if (successors < 0 && was.processes !== is.processes) return "reload.promote";
  if (processes > 0) return "processes.add";
  if (processes < 0 || leaving < 0 || successors < 0) return "process is done";
  if (was.spec !== is.spec) return "app.configure";
  return before.states === after.states ? null : "changed";
}

interface SeenGod {
  readonly states: string;
  readonly latest: AppsChange;
}

/** What brought God where it is, in the words of its chart, and the app that it was about. */
export function eventOfGod(
  before: SeenGod | undefined,
  after: SeenGod,
): { event: string; app: string } {
  if (before === undefined) return { event: "started", app: "" };
  if (before.states !== after.states) {
    const events: Readonly<Record<string, string>> = {
      running: "restore is done",
      shuttingDown: "shutDown",
      handedOver: "handOver",
      down: before.states === "running" ? "shutDown" : "app.gone",
    };
    return { event: events[after.states] ?? "changed", app: "" };
  }
  const added = after.latest.declared.at(-1);
  if (added !== undefined) return { event: "app.declare", app: added };
  const [gone] = after.latest.gone;
  return { event: gone === undefined ? "changed" : "app.gone", app: gone ?? "" };
}

function firstOf<T>(all: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const each of all) {
    if (first.length === count) break;
    first.push(each);
  }
  return first;
}

function isSameReload(before: ReloadContext | undefined, after: ReloadContext): boolean {
  if (before === undefined) return false;
  return (["pending", "batch", "done", "takenOut", "failure"] as const).every(
    (name) => before[name] === after[name],
  );
}
