import type { AppActor } from "../../../machines/app.ts";
import type { ReloadFacts } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Outcome, Progress, ReloadRequestBody } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { linesSince, sizeOf } from "../../host/log-files/last-lines.ts";
import { outcomeOf, settledSpec, type Tell } from "./commands.ts";
import type { Change } from "../records/recorder.ts";
import type { Managed } from "../registry/registry.ts";
import { changedSettings } from "./spec-changes.ts";
import type { CommandDependencies } from "../daemon.ts";

/** Told of each step of a reload as it is taken. */
export type TellProgress = (progress: Progress) => void;

/** Lines of the error log that go with the reason why a replacement failed. */
const shownLines = 20;

/**
 * Reloads processes, each app's in its own reload, and tells the outcome of each process at the end.
 * @throws `ERR_PROCESS_NOT_FOUND`, `ERR_RELOAD_UNDER_WAY`, `ERR_STATE_NOT_WRITABLE`; nothing was done then.
 */
export async function reload(
  dependencies: CommandDependencies,
  request: ReloadRequestBody,
  { tell, tellProgress }: { tell: Tell; tellProgress: TellProgress },
): Promise<void> {
  const { registry, store } = dependencies;
  const chosen = registry.processesWith(request.ids);
  const apps = new Map<AppActor, Managed[]>();
  for (const each of chosen) apps.set(each.app, [...(apps.get(each.app) ?? []), each]);
  for (const app of apps.keys()) assertSettled(app);
  store.assertWritable();
  const { by } = request;
  const force = request.force === true;
  await Promise.all(
    [...apps].map(async ([app, processes]) => {
      const { spec: before } = app.getSnapshot().context;
      const spec = settledSpec(app, request);
      const reached = await reloadApp(dependencies, {
        app,
        processes,
        by,
        force,
        spec,
        tellProgress,
      });
      await store.flush();
      const changed = request.settings === undefined ? [] : changedSettings(before, spec);
      for (const outcome of reached) tell(outcome.ok ? { ...outcome, changed } : outcome);
    }),
  );
}

/** @throws `ERR_RELOAD_UNDER_WAY` */
export function assertSettled(app: AppActor): void {
  const { reload: current, key } = app.getSnapshot().context;
  if (current === null) return;
  const { done, pending, batch } = current.getSnapshot().context;
  const total = done.length + pending.length + Object.keys(batch).length;
  throw xmError("ERR_RELOAD_UNDER_WAY", { app: key, done: done.length, total });
}

/** Runs one reload of an app to its end, whatever it is. */
export async function reloadApp(
  { god, recorder, registry, bus, now }: CommandDependencies,
  options: {
    readonly app: AppActor;
    readonly processes: readonly Managed[];
    readonly by: string;
    readonly force: boolean;
    /** What the replacements are made from; the app's own from its success on. */
    readonly spec: AppSpec;
    readonly tellProgress?: TellProgress;
  },
): Promise<Outcome[]> {
  const { app, processes, by, force, spec, tellProgress = () => {} } = options;
  const { key } = app.getSnapshot().context;
  const surge = spec.mode === "cluster" && spec.policy.reload.surge;
  const ids = processes.map(({ facts }) => facts.id);
  bus.expect(ids, spec);
  const sizes = new Map(
    processes.map(({ facts: { id } }) => [id, sizeOf(instanceLogPaths(spec, id).error)]),
  );
  // What follows from a change is told before it: a turn's worth is put in order.
  const told: Progress[] = [];
  const tellAll = (): void => {
    const rank = ({ progress }: Progress): number => order.indexOf(progress);
    for (const each of told.splice(0).sort((a, b) => rank(a) - rank(b))) tellProgress(each);
  };
  const unsubscribe = recorder.subscribe((change) => {
    if (change.facts.app !== key || !ids.includes(change.facts.id)) return;
    const progress = progressOf(change, spec.name);
    if (progress !== undefined) told.push(progress);
    if (told.length === 1) setImmediate(tellAll);
  });
  try {
    const facts = await new Promise<ReloadFacts>((resolve) => {
      const subscription = app.on("reload.moved", ({ facts: moved }) => {
        if (moved.step !== "succeeded" && moved.step !== "failed") return;
        subscription.unsubscribe();
        resolve(moved);
      });
      const request = { by, ids, surge, force, spec, resume: null };
      god.send({ type: "app.reload", at: now(), key, reload: request });
    });
    const event = by.includes("gracefulReload") ? "graceful reload" : "reload";
    for (const managed of registry.processesOf(app)) {
      if (facts.done.includes(managed.facts.id)) bus.command(event, managed);
    }
    return await Promise.all(
      processes.map((before) =>
        outcomeAfter({ app, before, facts, spec, fromBytes: sizes.get(before.facts.id) ?? 0 }),
      ),
    );
  } finally {
    unsubscribe();
    tellAll();
  }
}

const order: readonly Progress["progress"][] = [
  "ended",
  "starting",
  "ready",
  "late",
  "stopping",
  "draining",
];

async function outcomeAfter(options: {
  app: AppActor;
  before: Managed;
  facts: ReloadFacts;
  spec: AppSpec;
  fromBytes: number;
}): Promise<Outcome> {
  const { app, before, facts, spec, fromBytes } = options;
  const { id } = before.facts;
  const { context } = app.getSnapshot();
  const actor = context.processes[id];
  const snapshot = actor?.getSnapshot();
  const after = {
    ...before.facts,
    status: snapshot === undefined ? ("removed" as const) : statusOf(snapshot.tags),
    child: snapshot?.context.child ?? null,
  };
  const say = (ok: boolean, message: string): Outcome => outcomeOf(before, after, { ok, message });
  if (facts.failure?.id === id) {
    const lines = await linesSince(instanceLogPaths(spec, id).error, fromBytes, shownLines);
    const reason = `the replacement ${lowerFirst(facts.failure.reason)}`;
    const what = facts.surge
      ? `${reason}; the old one (pid ${after.child?.pid}) serves on`
      : facts.failure.reason;
    return say(false, [what, ...lines.map((line) => `  | ${line}`)].join("\n"));
  }
  if (facts.done.includes(id)) {
    if (facts.surge) return say(true, "reloaded");
    return say(
      true,
      spec.mode === "fork"
        ? "restarted: only a cluster can be reloaded without a gap"
        : "restarted",
    );
  }
  if (facts.takenOut.includes(id)) return say(true, "taken out of the reload by another command");
  return say(false, "left as it was: the reload has stopped");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function statusOf(tags: ReadonlySet<string>): Outcome["status"] {
  const [status = "stopped"] = tags;
  return status as Outcome["status"];
}

/** What a change of a process means for who watches a reload. */
function progressOf({ at, before, facts }: Change, name: string): Progress | undefined {
  const { id, child, status, goal, generation } = facts;
  const step = ((): Progress["progress"] | undefined => {
    if (before?.child != null && child === null) return "ended";
    if (before?.child == null && child !== null) return "starting";
    if (status === "online" && before?.status === "starting") {
      return facts.readiness === "late" ? "late" : "ready";
    }
    if (status === "stopping" && before?.status !== "stopping") {
      return goal === "remove" ? "draining" : "stopping";
    }
    return undefined;
  })();
  if (step === undefined) return undefined;
  const life = child ?? before?.child ?? null;
  const lived = life === null ? null : Math.max(0, at - life.at);
  return { progress: step, at, id, generation, name, pid: life?.pid ?? null, livedMs: lived };
}
