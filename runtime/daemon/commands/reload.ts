import type { AppActor } from "../../../machines/app.ts";
import type { ProcessFacts, ReloadFacts } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { commandInFront } from "../../host/node-program.ts";
import type { Outcome, Progress, ReloadRequestBody } from "../../contract/api/schemas.ts";
import { duration } from "../../../machines/lib/words.ts";
import { xmError } from "../../contract/errors.ts";
import { shownTime } from "../../host/clock.ts";
import { instanceLogPaths } from "../../host/log-files/paths.ts";
import { linesSince, sizeOf } from "../../host/log-files/last-lines.ts";
import type { LifeReport } from "../../../machines/process-events.ts";
import { settledSpec, type Tell } from "./commands.ts";
import { done, failed, lowerFirst, outcomeOf, type Result } from "./outcomes.ts";
import type { Managed } from "../registry/registry.ts";
import { changedSettings } from "../registry/spec-changes.ts";
import type { CommandDependencies } from "../daemon.ts";

/** Told of each step of a reload as it is taken. */
export type TellProgress = (progress: Progress) => void;

/** What the deadlines of its processes are given beyond their time before the call ends: a balancer starts in 20 s. ms. */
const overdueMs = 30_000;

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
  const event = eventOf(request.kind);
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
        event,
        tellProgress,
      });
      await store.flush();
      const changed = request.settings === undefined ? [] : changedSettings(before, spec);
      for (const outcome of reached) tell(outcome.ok ? { ...outcome, changed } : outcome);
    }),
  );
}

/** What a reload is called on the bus. */
export function eventOf(kind: ReloadRequestBody["kind"]): "reload" | "graceful reload" {
  return kind === "graceful" ? "graceful reload" : "reload";
}

/** @throws `ERR_RELOAD_UNDER_WAY` */
export function assertSettled(app: AppActor): void {
  const { reload: current, key } = app.getSnapshot().context;
  if (current === null) return;
  const { done, pending, batch } = current.getSnapshot().context;
  const total = done.length + pending.length + Object.keys(batch).length;
  throw xmError("ERR_RELOAD_UNDER_WAY", { app: key, done: done.length, total });
}

/** What an app's reload comes to: its facts, or why it could not begin. */
type Ended = { readonly facts: ReloadFacts } | { readonly why: string };

/** Runs one reload of an app to its end, whatever it is. */
export async function reloadApp(
  { god, registry, bus, now }: CommandDependencies,
  options: {
    readonly app: AppActor;
    readonly processes: readonly Managed[];
    readonly by: string;
    readonly force: boolean;
    /** What the replacements are made from; the app's own from its success on. */
    readonly spec: AppSpec;
    /** What it is called on the bus; `reload` by default. */
    readonly event?: "reload" | "graceful reload";
    readonly tellProgress?: TellProgress;
  },
): Promise<Outcome[]> {
  const { app, processes, by, force, spec, event = "reload", tellProgress = () => {} } = options;
  const { key } = app.getSnapshot().context;
  const surge = spec.mode === "cluster" && spec.policy.reload.surge;
  const ids = processes.map(({ facts }) => facts.id);
  bus.expect(ids, spec);
  const sizes = new Map(
    processes.map(({ facts: { id } }) => [id, sizeOf(instanceLogPaths(spec, id).error)]),
  );
  const steps = app.on("reload.stepped", ({ report }) => {
    if (ids.includes(report.id)) tellProgress(progressOf(report, spec.name));
  });
  try {
    const ended = await new Promise<Ended>((resolve) => {
      const subscriptions = [
        app.on("reload.moved", ({ facts }) => {
          if (facts.step === "succeeded" || facts.step === "failed") end({ facts });
          else wait();
        }),
        app.on("reload.refused", ({ why }) => end({ why })),
        app.subscribe({
          complete: () => end({ why: "the app was deleted" }),
          error: () => end({ why: "its state machine has failed, see the daemon's log" }),
        }),
      ];
      const { listenTimeoutMs, killTimeoutMs, drainTimeoutMs } = spec.policy;
      const quietMs = listenTimeoutMs + Math.max(killTimeoutMs, drainTimeoutMs) + overdueMs;
      const why = `nothing has happened for ${duration(quietMs)}: it is still in progress; \`xm ls\` shows how far it is`;
      const { _clock: clock } = app.system;
      let timer: unknown;
      const wait = (): void => {
        clock.clearTimeout(timer);
        timer = clock.setTimeout(() => end({ why }), Math.min(quietMs, 2 ** 31 - 1));
      };
      const end = (how: Ended): void => {
        clock.clearTimeout(timer);
        for (const each of subscriptions) each.unsubscribe();
        resolve(how);
      };
      wait();
      subscriptions.push(app.on("reload.stepped", wait));
      if (app.getSnapshot().status !== "active") {
        end({ why: "the app was deleted" });
        return;
      }
      const request = { by, ids, surge, force, spec, resume: null };
      god.send({ type: "app.reload", at: now(), key, reload: request });
    });
    if (!("facts" in ended)) {
      const { why } = ended;
      return processes.map((before) => outcomeOf(before, statusAfter(app, before), failed(why)));
    }
    const { facts } = ended;
    for (const managed of registry.processesOf(app)) {
      if (facts.done.includes(managed.facts.id)) bus.command(event, managed);
    }
    return await Promise.all(
      processes.map((before) =>
        outcomeAfter({ app, before, facts, spec, fromBytes: sizes.get(before.facts.id) ?? 0 }),
      ),
    );
  } finally {
    steps.unsubscribe();
  }
}

