import type { SnapshotFrom } from "xstate";
import type { AppActor } from "../../../machines/app.ts";
import type { AppContext } from "../../../machines/app-context.ts";
import type { ReloadFacts } from "../../../machines/facts.ts";
import type { AppsChange, godMachine } from "../../../machines/god.ts";
import type { GroupActor } from "../../../machines/group.ts";
import { reloadFactsOf, type ReloadActor } from "../../../machines/reload.ts";
import type { ReloadContext } from "../../../machines/reload-events.ts";
import type { History } from "./history.ts";
import { historyEntry } from "../../contract/history.ts";
import { contextOf, factsOfApp, tellSpec } from "./context.ts";
import { leavesOf } from "./recorder.ts";
import type { ReloadGuards } from "./reload-guards.ts";
import { entryOfReload } from "./entries.ts";
import type { Given } from "./observed.ts";

/** Keeps what God, the apps and their reloads do, beside what `recorder.ts` keeps of the processes: for people who look back. */
export interface MachineHistory {
  /** What God has made of an event; without one, where it begins. */
  noteGod(snapshot: SnapshotFrom<typeof godMachine>, given?: Given): void;
  /** What an app has made of an event, and a reload's first moment; without one, where it is met first. */
  noteApp(app: AppActor, given?: Given): void;
  /** What a group has made of an event; without one, where it is met first. */
  noteGroup(group: GroupActor, given?: Given): void;
  /** What a reload has made of an event. */
  noteStep(reload: ReloadActor, given: Given): void;
  /** A reload as its app reports it: a failed reload machine reports nothing itself. */
  noteReload(facts: ReloadFacts): void;
  /** Why God leaves. */
  noteLeaving(why: string): void;
}

/** Apps that a record of God names; of a God with more it says how many. */
const mostNames = 100;

/** Only a change is recorded: an event that changes nothing costs two comparisons. */
export function createMachineHistory(options: {
  readonly history: Pick<History, "append">;
  readonly reloadGuards: ReloadGuards;
  readonly now: () => number;
  /** Whether God exits and the next one starts again what it stops. */
  readonly isFrozen: () => boolean;
}): MachineHistory {
  const { history, reloadGuards, now, isFrozen } = options;
  let god: SeenGod | undefined;
  /** What is first seen during its start existed before. */
  let isRestoring = true;
  let why: string | null = null;
  const apps = new WeakMap<AppActor, SeenApp>();
  /** The states that each group was recorded in last, and the app whose turn it was. */
  const groups = new WeakMap<GroupActor, string>();
  const reloads = new WeakMap<ReloadActor, ReloadContext>();
  /** The step that each app's reload was recorded in last. */
  const steps = new Map<string, string>();

  const meetReload = (reload: ReloadActor): void => {
    if (reloads.has(reload)) return;
    reload.subscribe({ error: () => {} });
    noteStep(reload);
  };
  const noteStep = (reload: ReloadActor, given?: Given): void => {
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
      event: isNext ? entry.event : (given?.type ?? "changed"),
      context: contextOf("reload", context) as Record<string, unknown>,
      cause: given === undefined || isFirst ? null : { event: given.type, id: idIn(given) },
      guards: asked?.guards ?? null,
    });
  };

  return {
    noteGod: ({ value, context: { apps: kept, latest } }, given) => {
      const states = leavesOf(value);
      if (god?.states === states && god.latest === latest) return;
      const before = god;
      god = { states, latest };
      isRestoring = before === undefined || before.states === "restoring";
      const { event, app } = eventOfGod(before, god, given);
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
    noteApp: (app, given) => {
      const { context, value } = app.getSnapshot();
      const before = apps.get(app);
      if (before?.context === context && before.value === value) return;
      const after = { context, value, states: leavesOf(value) };
      apps.set(app, after);
      if (context.reload !== null) meetReload(context.reload);
      const event = eventOfApp(before, after, given);
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
    noteGroup: (group, given) => {
      const snapshot = group.getSnapshot();
      const { context, value } = snapshot;
      const states = leavesOf(value);
      const next = context.round?.next ?? "";
      const isSame = groups.get(group) === `${states} ${next}`;
      groups.set(group, `${states} ${next}`);
      if (isSame || isFrozen() || states === "resuming") return;
      const { name } = context.place.spec;
      history.append(
        historyEntry({
          at: now(),
          kind: "group",
          event: given?.type ?? "declared",
          name,
          states,
          by: context.why,
          context: contextOf("group", context) as Record<string, unknown>,
        }),
      );
    },
    noteStep,
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
function eventOfApp(
  before: Omit<SeenApp, "value"> | undefined,
  after: Omit<SeenApp, "value">,
  given: Given | undefined,
): string | null {
  if (before === undefined) return after.states === "declared" ? "declared" : "processes.add";
  if (!isNews(before, after)) return null;
  // A command asks for it, or a sensor that has tripped.
  if (before.context.reload === null && after.context.reload !== null) return "app.reload";
  const [, how, what] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(given?.type ?? "") ?? [];
  if (how === undefined) return given?.type ?? "changed";
  const who = what === "reload" ? "reload" : "process";
  return how === "done" ? `${who} is done` : `${who} fails`;
}

/** Whether an app keeps others than before, or keeps them otherwise. */
function isNews(before: Omit<SeenApp, "value">, after: Omit<SeenApp, "value">): boolean {
  const { context: was } = before;
  const { context: is } = after;
  const count = (actors: object): number => Object.keys(actors).length;
  return (
    before.states !== after.states ||
    was.spec !== is.spec ||
    was.revivals !== is.revivals ||
    (was.reload === null) !== (is.reload === null) ||
    (["processes", "successors", "leaving"] as const).some(
      (name) => was[name] !== is[name] && count(was[name]) !== count(is[name]),
    )
  );
}

interface SeenGod {
  readonly states: string;
  readonly latest: AppsChange;
}

/** What brought God where it is, in the words of its chart, and the app that it was about. */
export function eventOfGod(
  before: SeenGod | undefined,
  after: SeenGod,
  given: Given | undefined,
): { event: string; app: string } {
  if (before === undefined) return { event: "started", app: "" };
  const [, done] = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(given?.type ?? "") ?? [];
  const ended = done === "restore" ? "restore is done" : "app.gone";
  const event = done === undefined ? (given?.type ?? "changed") : ended;
  if (before.states !== after.states) return { event, app: "" };
  return { event, app: after.latest.declared.at(-1) ?? after.latest.gone[0] ?? "" };
}

/** The process that a reload was told of. */
function idIn(given: Given): number | null {
  return (given as Given & { readonly id?: number }).id ?? null;
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
