import { processKey } from "../../../machines/lib/process-key.ts";
import type { AppActor } from "../../../machines/app.ts";
import type { Command } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { GodEvent } from "../../../machines/god.ts";
import type { ProcessFacts, ProcessStatus } from "../../../machines/facts.ts";
import type { ActionRequest, Outcome } from "../../contract/api/schemas.ts";
import { messageOf } from "../../contract/errors.ts";
import { flushLogs } from "../../host/log-files/flush.ts";
import { ownedFiles } from "../../host/log-files/paths.ts";
import type { StateStore } from "../state/store.ts";
import type { Managed } from "../registry/registry.ts";
import type { CommandEvent } from "../bus/bus.ts";
import { deleted, done, failed, outcomeOf, started, stopped, type Result } from "./outcomes.ts";
import { settled, type Settled } from "./settled.ts";
import { shareEnvironment } from "../registry/balancer-share.ts";
import { changedSettings } from "./spec-changes.ts";
import type { CommandDependencies } from "../daemon.ts";

/** Told of each outcome once it is on disk. */
export type Tell = (outcome: Outcome) => void;

interface Action {
  readonly command: (request: ActionRequest, at: number) => Command;
  /** The states a process passes through on its way. */
  readonly passing: readonly ProcessStatus[];
  readonly done: (before: ProcessFacts, end: Settled) => Result;
  /** What it is called on the bus. */
  readonly told?: CommandEvent;
}

const actions: Readonly<Record<Exclude<ActionRequest["action"], "flush">, Action>> = {
  start: {
    command: ({ by }, at) => ({ type: "start", at, by }),
    passing: ["starting", "stopping"],
    done: (before, end) =>
      before.status === "online" ? done("unchanged", "already online") : started(end, "started"),
    told: "start",
  },
  restart: {
    command: ({ by }, at) => ({ type: "restart", at, by }),
    passing: ["starting", "stopping"],
    done: (before, end) => started(end, before.status === "online" ? "restarted" : "started"),
    told: "restart",
  },
  stop: {
    command: ({ by }, at) => ({ type: "stop", at, by }),
    passing: ["stopping"],
    done: stopped,
    told: "stop",
  },
  delete: {
    command: ({ by }, at) => ({ type: "remove", at, by }),
    passing: ["stopping"],
    done: (_, end) => deleted(end),
    told: "delete",
  },
  reset: {
    command: (_, at) => ({ type: "reset", at }),
    passing: [],
    done: () => done("reset", "counters reset"),
  },
};

/**
 * Does one thing to some processes, all at once, and tells each outcome when it is reached and on disk.
 * @throws `ERR_PROCESS_NOT_FOUND` for the first unknown id, `ERR_STATE_NOT_WRITABLE`; nothing was done then. A stop and
 * a deletion are possible on any disk: where they cannot be written down, their outcome says it.
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
      const result =
        notes.length === 0 ? done("flushed", "logs emptied") : failed(notes.join("; "));
      tell(outcomeOf(managed, managed.facts, result));
    }
    return;
  }
  const mayBeUnwritten = request.action === "stop" || request.action === "delete";
  if (!mayBeUnwritten || request.settings !== undefined) store.assertWritable();
  const changes = configure(dependencies, chosen, request);
  const reached = await perform(dependencies, chosen, actions[request.action], {
    request,
    changes,
  });
  await Promise.all(
    reached.map(async (each) => {
      const outcome = await each;
      tell(mayBeUnwritten ? await written(store, outcome) : await flushed(store, outcome));
    }),
  );
}

async function flushed(store: StateStore, outcome: Outcome): Promise<Outcome> {
  await store.flush();
  return outcome;
}

/** An outcome, and that the next daemon will not know of it when the disk does not take it. */
async function written(store: StateStore, outcome: Outcome): Promise<Outcome> {
  try {
    return await flushed(store, outcome);
  } catch (error) {
    const warning = `${outcome.message}, but this could not be saved; until it is, the next daemon may start it again: ${messageOf(error)}`;
    return { ...outcome, warning };
  }
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
      settled(managed.actor, action.passing, managed.facts).then((end) => {
        if (action.told !== undefined) bus.command(action.told, managed, end.facts);
        const changed = changes.get(managed.app) ?? [];
        return outcomeOf(managed, end.facts, { ...action.done(managed.facts, end), changed });
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
