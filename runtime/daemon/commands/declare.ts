import type { AppActor } from "../../../machines/app.ts";
import type { DeclaredApp } from "../../../machines/god.ts";
import type { Waits } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { DeclareRequest } from "../../contract/api/schemas.ts";
import { xmError } from "../../contract/errors.ts";
import { commandFor, type Tell } from "./commands.ts";
import {
  gateAfter,
  orderOf,
  startNeeded,
  startStep,
  type Order,
  type Plan,
} from "./declare-order.ts";
import { joiningGroups } from "./groups.ts";
import { assertDependencies } from "./order.ts";
import { done, outcomeOf, started, startedFrom } from "./outcomes.ts";
import type { Managed, Registry } from "../registry/registry.ts";
import { assertSettled, eventOf, reloadApp } from "./reload.ts";
import {
  addSteps,
  batchesOf,
  inTurns,
  newProcesses,
  outcomesOfNew,
  scaleNow,
  startsPerStep,
  takeSteps,
  tellAll,
  writeAhead,
  type Reached,
  type Step,
} from "./steps.ts";
import { shareEnvironment } from "../registry/balancer-share.ts";
import { settled } from "./settled.ts";
import { changedSettings } from "../registry/spec-changes.ts";
import type { DeclareDependencies } from "../daemon.ts";

/** A validated `DeclareRequest`. */
export interface Declaration extends Omit<DeclareRequest, "apps"> {
  readonly apps: readonly AppSpec[];
}

/**
 * Declares apps. New ones are started; known ones are restarted with what is declared now, refused, left or
 * copied. All of it is in the journal before the first program starts, so that a daemon killed in the middle
 * is followed by one that continues.
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
    const { by, kind } = request;
    const order = orderOf(plans, request.ignoresDependencies === true, dependencies.now());
    const parts: Part[] = startNeeded(dependencies, plans, request);
    for (const [index, wave] of order.waves.entries()) {
      const begun = await inTurns(wave, (each) =>
        begin(dependencies, { ...each, by, kind, keys, order, starts: request.known === "start" }),
      );
      parts.push(...begun.flat());
      if (index < order.waves.length - 1) parts.push(...gateAfter(dependencies, wave));
    }
    return takeSteps(dependencies, stepsFrom(dependencies, parts));
  });
  await tellAll(dependencies, reached, tell);
}

function plan({ registry }: DeclareDependencies, request: Declaration): Plan[] {
  const specs = joiningGroups(registry, request.apps.map(shareEnvironment));
  assertDependencies(registry, specs, { mayBeUnknown: request.ignoresDependencies === true });
  const found = request.known === "refuse" ? withScripts(registry, specs) : named(registry, specs);
  for (const { spec, known } of found) {
    if (request.known === "refuse" && known !== undefined && registry.isRunning(known)) {
      throw xmError("ERR_ALREADY_RUNNING", { script: spec.script, name: spec.name });
    }
  }
  for (const { known } of found) {
    if (known !== undefined && ["reload", "restart", "start"].includes(request.known)) {
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

interface Found {
  readonly spec: AppSpec;
  readonly known: AppActor | undefined;
}

/** A script is known by its name, namespace and path: another script of the same name is another app (PM2). */
function withScripts(registry: Registry, specs: readonly AppSpec[]): Found[] {
  return specs.map((spec) => {
    const known = registry
      .appsCalled(spec.name)
      .find((app) => isInNamespace(app, spec) && specOf(app).script === spec.script);
    return { spec, known };
  });
}

/** The apps of a file are known by name and namespace, and one that has changed its namespace by its name. */
function named(registry: Registry, specs: readonly AppSpec[]): Found[] {
  const taken = new Set<AppActor>();
  const called = new Map<string, AppActor[]>();
  for (const app of registry.apps()) {
    const { name } = specOf(app);
    const same = called.get(name);
    if (same === undefined) called.set(name, [app]);
    else same.push(app);
  }
  const take = (spec: AppSpec, mayBe: (app: AppActor) => boolean): AppActor | undefined => {
    const found = called.get(spec.name)?.find((app) => !taken.has(app) && mayBe(app));
    if (found !== undefined) taken.add(found);
    return found;
  };
  const exact = specs.map((spec) => take(spec, (app) => isInNamespace(app, spec)));
  return specs.map((spec, index) => ({ spec, known: exact[index] ?? take(spec, () => true) }));
}

function isInNamespace(app: AppActor, { namespace }: AppSpec): boolean {
  return specOf(app).namespace === namespace;
}

function specOf(app: AppActor): AppSpec {
  return app.getSnapshot().context.spec;
}

