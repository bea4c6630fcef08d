import { processKey } from "../../../machines/lib/process-key.ts";
import type { AppActor } from "../../../machines/app.ts";
import type { Command } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { GodEvent } from "../../../machines/god.ts";
import type { ProcessFacts, ProcessStatus } from "../../../machines/facts.ts";
import type { ActionRequest, Outcome } from "../../contract/api/schemas.ts";
import { flushLogs } from "../../host/log-files/flush.ts";
import { ownedFiles } from "../../host/log-files/paths.ts";
import type { Managed } from "../registry/registry.ts";
import type { CommandEvent } from "../bus/bus.ts";
import { settled } from "./settled.ts";
import { shareEnvironment } from "../registry/balancer-share.ts";
import { changedSettings } from "./spec-changes.ts";
import type { CommandDependencies } from "../daemon.ts";

/** Told of each outcome once it is on disk. */
export type Tell = (outcome: Outcome) => void;

interface Action {
  readonly command: (request: ActionRequest, at: number) => Command;
  /** The states a process passes through on its way. */
  readonly passing: readonly ProcessStatus[];
  readonly done: (before: ProcessFacts, after: ProcessFacts) => { ok: boolean; message: string };
  /** What it is called on the bus. */
  readonly told?: CommandEvent;
}

const actions: Readonly<Record<Exclude<ActionRequest["action"], "flush">, Action>> = {
  start: {
    command: ({ by }, at) => ({ type: "start", at, by }),
    passing: ["starting", "stopping"],
    done: (before, after) =>
      before.status === "online"
        ? { ok: true, message: "already online" }
        : started(after, "started"),
    told: "start",
  },
  restart: {
    command: ({ by }, at) => ({ type: "restart", at, by }),
    passing: ["starting", "stopping"],
    done: (before, after) => started(after, before.status === "online" ? "restarted" : "started"),
    told: "restart",
  },
  stop: {
    command: ({ by }, at) => ({ type: "stop", at, by }),
    passing: ["stopping"],
    done: (before, after) => ({
      ok: after.status === "stopped" || after.status === "removed",
      message: before.status === "stopped" ? "already stopped" : after.status,
    }),
    told: "stop",
  },
  delete: {
    command: ({ by }, at) => ({ type: "remove", at, by }),
    passing: ["stopping"],
    done: (_, after) => ({ ok: after.status === "removed", message: "deleted" }),
    told: "delete",
  },
  reset: {
    command: (_, at) => ({ type: "reset", at }),
    passing: [],
    done: () => ({ ok: true, message: "counters reset" }),
  },
};

/**
 * Does one thing to some processes, all at once, and tells each outcome when it is reached and on disk.
 * @throws `ERR_PROCESS_NOT_FOUND` for the first unknown id, `ERR_STATE_NOT_WRITABLE`; nothing was done then.
 */
export async function act(
  dependencies: CommandDependencies,
  request: ActionRequest,
  tell: Tell,
): Promise<void> {
  const { registry, store } = dependencies;
  const chosen = registry.processesWith(request.ids);
  if (request.action === "flush") {
    for (const managed of chosen) {
      const { notes } = flushLogs(ownedFiles(managed.spec, managed.facts.id));
      const message = notes.length === 0 ? "logs emptied" : notes.join("; ");
      tell(outcomeOf(managed, managed.facts, { ok: notes.length === 0, message }));
    }
    return;
  }
  store.assertWritable();
  const changes = configure(dependencies, chosen, request);
  const reached = await perform(dependencies, chosen, actions[request.action], {
    request,
    changes,
  });
  await Promise.all(
    reached.map(async (each) => {
      const outcome = await each;
      await store.flush();
      tell(outcome);
    }),
  );
}

/** Processes commanded before others get a turn; a start among them takes a millisecond or two. */
const commandsPerTurn = 25;

/** Sends a command to processes and gives what becomes of each; in an array, so that nobody waits for them yet. */
async function perform(
  { god, recorder, bus, now }: CommandDependencies,
  chosen: readonly Managed[],
  action: Action,
  { request, changes }: { request: ActionRequest; changes: ReadonlyMap<AppActor, string[]> },
): Promise<Promise<Outcome>[]> {
  const command = action.command(request, now());
  const reached: Promise<Outcome>[] = [];
  for (const [index, managed] of chosen.entries()) {
    recorder.cause(processKey(managed.facts), { event: request.action, by: request.by });
    god.send(commandFor(managed, command));
    reached.push(
      settled(managed.actor, action.passing).then((after) => {
        if (action.told !== undefined) bus.command(action.told, managed, after);
        const changed = changes.get(managed.app) ?? [];
        return outcomeOf(managed, after, { ...action.done(managed.facts, after), changed });
      }),
    );
    if (index % commandsPerTurn === commandsPerTurn - 1) {
      await new Promise((go) => {
        setImmediate(go);
      });
    }
  }
  return reached;
}

/**
 * Gives the apps of the chosen processes what a request says of them, and their environment what it merges over it.
 * @returns the names of the settings that changed, for apps that were given any.
 */
function configure(
  { god, store, now }: CommandDependencies,
  chosen: readonly Managed[],
  request: Pick<ActionRequest, "env" | "settings">,
): Map<AppActor, string[]> {
  const changes = new Map<AppActor, string[]>();
  for (const app of new Set(chosen.map((managed) => managed.app))) {
    const { key, spec } = app.getSnapshot().context;
    const updated = settledSpec(app, request);
    if (updated === spec) continue;
    store.append({ type: "app.declared", at: now(), app: { key, spec: updated } });
    god.send({ type: "app.configure", at: now(), key, spec: updated });
    if (request.settings !== undefined) changes.set(app, changedSettings(spec, updated));
  }
  return changes;
}

/** What an app is once a request's settings and variables are over it; its size is another command's. */
export function settledSpec(
  app: AppActor,
  { env, settings }: Pick<ActionRequest, "env" | "settings">,
): AppSpec {
  const { key, spec } = app.getSnapshot().context;
  const given = settings?.find((each) => each.key === key)?.spec;
  if (given === undefined && env === undefined) return spec;
  const wanted = given === undefined ? spec : { ...given, instances: spec.instances };
  return shareEnvironment({ ...wanted, env: { ...wanted.env, ...env } });
}

export function commandFor(managed: Managed, command: Command): GodEvent {
  return { type: "processes.command", key: managed.facts.app, ids: [managed.facts.id], command };
}

export function outcomeOf(
  managed: Pick<Managed, "spec" | "facts">,
  after: ProcessFacts,
  result: { ok: boolean; message: string; changed?: readonly string[] },
): Outcome {
  return {
    id: managed.facts.id,
    name: managed.spec.name,
    ok: result.ok,
    message: result.message,
    changed: [...(result.changed ?? [])],
    status: after.status,
    pid: after.child?.pid ?? null,
  };
}

/** A start succeeds when it ends online; a program that ended by itself, and was meant to, has started too. */
export function started(after: ProcessFacts, word: string): { ok: boolean; message: string } {
  const last = after.decisions.at(-1);
  if (after.status === "errored") {
    return { ok: false, message: after.failure?.message ?? last?.sentence ?? "errored" };
  }
  if (after.status === "waiting") return { ok: true, message: `${word}; ${last?.sentence ?? ""}` };
  return { ok: true, message: word };
}