async function outcomeAfter(options: {
  app: AppActor;
  before: Managed;
  facts: ReloadFacts;
  spec: AppSpec;
  fromBytes: number;
}): Promise<Outcome> {
  const { app, before, facts, spec, fromBytes } = options;
  const { id } = before.facts;
  const after = statusAfter(app, before);
  const say = (result: Result): Outcome => outcomeOf(before, after, result);
  if (facts.failure?.id === id) {
    // One that is late is alive, and has no last words yet.
    const words =
      facts.failure.lastWords ??
      (await linesSince(instanceLogPaths(spec, id).error, fromBytes, shownLines));
    const reason = `the replacement ${lowerFirst(facts.failure.reason)}`;
    const pid = after.child?.pid;
    const left =
      pid === undefined
        ? "the old one is not running either"
        : `the old one (pid ${pid}) keeps serving`;
    return say(failed(facts.surge ? `${reason}; ${left}` : facts.failure.reason, words));
  }
  if (facts.done.includes(id)) {
    if (facts.surge) return say(done("reloaded"));
    const note = `restarted: ${whyWithGap(spec)}`;
    return say(
      spec.mode === "fork" ? done("restarted", note, note) : done("restarted", "restarted"),
    );
  }
  if (facts.takenOut.includes(id)) {
    const note = "taken out of the reload by another command";
    return say({ ok: true, kind: "overtaken", message: note, note });
  }
  return say(failed("unchanged: the reload was aborted"));
}

/** Why there was a time without service. */
function whyWithGap(spec: AppSpec): string {
  const command = commandInFront(spec);
  const why = "only clusters reload without downtime";
  return command === undefined
    ? why
    : `${command} starts the app as a process of its own, and ${why}`;
}

function statusAfter(app: AppActor, before: Managed): ProcessFacts {
  const snapshot = app.getSnapshot().context.processes[before.facts.id]?.getSnapshot();
  return {
    ...before.facts,
    status: snapshot === undefined ? "removed" : statusOf(snapshot.tags),
    child: snapshot?.context.child ?? null,
  };
}

function statusOf(tags: ReadonlySet<string>): Outcome["status"] {
  const [status = "stopped"] = tags;
  return status as Outcome["status"];
}

/** What a report of a process means for the watcher of a reload. */
function progressOf(report: LifeReport, name: string): Progress {
  const { at, id, generation, pid, livedMs } = report;
  return { progress: stepOf(report), at: shownTime(at), id, generation, name, pid, livedMs };
}

function stepOf(report: LifeReport): Progress["progress"] {
  switch (report.type) {
    case "process.spawned":
      return "starting";
    case "process.ready":
      return report.isLate ? "late" : "ready";
    case "process.stopping":
      return report.removal === "replaced" ? "draining" : "stopping";
    case "process.ended":
      return "ended";
  }
}
