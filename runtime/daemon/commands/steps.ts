import { randomUUID } from "node:crypto";
import type { AppActor, NewProcess } from "../../../machines/app.ts";
import { contextFrom, factsFrom } from "../../../machines/process-context.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Outcome } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import { commandFor, type Tell } from "./commands.ts";
import { deleted, done, outcomeOf, started } from "./outcomes.ts";
import { lowestFree, type Managed } from "../registry/registry.ts";
import { settled } from "./settled.ts";
import type { DeclareDependencies } from "../daemon.ts";

/** What is in progress for a process, and what it leads to. */
export type Reached = Promise<Outcome | undefined>;

/** Processes that a step starts: a spawn blocks for a millisecond or two, on a machine with too much to do for fifty. */
export const startsPerStep = 2;

/** Others get a turn after this number of starts, or after this time (ms). */
const startsPerTurn = 8;
const turnMs = 20;

/** A small piece of work: no more than `startsPerStep` processes. */
export type Step = () => Reached[] | Promise<Reached[]>;

/** Scales an app to N processes: new ones get free numbers, the lowest ids go first (PM2). */
export async function scale(
  dependencies: DeclareDependencies,
  request: { app: AppActor; instances: number; by: string },
  tell: Tell,
): Promise<void> {
  const { name, policy } = request.app.getSnapshot().context.spec;
  if (policy.restart.job !== undefined && request.instances !== 1)
    throw xmError("ERR_JOB_NOT_SCALED", { name });
  const reached = await dependencies.exclusive(async () => {
    dependencies.store.assertWritable();
    return takeSteps(dependencies, scaleNow(dependencies, request));
  });
  await tellAll(dependencies, reached, tell);
}

export function scaleNow(
  dependencies: DeclareDependencies,
  request: { app: AppActor; instances: number; by: string; spec?: AppSpec },
): Step[] {
  const { god, registry, store, bus, now } = dependencies;
  const { app, instances, by } = request;
  const { key, spec: before } = app.getSnapshot().context;
  const spec = { ...(request.spec ?? before), instances };
  const current = registry.processesOf(app);
  const missing = Math.max(0, instances - current.length);
  const processes = newProcesses(dependencies, registry.freeIds(missing), current);
  store.append({ type: "app.declared", at: now(), app: { key, spec } });
  writeAhead(dependencies, { key, spec, processes });
  bus.expect(
    current.map(({ facts }) => facts.id),
    spec,
  );
  god.send({ type: "app.configure", at: now(), key, spec });

  const surplus = current.slice(0, Math.max(0, current.length - instances));
  const removals = surplus.map((managed): Step => () => {
    god.send(commandFor(managed, { type: "remove", at: now(), by, why: "scaledDown" }));
    const reached = settled(managed.actor, ["stopping"], managed.facts).then((end) => {
      bus.command("delete", managed, end.facts);
      return outcomeOf(managed, end.facts, deleted(end));
    });
    return [reached];
  });
  return [...removals, ...addSteps(dependencies, key, batchesOf(processes))];
}

/** The steps that add processes to an app, a batch each. */
export function addSteps(
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

export function batchesOf(processes: readonly NewProcess[]): NewProcess[][] {
  const batches: NewProcess[][] = [];
  for (let start = 0; start < processes.length; start += startsPerStep) {
    batches.push(processes.slice(start, start + startsPerStep));
  }
  return batches;
}

export function outcomesOfNew(
  { registry, bus }: DeclareDependencies,
  key: string,
  processes: readonly NewProcess[],
): Reached[] {
  const app = registry.app(key);
  const actors = app?.getSnapshot().context.processes ?? {};
  return processes.map(async ({ id }) => {
    const actor = actors[id];
    if (app === undefined || actor === undefined) throw xmError("ERR_DAEMON_LEAVING", undefined);
    const { spec } = actor.getSnapshot().context;
    const end = await settled(actor, ["pending", "starting", "stopping"], { decisions: [] });
    const { facts: after } = end;
    if (spec.autostart) bus.command("start", { actor, app, spec, facts: after });
    const result = spec.autostart ? started(end, "started") : done("declared");
    return outcomeOf({ spec, facts: after }, after, result);
  });
}

export async function tellAll(
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
export function writeAhead(
  { store, bus, now }: DeclareDependencies,
  app: { key: string; spec: AppSpec; processes: readonly NewProcess[] },
): void {
  const { key, spec, processes } = app;
  bus.expect(
    processes.map(({ id }) => id),
    spec,
  );
  for (const process of processes) {
    const context = contextFrom({ ...process, app: key, spec, at: now() });
    const facts = factsFrom(context, spec.autostart ? "starting" : "stopped");
    store.append({ type: "process.changed", at: now(), event: "declared", facts });
  }
}

export function newProcesses(
  { newSeed }: DeclareDependencies,
  ids: readonly number[],
  current: readonly Managed[],
  waits: Pick<NewProcess, "waits"> = {},
): NewProcess[] {
  const numbers = lowestFree(new Set(current.map(({ facts }) => facts.instance)), ids.length);
  return ids.map((id, index) => ({
    id,
    instance: numbers[index] ?? index,
    seed: newSeed(),
    uniqueId: randomUUID(),
    resume: null,
    ...waits,
  }));
}

/** Done before others get a turn, of what takes a fraction of a millisecond each. */
const mostPerTurn = 50;

/** Does something for each, in order, and lets others have their turn in between. */
export async function inTurns<T, U>(all: readonly T[], work: (each: T) => U): Promise<U[]> {
  const results: U[] = [];
  for (const each of all) {
    results.push(work(each));
    if (results.length % mostPerTurn === 0) await nextTurn();
  }
  return results;
}

export function nextTurn(): Promise<void> {
  return new Promise((go) => {
    setImmediate(go);
  });
}

/**
 * Takes steps one after the other and lets others have their turn between them.
 * @throws `ERR_DAEMON_LEAVING` once the daemon ends: nothing more is started then.
 */
export async function takeSteps(
  { god }: Pick<DeclareDependencies, "god">,
  steps: readonly Step[],
): Promise<Reached[]> {
  const reached: Reached[] = [];
  let before = 0;
  let began = performance.now();
  for (const step of steps) {
    if (!god.getSnapshot().matches("running")) throw xmError("ERR_DAEMON_LEAVING", undefined);
    const more = step();
    // A step that waits for what must be over before the next one.
    const begun = Array.isArray(more) ? more : await more;
    // They are awaited after the last step, and may fail before that.
    for (const each of begun) each.catch(() => {});
    reached.push(...begun);
    const isShort = performance.now() - began < turnMs;
    if (isShort && reached.length - before < startsPerTurn) continue;
    await nextTurn();
    before = reached.length;
    began = performance.now();
  }
  return reached;
}
