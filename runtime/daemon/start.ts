import { setTimeout as pause } from "node:timers/promises";
import { createAppProfiles } from "./metrics/app-profiles.ts";
import { nanoid } from "nanoid";
import { createActor } from "xstate";
import type { GodActor } from "../../machines/god.ts";
import { messageOf, xmError } from "../contract/errors.ts";
import { createCalls } from "./registry/calls.ts";
import type { HomePaths } from "../host/home/paths.ts";
import { createBalancers } from "./balancers/balancers.ts";
import { openHistory } from "./records/history.ts";
import { historyEntry } from "../contract/history.ts";
import { createGuardLog } from "./records/guard-log.ts";
import { createComplaints } from "../host/complaints.ts";
import { createCarrier } from "./log-carrier/carrier.ts";
import { createLane } from "./log-lane/lane.ts";
import { createLinks } from "./app-links/server.ts";
import { createCustomMetrics } from "./metrics/custom.ts";
import type { ChildServices } from "./children/contract.ts";
import { endLeftOver } from "./children/left-over.ts";
import { takeException } from "./children/exception.ts";
import { removeStdin, sweepStdin } from "./children/stdin.ts";
import { takeExitCode } from "./children/exit-code.ts";
import { createGivenFiles } from "./children/given-files.ts";
import { createQuestions } from "./probes/questions.ts";
import { createSampler } from "./metrics/sampler.ts";
import { createUsage, usageKey } from "./metrics/usage.ts";
import { createUsageFiles } from "./metrics/usage-files.ts";
import type { Children } from "./children/sources.ts";
import { processKey } from "../../machines/lib/process-key.ts";
import { instancePidFile, logFilesOf } from "../host/log-files/paths.ts";
import type { StateStore } from "./state/store.ts";
import { wireGod } from "./wire.ts";
import type { ReloadFacts } from "../../machines/facts.ts";
import type { AppActor } from "../../machines/app.ts";
import { createMachineHistory, type MachineHistory } from "./records/machine-history.ts";
import { entryOfChange } from "./records/entries.ts";
import { createBus } from "./bus/bus.ts";
import { createRecorder, type Recorder } from "./records/recorder.ts";
import { createRegistry } from "./registry/registry.ts";
import { createReloadGuards } from "./records/reload-guards.ts";
import { createHomeRule } from "./rotation/home-rule.ts";
import { createRotations } from "./rotation/rotations.ts";
import { createRotator } from "./rotation/rotator.ts";
import { planRestore } from "./restore.ts";
import type { Daemon } from "./daemon.ts";
import { steadyNow } from "../host/clock.ts";

/** A command that the daemon's end interrupts is over by then; ms. */
const interruptedWithinMs = 1_000;

/** PM2's name for how often the memory is checked; ms. */
const workerIntervalMs = Number(process.env["PM2_WORKER_INTERVAL"]) || 30_000;

/** The programs that run in or beside apps. */
export interface Programs {
  readonly preload: string;
  readonly balancer: string;
  readonly lane: string;
  readonly rotator: string;
}

