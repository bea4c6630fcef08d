import { nanoid } from "nanoid";
import { createActor } from "xstate";
import type { GodActor } from "../../machines/god.ts";
import { messageOf } from "../errors.ts";
import type { HomePaths } from "../home/paths.ts";
import { createSampler, type Sampler } from "../metrics/sampler.ts";
import type { Children } from "../process/sources.ts";
import type { StateStore } from "../state/store.ts";
import { wireGod } from "../wire.ts";
import type { AppActor } from "../../machines/app.ts";
import type { DeclareDependencies } from "./declare.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { planRestore } from "./restore.ts";

/** Everything the API acts on. */
export interface Daemon extends DeclareDependencies {
  readonly paths: HomePaths;
  readonly startedAt: number;
  readonly god: GodActor;
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly store: StateStore;
  readonly sampler: Sampler;
  readonly children: Children;
  /** What was repaired, adopted or lost when it came up. */
  readonly notes: readonly string[];
  /** Resolves once the root machine runs. */
  readonly isRestored: Promise<void>;
  /** The shell that brings the daemon back; `null` when there is none. */
  readonly watchdogPid: () => number | null;
  /** Stops every process and forgets it; resolves when all are gone. */
  readonly stopEverything: (by: string) => Promise<void>;
}

/** PM2's name for how often the memory is checked; ms. */
const workerIntervalMs = Number(process.env["PM2_WORKER_INTERVAL"]) || 30_000;

/** Brings the root machine up over a store: what ran is adopted, what waited waits on. */
export function startDaemon(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly wasRebooted: boolean;
  readonly watchdogPid: () => number | null;
  readonly log: (line: string) => void;
}): Daemon {
  const { paths, store, wasRebooted, log } = options;
  const now = (): number => Date.now();
  const startedAt = now();
  const children: Children = new Map();
  const sampler = createSampler();
  const recorder = createRecorder({ store, now, log });
  const plan = planRestore({
    restored: store.restored,
    home: paths.home,
    wasRebooted,
    at: startedAt,
  });

  const machine = wireGod({
    home: paths.home,
    children,
    newLifeId: () => nanoid(12),
    now,
    sensors: { sampler, workerIntervalMs },
    onFact: (id, event) => recorder.cause(id, event.type),
    restore: () => Promise.resolve(plan),
  });
  const god = createActor(machine);
  const registry = createRegistry(god);
  observe({ god, recorder, store, now, log });
  const isRestored = new Promise<void>((resolve) => {
    const subscription = god.subscribe({
      next: (snapshot) => {
        if (!snapshot.matches("running")) return;
        subscription.unsubscribe();
        resolve();
      },
      error: (error) => log(`the root machine failed: ${messageOf(error)}`),
    });
  });
  god.start();

  let last: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
  const newSeed = (): number => Math.floor(Math.random() * 2 ** 31);
  const stopEverything = (by: string): Promise<void> => {
    god.send({ type: "shutDown", at: now(), by });
    return new Promise((resolve) => {
      god.subscribe({ complete: resolve, error: () => resolve() });
    });
  };
  const { notes } = plan;
  const { watchdogPid } = options;
  return {
    watchdogPid,
    stopEverything,
    paths,
    startedAt,
    god,
    registry,
    recorder,
    store,
    sampler,
    children,
    notes,
    isRestored,
    now,
    newSeed,
    exclusive,
  };
}

/** Watches every app and every process from its first moment on, and keeps the journal of them. */
function observe(options: {
  god: GodActor;
  recorder: Recorder;
  store: StateStore;
  now: () => number;
  log: (line: string) => void;
}): void {
  const { god, recorder, store, now, log } = options;
  const apps = new WeakSet<AppActor>();
  const processes = new WeakSet<object>();

  const observeProcesses = (app: AppActor): void => {
    for (const actor of Object.values(app.getSnapshot().context.processes)) {
      if (processes.has(actor)) continue;
      processes.add(actor);
      recorder.observe(actor);
      actor.on("unexpected", ({ event }) =>
        log(
          `can't happen: process ${actor.getSnapshot().context.id} got ${event} in ${JSON.stringify(actor.getSnapshot().value)}`,
        ),
      );
    }
  };
  const observeApp = (app: AppActor): void => {
    if (apps.has(app)) return;
    apps.add(app);
    app.subscribe({ next: () => observeProcesses(app), error: () => {} });
    app.on("broken", ({ id, message, revived }) =>
      log(`${id} broke: ${message}; ${revived ? "it was made anew" : "it is left out"}`),
    );
    observeProcesses(app);
  };
  god.subscribe(({ context }) => {
    for (const app of Object.values(context.apps)) observeApp(app);
  });
  god.on("app.gone", ({ key }) => {
    if (!recorder.isFrozen()) store.append({ type: "app.removed", at: now(), key });
  });
  god.on("broken", ({ id, message }) => log(`${id} broke: ${message}`));
}
