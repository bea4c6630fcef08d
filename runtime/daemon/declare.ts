import type { AppActor, NewProcess } from "../../machines/app.ts";
import { contextFrom, factsFrom } from "../../machines/process-context.ts";
import { processKey } from "../../machines/lib/process-key.ts";
import type { AppSpec } from "../../machines/spec.ts";
import type { DeclareRequest, Outcome } from "../api/schemas.ts";
import { xmError } from "../errors.ts";
import { commandFor, outcomeOf, started, type CommandDependencies, type Tell } from "./commands.ts";
import { lowestFree, type Managed } from "./registry.ts";
import { assertSettled, reloadApp } from "./reload.ts";
import { shareEnvironment } from "./share.ts";
import { settled } from "./settle.ts";
import { changedSettings } from "./spec-changes.ts";

export interface DeclareDependencies extends CommandDependencies {
  readonly newSeed: () => number;
  /** One at a time: ids and names are given out and taken in one piece. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A validated `DeclareRequest`. */
export interface Declaration extends Omit<DeclareRequest, "apps"> {
  readonly apps: readonly AppSpec[];
}

/** What is under way for a process, and what it leads to. */
type Reached = Promise<Outcome | undefined>;

/** Processes started before others get a turn: a spawn blocks for a millisecond or two. */
const startsPerTurn = 8;

/** A small piece of work: no more than `startsPerTurn` processes. */
type Step = () => Reached[];

/**
 * Declares apps. New ones are started; known ones are restarted with what is declared now, refused, left or
 * copied. All of it is in the journal before the first program starts, so that a daemon killed in the middle
 * is followed by one that goes on.
 * @throws `ERR_ALREADY_RUNNING` (nothing was done then), `ERR_STATE_NOT_WRITABLE`.
 */
export async function declare(
  dependencies: DeclareDependencies,
  request: Declaration,
  tell: Tell,
): Promise<void> {
  const reached = await dependencies.exclusive(async () => {
    const plans = plan(dependencies, request);
    dependencies.store.assertWritable();
    const keys = new Set<string>();
    return takeSteps(
      plans.flatMap((each) => begin(dependencies, { ...each, by: request.by, keys })),
    );
  });
  await tellAll(dependencies, reached, tell);
}

/** Brings an app to so many processes: new ones get free numbers, the lowest ids go first (PM2). */
export async function scale(
  dependencies: DeclareDependencies,
  request: { app: AppActor; instances: number; by: string },
  tell: Tell,
): Promise<void> {
  const reached = await dependencies.exclusive(async () => {
    dependencies.store.assertWritable();
    return takeSteps(scaleNow(dependencies, request));
  });
  await tellAll(dependencies, reached, tell);
}

interface Plan {
  readonly spec: AppSpec;
  readonly known: AppActor | undefined;
  readonly treatment: "new" | "leave" | "restart" | "reload";
  readonly ids: readonly number[];
}

function plan({ registry }: DeclareDependencies, request: Declaration): Plan[] {
  const found = request.apps.map((declared) => {
    const spec = shareEnvironment(declared);
    return { spec, known: registry.appNamed(spec) };
  });
  for (const { spec, known } of found) {
    if (request.known === "refuse" && known !== undefined && registry.isRunning(known)) {
      throw xmError("ERR_ALREADY_RUNNING", { script: spec.script, name: spec.name });
    }
  }
  for (const { known } of found) {
    if (known !== undefined && (request.known === "reload" || request.known === "restart")) {
      assertSettled(known);
    }
  }
  const isNew = (known: AppActor | undefined): boolean =>
    known === undefined || request.known === "copy";
  const wanted = found.filter(({ known }) => isNew(known)).map(({ spec }) => spec.instances);
  const ids = registry.freeIds(wanted.reduce((sum, instances) => sum + instances, 0));
  return found.map(({ spec, known }) => {
    if (isNew(known)) return { spec, known, treatment: "new", ids: ids.splice(0, spec.instances) };
    const treatment =
      request.known === "leave" || request.known === "reload" ? request.known : "restart";
    return { spec, known, treatment, ids: [] };
  });
}

/** Takes steps one after the other and lets others have their turn between them. */
async function takeSteps(steps: readonly Step[]): Promise<Reached[]> {
  const reached: Reached[] = [];
  let turnBegan = 0;
  for (const step of steps) {
    reached.push(...step());
    if (reached.length - turnBegan < startsPerTurn) continue;
    turnBegan = reached.length;
    await new Promise((go) => {
      setImmediate(go);
    });
  }
  return reached;
}

/** Writes an app's declaration ahead and gives the steps that carry it out. */
function begin(
  dependencies: DeclareDependencies,
  each: Plan & { by: string; keys: Set<string> },
): Step[] {
  const { god, registry, store, now } = dependencies;
  const { spec, known, treatment, ids, by } = each;
  if (treatment === "new" || known === undefined) {
    const key = registry.freeKey(spec.name, each.keys);
    each.keys.add(key);
    const processes = newProcesses(dependencies, ids, []);
    store.append({ type: "app.declared", at: now(), app: { key, spec } });
    writeAhead(dependencies, { key, spec, processes });
    const [first = [], ...others] = batchesOf(processes);
    const declareFirst: Step = () => {
      god.send({ type: "app.declare", at: now(), app: { key, spec, processes: first } });
      return outcomesOfNew(dependencies, key, first);
    };
    return [declareFirst, ...addSteps(dependencies, key, others)];
  }
  if (treatment === "leave") {
    const result = { ok: true, message: "left as it is" };
    return [
      () =>
        registry
          .processesOf(known)
          .map((managed) => Promise.resolve(outcomeOf(managed, managed.facts, result))),
    ];
  }
  if (treatment === "reload") return [reloadStep(dependencies, { app: known, spec, by })];
  return redeclare(dependencies, { app: known, spec, by });
}

/** Reloads what there is with what is declared now; once that has succeeded the app gets its declared size. */
function reloadStep(
  dependencies: DeclareDependencies,
  { app, spec, by }: { app: AppActor; spec: AppSpec; by: string },
): Step {
  return () => {
    const { registry, exclusive } = dependencies;
    const { spec: before } = app.getSnapshot().context;
    const changed = changedSettings(before, spec);
    const current = registry.processesOf(app);
    const kept = current.slice(Math.max(0, current.length - spec.instances));
    const wanted = { ...spec, instances: before.instances };
    const reloaded = reloadApp(dependencies, {
      app,
      processes: kept,
      by,
      force: false,
      spec: wanted,
    });
    const scaled = reloaded.then(async (outcomes) => {
      if (outcomes.some(({ ok }) => !ok) || spec.instances === current.length) return [];
      const { instances } = spec;
      const steps = (): Promise<Reached[]> =>
        takeSteps(scaleNow(dependencies, { app, instances, by, spec }));
      return Promise.all(await exclusive(steps));
    });
    const others = Math.abs(spec.instances - current.length);
    return [
      ...kept.map(async (_, index) => {
        const outcome = (await reloaded)[index];
        return outcome && { ...outcome, changed };
      }),
      ...Array.from({ length: others }, async (_, index) => (await scaled)[index]),
    ];
  };
}

function redeclare(
  dependencies: DeclareDependencies,
  { app, spec, by }: { app: AppActor; spec: AppSpec; by: string },
): Step[] {
  const { god, registry, recorder, now } = dependencies;
  const { spec: before } = app.getSnapshot().context;
  const changed = changedSettings(before, spec);
  const current = registry.processesOf(app);
  const scaled = scaleNow(dependencies, { app, instances: spec.instances, by, spec });
  const kept = current.slice(Math.max(0, current.length - spec.instances));
  const restarts = kept.map((managed): Step => () => {
    recorder.cause(processKey(managed.facts), "restart");
    god.send(commandFor(managed, { type: "restart", at: now(), by }));
    const word = managed.facts.status === "online" ? "restarted" : "started";
    const reached = settled(managed.actor, ["starting", "stopping"]).then((after) =>
      outcomeOf(managed, after, { ...started(after, word), changed }),
    );
    return [reached];
  });
  return [...restarts, ...scaled];
}

function scaleNow(
  dependencies: DeclareDependencies,
  request: { app: AppActor; instances: number; by: string; spec?: AppSpec },
): Step[] {
  const { god, registry, store, recorder, now } = dependencies;
  const { app, instances, by } = request;
  const { key, spec: before } = app.getSnapshot().context;
  const spec = { ...(request.spec ?? before), instances };
  const current = registry.processesOf(app);
  const missing = Math.max(0, instances - current.length);
  const processes = newProcesses(dependencies, registry.freeIds(missing), current);
  store.append({ type: "app.declared", at: now(), app: { key, spec } });
  writeAhead(dependencies, { key, spec, processes });
  god.send({ type: "app.configure", at: now(), key, spec });

  const surplus = current.slice(0, Math.max(0, current.length - instances));
  const removals = surplus.map((managed): Step => () => {
    recorder.cause(processKey(managed.facts), "delete");
    god.send(commandFor(managed, { type: "remove", at: now(), by }));
    const reached = settled(managed.actor, ["stopping"]).then((after) =>
      outcomeOf(managed, after, { ok: true, message: "removed" }),
    );
    return [reached];
  });
  return [...removals, ...addSteps(dependencies, key, batchesOf(processes))];
}

/** The steps that add processes to an app, a batch each. */
function addSteps(
  dependencies: DeclareDependencies,
  key: string,
  batches: readonly (readonly NewProcess[])[],
): Step[] {
  const { god, now } = dependencies;
  return batches.map((processes) => () => {
    god.send({ type: "app.scaleUp", at: now(), key, processes });
    return outcomesOfNew(dependencies, key, processes);
  });
}

function batchesOf(processes: readonly NewProcess[]): NewProcess[][] {
  const batches: NewProcess[][] = [];
  for (let start = 0; start < processes.length; start += startsPerTurn) {
    batches.push(processes.slice(start, start + startsPerTurn));
  }
  return batches;
}

function outcomesOfNew(
  { registry }: DeclareDependencies,
  key: string,
  processes: readonly NewProcess[],
): Reached[] {
  const actors = registry.app(key)?.getSnapshot().context.processes ?? {};
  return processes.map(async ({ id }) => {
    const actor = actors[id];
    if (actor === undefined) throw xmError("ERR_DAEMON_LEAVING", undefined);
    const { spec } = actor.getSnapshot().context;
    const after = await settled(actor, ["starting", "stopping"]);
    const result = spec.autostart ? started(after, "started") : { ok: true, message: "declared" };
    return outcomeOf({ spec, facts: after }, after, result);
  });
}

async function tellAll(
  { store }: DeclareDependencies,
  reached: readonly Reached[],
  tell: Tell,
): Promise<void> {
  await Promise.all(
    reached.map(async (each) => {
      const outcome = await each;
      if (outcome === undefined) return;
      await store.flush();
      tell(outcome);
    }),
  );
}

/** What a new process is before its first life: enough for the next daemon to start it. */
function writeAhead(
  { store, now }: DeclareDependencies,
  app: { key: string; spec: AppSpec; processes: readonly NewProcess[] },
): void {
  const { key, spec, processes } = app;
  for (const { id, instance, seed, resume } of processes) {
    const context = contextFrom({ id, app: key, instance, spec, seed, at: now(), resume });
    const facts = factsFrom(context, spec.autostart ? "starting" : "stopped");
    store.append({ type: "process.changed", at: now(), event: "declared", facts });
  }
}

function newProcesses(
  { newSeed }: DeclareDependencies,
  ids: readonly number[],
  current: readonly Managed[],
): NewProcess[] {
  const numbers = lowestFree(new Set(current.map(({ facts }) => facts.instance)), ids.length);
  return ids.map((id, index) => ({
    id,
    instance: numbers[index] ?? index,
    seed: newSeed(),
    resume: null,
  }));
}