/** Writes an app's declaration ahead and gives what carries it out. */
function begin(
  dependencies: DeclareDependencies,
  each: Plan & {
    by: string;
    kind: Declaration["kind"];
    keys: Set<string>;
    order: Order;
    /** Jobs are started, and not restarted. */
    starts: boolean;
  },
): Part[] {
  const { registry, store, now } = dependencies;
  const { spec, known, treatment, ids, by, kind, order } = each;
  if (treatment === "new" || known === undefined) {
    const key = registry.freeKey(spec.name, each.keys);
    each.keys.add(key);
    const processes = newProcesses(dependencies, ids, [], order.firstWaits(spec));
    store.append({ type: "app.declared", at: now(), app: { key, spec } });
    writeAhead(dependencies, { key, spec, processes });
    const [first = [], ...others] = batchesOf(processes);
    return [
      { key, spec, processes: first },
      ...addSteps(dependencies, key, others),
      ...(order.isNeeded(spec) ? [startStep(dependencies, key, by)] : []),
    ];
  }
  if (treatment === "leave") {
    return [() => registry.processesOf(known).map(leftAsItIs)];
  }
  if (treatment === "reload") return [reloadStep(dependencies, { app: known, spec, by, kind })];
  const type = each.starts && spec.policy.restart.job !== undefined ? "start" : "restart";
  return redeclare(dependencies, { app: known, spec, by, type, waits: order.waits(spec) });
}

/** An app to declare, or a step. */
type Part = DeclaredApp | Step;

/** How many apps are declared at once when they start nothing. */
const appsPerTurn = 32;

/** The parts as steps in their order; apps that follow one another are declared together. */
function stepsFrom(dependencies: DeclareDependencies, parts: readonly Part[]): Step[] {
  const steps: Step[] = [];
  let together: DeclaredApp[] = [];
  let starts = 0;
  const close = (): void => {
    if (together.length > 0) steps.push(declareStep(dependencies, together));
    together = [];
    starts = 0;
  };
  for (const part of parts) {
    if (typeof part === "function") {
      close();
      steps.push(part);
      continue;
    }
    const { spec, processes } = part;
    const more = spec.autostart ? processes.length : 0;
    if (starts + more > startsPerStep || together.length === appsPerTurn) close();
    together.push(part);
    starts += more;
  }
  close();
  return steps;
}

function declareStep(dependencies: DeclareDependencies, apps: readonly DeclaredApp[]): Step {
  const { god, now } = dependencies;
  return () => {
    god.send({ type: "app.declare", at: now(), apps });
    return apps.flatMap(({ key, processes }) => outcomesOfNew(dependencies, key, processes));
  };
}

/** Waits for an action in progress: a call that continues another's work learns its outcome. */
async function leftAsItIs(managed: Managed): Reached {
  const unchanged = done("unchanged", "left unchanged");
  const isStarting = ["pending", "starting"].includes(managed.facts.status);
  if (!isStarting) return outcomeOf(managed, managed.facts, unchanged);
  const end = await settled(managed.actor, ["pending", "starting", "stopping"], managed.facts);
  return outcomeOf(managed, end.facts, started(end, "started"));
}

/** Reloads what there is with what is declared now; once that has succeeded the app gets its declared size. */
function reloadStep(
  dependencies: DeclareDependencies,
  options: { app: AppActor; spec: AppSpec; by: string; kind: Declaration["kind"] },
): Step {
  return () => {
    const { app, spec, by, kind } = options;
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
      event: eventOf(kind),
    });
    const scaled = reloaded.then(async (outcomes) => {
      if (outcomes.some(({ ok }) => !ok) || spec.instances === current.length) return [];
      const { instances } = spec;
      const steps = (): Promise<Reached[]> =>
        takeSteps(dependencies, scaleNow(dependencies, { app, instances, by, spec }));
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
  {
    app,
    spec,
    by,
    type,
    waits,
  }: { app: AppActor; spec: AppSpec; by: string; type: "start" | "restart"; waits: Waits },
): Step[] {
  const { god, registry, bus, now } = dependencies;
  const { spec: before } = app.getSnapshot().context;
  const changed = changedSettings(before, spec);
  const current = registry.processesOf(app);
  const scaled = scaleNow(dependencies, { app, instances: spec.instances, by, spec });
  const kept = current.slice(Math.max(0, current.length - spec.instances));
  const restarts = kept.map((managed): Step => () => {
    god.send(commandFor(managed, { type, at: now(), by, ...waits }));
    const word = managed.facts.status === "online" ? "restarted" : "started";
    const { actor, facts } = managed;
    const reached = settled(actor, ["pending", "starting", "stopping"], facts).then((end) => {
      bus.command(type, { ...managed, spec }, end.facts);
      const result = type === "start" ? startedFrom(facts, end) : started(end, word);
      return outcomeOf(managed, end.facts, { ...result, changed });
    });
    return [reached];
  });
  return [...restarts, ...scaled];
}