/** Brings the root machine up over a store: what ran is adopted, what waited waits on. */
export async function startDaemon(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly wasRebooted: boolean;
  readonly watchdogPid: () => number | null;
  readonly programs: Programs;
  readonly log: (line: string) => void;
}): Promise<Daemon> {
  const { paths, store, wasRebooted, log } = options;
  const now = steadyNow;
  const wall = (): number => Date.now();
  const startedAt = now();
  const complain = createComplaints(log, now);
  const given = createGivenFiles();
  const children: Children = new Map();
  const sampler = createSampler(
    () =>
      new Set(
        [...children.values()].flatMap(({ isInFront, fact }) =>
          isInFront && fact !== undefined ? [fact.pid] : [],
        ),
      ),
  );
  const usage = createUsage({
    sampler,
    living: () =>
      registry
        .processes()
        .flatMap(({ facts }) =>
          facts.child === null ? [] : [{ key: usageKey(facts), pid: facts.child.pid }],
        ),
    files: createUsageFiles(paths.usage, complain),
    wall,
    complain,
    sampleMs: Math.min(10_000, workerIntervalMs),
  });
  const recorder = createRecorder({ store, now, log });
  const custom = createCustomMetrics();
  const profiles = createAppProfiles();
  const history = openHistory({ folder: paths.history, now: wall, log });
  history.append(historyEntry({ at: wall(), kind: "daemon", event: "started", pid: process.pid }));
  const { preload, balancer: program } = options.programs;
  const links = createLinks(paths.links, log);
  const balancers = createBalancers({ folder: paths.balancers, program, home: paths.home, log });
  const lane = createLane({ folder: paths.pipes, program: options.programs.lane, log });
  const carrier = createCarrier({ folder: paths.carried, complain, log });
  const services: ChildServices = {
    links,
    balancers,
    lane,
    settleLogs: () => carrier.settle(),
    preload,
    linkSocket: paths.links,
    exits: paths.exits,
    stdin: paths.stdin,
    complain,
    given,
  };
  lane.find();
  carrier.find();
  const mayTrustOld = store.restored.apps.every(
    ({ spec }) => spec.uid === null && spec.gid === null,
  );
  const ends = await balancers.find({ mayTrustOld });
  const plan = planRestore({
    restored: store.restored,
    home: paths.home,
    wasRebooted,
    at: startedAt,
    endOf: (lifeId) => ends.get(lifeId) ?? takeExitCode(paths.exits, lifeId),
    exceptionOf: (lifeId) => takeException(paths.exits, lifeId),
  });

  const guardLog = createGuardLog(wall);
  const reloadGuards = createReloadGuards();
  const machine = wireGod({
    home: paths.home,
    children,
    services,
    newLifeId: () => nanoid(12),
    now,
    log,
    sensors: {
      sampler,
      usage,
      workerIntervalMs,
      log,
      now,
      beats: (lifeId) => custom.beats(lifeId),
      questions: createQuestions(),
    },
    ownFiles: () =>
      new Set(
        registry
          .processes()
          .flatMap(({ spec, facts: { id } }) => [
            ...logFilesOf(spec, id),
            instancePidFile(spec, id),
          ]),
      ),
    onFact: (key, event) =>
      recorder.cause(key, {
        event: event.type,
        ...("by" in event ? { by: event.by } : {}),
        ...("sensor" in event ? { sensor: event.sensor } : {}),
      }),
    onSaid: ({ id, lifeId }, message) => {
      custom.hear(lifeId, message);
      profiles.hear(lifeId, message);
      bus.heard(id, message);
      if (message.type === "unwritable") {
        const { stream, why } = message;
        const name = registry.processes().find(({ facts }) => facts.id === id)?.spec.name ?? "";
        complain(`${id} ${stream}`, `${name} (${id}): output to ${stream} is lost: ${why}`);
      }
    },
    restore: async () => {
      await endLeftOver(plan.ended, log);
      return plan;
    },
    guardLog,
    reloadGuards,
    god: (): GodActor => god,
  });
  const god: GodActor = createActor(machine);
  const registry = createRegistry(god);
  const bus = createBus({ registry, recorder, custom, now: wall });
  const isFrozen = (): boolean => recorder.isFrozen();
  const machines = createMachineHistory({ history, reloadGuards, now: wall, isFrozen });
  observe({ god, recorder, store, machines, now, log });
  god.on("app.gone", ({ key }) => balancers.end(key));
  recorder.subscribe((change) => {
    const { before, facts } = change;
    history.append(entryOfChange(change));
    const ended = before?.child?.lifeId;
    if (ended !== undefined && (facts.child?.lifeId !== ended || facts.status === "removed")) {
      custom.forget(ended);
      profiles.forget(ended);
      removeStdin(paths.stdin, ended);
      given.forget(ended);
    }
  });
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
  void isRestored.then(() => {
    balancers.confirm();
    sweepStdin(paths.stdin, new Set([...children.values()].map(({ fact }) => fact?.lifeId)));
    return links.listen();
  });

  let last: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
  const newSeed = (): number => Math.floor(Math.random() * 2 ** 31);
  const calls = createCalls();
  const stopEverything = async (by: string): Promise<void> => {
    calls.end(xmError("ERR_DAEMON_LEAVING", undefined));
    machines.noteLeaving(by);
    god.send({ type: "shutDown", at: now(), by });
    await new Promise<void>((resolve) => {
      god.subscribe({ complete: resolve, error: () => resolve() });
    });
    await balancers.quit();
    await lane.quit();
  };
  const forgetEverything = async (): Promise<void> => {
    // A start that is under way has declared apps in advance; it ends with its next step.
    await Promise.race([exclusive(() => Promise.resolve()), pause(interruptedWithinMs)]);
    for (const key of store.appKeys()) store.append({ type: "app.removed", at: now(), key });
  };
  const handOver = (by: string): void => {
    calls.end(xmError("ERR_DAEMON_REPLACED", undefined));
    machines.noteLeaving(by);
    god.send({ type: "handOver", at: now() });
  };
  const rotations = createRotations({
    processes: () => registry.processes(),
    homeRule: createHomeRule(paths.settings, log),
    logsFolder: paths.logs,
    folder: paths.rotation,
    lane,
    rotator: createRotator({
      program: options.programs.rotator,
      folder: paths.rotation,
      live: () => registry.processes().flatMap(({ spec, facts }) => logFilesOf(spec, facts.id)),
      log,
    }),
    complain,
    now: wall,
  });
  const { notes } = plan;
  const { watchdogPid } = options;
  return {
    watchdogPid,
    stopEverything,
    forgetEverything,
    handOver,
    paths,
    startedAt,
    god,
    registry,
    recorder,
    store,
    sampler,
    usage,
    history,
    custom,
    profiles,
    bus,
    children,
    guardLog,
    calls,
    lane,
    carrier,
    rotations,
    given,
    notes,
    isRestored,
    now,
    wall,
    newSeed,
    exclusive,
  };
}

