import type { AppActor } from "../../../machines/app.ts";
import type { Command, Waits } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { GodEvent } from "../../../machines/god.ts";
import type { ProcessFacts, ProcessStatus } from "../../../machines/facts.ts";
import type { ActionRequest, Outcome } from "../../contract/api/schemas.ts";
import { messageOf } from "../../contract/errors.ts";
import { flushLogs } from "../../host/log-files/flush.ts";
import { ownedFiles } from "../../host/log-files/paths.ts";
import type { StateStore } from "../state/store.ts";
import type { Managed } from "../registry/registry.ts";
import {
  areStopped,
  assertDependencies,
  dependentsOf,
  givenUpFor,
  type Dependents,
  neededFor,
  renewedFor,
  wavesOf,
} from "./order.ts";
import type { CommandEvent } from "../bus/bus.ts";
import {
  deleted,
  done,
  failed,
  outcomeOf,
  started,
  startedFrom,
  stopped,
  type Result,
} from "./outcomes.ts";
import { settled, type Settled } from "./settled.ts";
import { shareEnvironment } from "../registry/balancer-share.ts";
import { changedSettings } from "../registry/spec-changes.ts";
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
    passing: ["pending", "starting", "stopping"],
    done: startedFrom,
    told: "start",
  },
  restart: {
    command: ({ by, args }, at) => ({
      type: "restart",
      at,
      by,
      ...(args === undefined ? {} : { args }),
    }),
    passing: ["pending", "starting", "stopping"],
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
    command: ({ by }, at) => ({ type: "reset", at, by }),
    passing: [],
    done: () => done("reset", "counters reset"),
  },
};

/**
 * Applies an action to processes, all at once, and tells each outcome when it is reached and on disk.
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
  assertSettings(dependencies, chosen, request);
  const changes = configure(dependencies, chosen, request);
  const { action } = request;
  const reached = await performInOrder(dependencies, chosen, {
    request: { ...request, action },
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

/** What depends on something is stopped before it, and started after it; what is missing of it is started too. */
async function performInOrder(
  dependencies: CommandDependencies,
  chosen: readonly Managed[],
  {
    request,
    changes,
  }: { request: ActionRequest & { action: keyof typeof actions }; changes: Changes },
): Promise<Promise<Outcome>[]> {
  const { registry } = dependencies;
  const { action, ignoresDependencies = false } = request;
  const isStart = action === "start" || action === "restart";
  const reached: Promise<Outcome>[] = [];
  const waits = ignoresDependencies ? { ignoresDependencies } : {};
  if (isStart && !ignoresDependencies) {
    const specs = [...new Set(chosen.map(({ app }) => app))].map(specOf);
    const ids = new Set(chosen.map(({ facts }) => facts.id));
    const needed = neededFor(registry, specs).filter(({ facts }) => !ids.has(facts.id));
    reached.push(...(await perform(dependencies, needed, { action: "start", request, changes })));
  }
  const waves = action === "reset" || action === "start" ? [chosen] : wavesOf(chosen);
  for (const [index, wave] of waves.entries()) {
    const of = (managed: Managed): Waits =>
      action === "restart" && waves.length > 1
        ? { ...waits, renewed: renewedFor(managed, chosen) }
        : waits;
    reached.push(...(await perform(dependencies, wave, { action, request, changes, waits: of })));
    if (index < waves.length - 1) await areStopped(wave);
  }
  if (isStart) {
    const givenUp = givenUpFor(registry, chosen);
    reached.push(...(await perform(dependencies, givenUp, { action: "start", request, changes })));
  }
  const left = action === "stop" || action === "delete" ? dependentsOf(registry, chosen) : [];
  return left.length === 0 ? reached : reached.map((each) => withWarning(each, left));
}

async function withWarning(
  reached: Promise<Outcome>,
  left: readonly Dependents[],
): Promise<Outcome> {
  const outcome = await reached;
  const dependents = left.find(({ of }) => of === outcome.name)?.names ?? [];
  if (!outcome.ok || dependents.length === 0) return outcome;
  const one = dependents.length === 1;
  const warning = `${dependents.join(", ")} ${one ? "depends" : "depend"} on it and ${one ? "keeps" : "keep"} running`;
  return { ...outcome, warning };
}

function specOf(app: AppActor): AppSpec {
  return app.getSnapshot().context.spec;
}

type Changes = ReadonlyMap<AppActor, string[]>;

/** Processes commanded before others get a turn; a start among them takes a millisecond or two. */
const commandsPerTurn = 25;

/** Sends a command to processes and returns the outcome of each; in an array, so that they are not awaited yet. */
async function perform(
  { god, bus, now }: CommandDependencies,
  chosen: readonly Managed[],
  {
    action: name,
    request,
    changes,
    waits = () => ({}),
  }: {
    action: keyof typeof actions;
    request: ActionRequest;
    changes: Changes;
    /** What each of them learns about its dependencies. */
    waits?: (managed: Managed) => Waits;
  },
): Promise<Promise<Outcome>[]> {
  const action = actions[name];
  const command = action.command(request, now());
  const reached: Promise<Outcome>[] = [];
  for (const [index, managed] of chosen.entries()) {
    god.send(commandFor(managed, { ...command, ...waits(managed) }));
    const outcome = settled(managed.actor, action.passing, managed.facts).then((end) => {
      if (action.told !== undefined) bus.command(action.told, managed, end.facts);
      const changed = changes.get(managed.app) ?? [];
      return outcomeOf(managed, end.facts, { ...action.done(managed.facts, end), changed });
    });
    // It is awaited after the last command, and may fail before that.
    outcome.catch(() => {});
    reached.push(outcome);
    if (index % commandsPerTurn === commandsPerTurn - 1) {
      await new Promise((go) => {
        setImmediate(go);
      });
    }
  }
  return reached;
}

/** @throws `ERR_DEPENDENCY_CIRCLE`, `ERR_DEPENDENCY_UNKNOWN` for what a request declares. */
function assertSettings(
  { registry }: CommandDependencies,
  chosen: readonly Managed[],
  request: ActionRequest,
): void {
  if (request.settings === undefined) return;
  const changed = [...new Set(chosen.map(({ app }) => app))].map((app) =>
    settledSpec(app, request),
  );
  assertDependencies(registry, changed, { mayBeUnknown: request.ignoresDependencies === true });
}

/**
 * Applies a request's settings to the apps of the chosen processes, and merges its variables into their environment.
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