/** Watches every app and every process from its first moment on, and keeps the journal of them. */
function observe(options: {
  god: GodActor;
  recorder: Recorder;
  store: StateStore;
  machines: MachineHistory;
  now: () => number;
  log: (line: string) => void;
}): void {
  const { god, recorder, store, machines, now, log } = options;
  const apps = new WeakSet<AppActor>();
  const processes = new WeakSet<object>();

  const observeProcesses = (app: AppActor): void => {
    const { processes: current, successors, leaving } = app.getSnapshot().context;
    for (const actor of [current, successors, leaving].flatMap((each) => Object.values(each))) {
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
  const rememberReload = (app: AppActor, facts: ReloadFacts): void => {
    if (recorder.isFrozen()) return;
    const { key, spec, reloadSpec } = app.getSnapshot().context;
    const at = now();
    const isOwn = reloadSpec === null || reloadSpec === spec;
    if (facts.step === "succeeded") store.append({ type: "app.declared", at, app: { key, spec } });
    machines.noteReload(facts);
    store.append({ type: "reload.changed", at, reload: facts, spec: isOwn ? null : reloadSpec });
    if (facts.failure !== null && facts.step === "failed") {
      log(`reload of ${key}: process ${facts.failure.id}: ${facts.failure.reason}`);
    }
  };
  const observeApp = (app: AppActor): void => {
    if (apps.has(app)) return;
    apps.add(app);
    const look = (): void => {
      machines.noteApp(app);
      observeProcesses(app);
    };
    app.subscribe({ next: look, error: () => {} });
    app.on("broken", ({ id, message, revived }) =>
      log(`${id} failed: ${message}; ${revived ? "recreated" : "dropped"}`),
    );
    app.on("reload.moved", ({ facts }) => rememberReload(app, facts));
    app.on("restart.tripped", ({ by, sensor, ...process }) =>
      recorder.cause(processKey(process), { event: "restart", by, sensor }),
    );
    const { key } = app.getSnapshot().context;
    app.on("sensor.failed", ({ sensor, reason }) => log(`${key}: ${sensor}: ${reason}`));
    app.on("sensor.recovered", ({ sensor }) => log(`${key}: ${sensor}: works again`));
    look();
  };
  let seen: unknown;
  god.subscribe((snapshot) => {
    machines.noteGod(snapshot);
    const { apps: kept, latest } = snapshot.context;
    if (latest === seen) return;
    seen = latest;
    for (const key of latest.declared) {
      const app = kept.get(key);
      if (app !== undefined) observeApp(app);
    }
  });
  god.on("app.gone", ({ key }) => {
    if (!recorder.isFrozen()) store.append({ type: "app.removed", at: now(), key });
  });
  god.on("broken", ({ id, message }) => log(`${id} failed: ${message}`));
}
