import { setTimeout as pause } from "node:timers/promises";
import { messageOf, xmError } from "../contract/errors.ts";
import type { GodActor } from "../../machines/god.ts";
import type { HomePaths } from "../host/home/paths.ts";
import { logFilesOf } from "../host/log-files/paths.ts";
import { takeException } from "./children/exception.ts";
import { takeExitCode } from "./children/exit-code.ts";
import { removeStdin, sweepStdin } from "./children/stdin.ts";
import type { Daemon } from "./daemon.ts";
import { createParts, type Parts } from "./parts.ts";
import { entryOfChange } from "./records/entries.ts";
import { createCalls } from "./registry/calls.ts";
import { planRestore, type Plan } from "./restore.ts";
import { createRoot, type Root } from "./root.ts";
import { createHomeRules } from "./rotation/home-rule.ts";
import { createRotations, type Rotations } from "./rotation/rotations.ts";
import type { AppSpec } from "../../machines/spec.ts";
import { createNotifier, type Declared, type Notifier } from "./notify/notifier.ts";
import { createRotator } from "./rotation/rotator.ts";
import { createServices, type Programs } from "./services.ts";
import type { StateStore } from "./state/store.ts";

/** A command that the daemon's end interrupts is over by then; ms. */
const interruptedWithinMs = 1_000;

/** How often it tries to remove the groups of what is about to exit. */
const groupTries = 15;

type Services = ReturnType<typeof createServices>;

/** Brings the root machine up over a store: what ran is adopted, what waited waits on. */
export async function startDaemon(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly wasRebooted: boolean;
  readonly watchdogPid: () => number | null;
  readonly programs: Programs;
  readonly log: (line: string) => void;
}): Promise<Daemon> {
  const { paths, store, wasRebooted, programs, watchdogPid, log } = options;
  const parts = createParts({ paths, store, log });
  const { now, complain, given } = parts;
  const startedAt = now();
  const beside = createServices({ paths, programs, given, complain, log });
  const plan = await findWhatRuns({ paths, store, wasRebooted, at: startedAt, beside });
  const root = createRoot({ paths, store, parts, services: beside.services, plan, log });
  const { god, registry, bus, guardLog, usage } = root;
  const exclusive = oneAtATime();
  god.on("app.gone", ({ key }) => beside.balancers.end(key));
  keepHistory(parts, paths);
  const notifier = notifierOf({ parts, paths, program: programs.notifier, root, log });
  const isRestored = restored(god, log);
  god.start();
  void isRestored.then(() => {
    beside.balancers.confirm();
    const lives = [...parts.children.values()].map(({ fact }) => fact?.lifeId);
    sweepStdin(paths.stdin, new Set(lives));
    return beside.links.listen();
  });
  void isRestored.then(() => notifier.begin());
  god.on("app.gone", () => setImmediate(() => notifier.check()));
  return {
    ...parts,
    ...endings(root, beside, now),
    forgetEverything: async () => {
      // A start that is in progress has declared apps in advance; it ends with its next step.
      await Promise.race([exclusive(() => Promise.resolve()), pause(interruptedWithinMs)]);
      for (const key of store.appKeys()) store.append({ type: "app.removed", at: now(), key });
    },
    watchdogPid,
    paths,
    startedAt,
    god,
    registry,
    store,
    bus,
    guardLog,
    usage,
    lane: beside.lane,
    carrier: beside.carrier,
    notifier,
    rotations: rotationsOf({ parts, paths, programs, root, lane: beside.lane, log }),
    notes: plan.notes,
    isRestored,
    newSeed: () => Math.floor(Math.random() * 2 ** 31),
    exclusive,
  };
}

/** What the daemon before has left, and what becomes of each part of it. */
async function findWhatRuns(options: {
  readonly paths: HomePaths;
  readonly store: StateStore;
  readonly wasRebooted: boolean;
  readonly at: number;
  readonly beside: Services;
}): Promise<Plan> {
  const { paths, store, wasRebooted, at, beside } = options;
  const { lane, carrier, balancers, groups } = beside;
  groups.tidy();
  lane.find();
  carrier.find();
  const mayTrustOld = store.restored.apps.every(
    ({ spec }) => spec.uid === null && spec.gid === null,
  );
  const ends = await balancers.find({ mayTrustOld });
  return planRestore({
    restored: store.restored,
    home: paths.home,
    wasRebooted,
    at,
    endOf: (lifeId) => ends.get(lifeId) ?? takeExitCode(paths.exits, lifeId),
    exceptionOf: (lifeId) => takeException(paths.exits, lifeId),
  });
}

/** Writes every change to the history, and forgets what was kept of a life when it is over. */
function keepHistory(
  { recorder, history, custom, profiles, given }: Parts,
  paths: HomePaths,
): void {
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
}

/** Resolves once the root machine runs. */
function restored(god: GodActor, log: (line: string) => void): Promise<void> {
  return new Promise<void>((resolve) => {
    const subscription = god.subscribe({
      next: (snapshot) => {
        if (!snapshot.matches("running")) return;
        subscription.unsubscribe();
        resolve();
      },
      error: (error) => log(`the root machine failed: ${messageOf(error)}`),
    });
  });
}

/** The two ways in which a daemon exits; commands in progress are answered first. */
function endings(
  { god, machines }: Root,
  { balancers, lane, groups }: Services,
  now: () => number,
): Pick<Daemon, "calls" | "stopEverything" | "handOver"> {
  const calls = createCalls();
  return {
    calls,
    stopEverything: async (by) => {
      calls.end(xmError("ERR_DAEMON_LEAVING", undefined));
      machines.noteLeaving(by);
      god.send({ type: "shutDown", at: now(), by });
      await new Promise<void>((resolve) => {
        god.subscribe({ complete: resolve, error: () => resolve() });
      });
      await balancers.quit();
      await lane.quit();
      // Balancers have been told, and take a moment.
      for (let tries = 0; !groups.tidy(true) && tries < groupTries; tries += 1) await pause(20);
    },
    handOver: (by) => {
      calls.end(xmError("ERR_DAEMON_REPLACED", undefined));
      machines.noteLeaving(by);
      god.send({ type: "handOver", at: now() });
    },
  };
}

function rotationsOf(options: {
  readonly parts: Parts;
  readonly paths: HomePaths;
  readonly programs: Programs;
  readonly root: Root;
  readonly lane: Daemon["lane"];
  readonly log: (line: string) => void;
}): Rotations {
  const { parts, paths, programs, root, lane, log } = options;
  const { registry } = root;
  return createRotations({
    processes: () => registry.processes(),
    homeRules: createHomeRules(paths.settings, log),
    logsFolder: paths.logs,
    folder: paths.rotation,
    lane,
    rotator: createRotator({
      program: programs.rotator,
      folder: paths.rotation,
      live: () => registry.processes().flatMap(({ spec, facts }) => logFilesOf(spec, facts.id)),
      log,
    }),
    complain: parts.complain,
    now: parts.wall,
  });
}

function notifierOf(options: {
  readonly parts: Parts;
  readonly paths: HomePaths;
  readonly program: string;
  readonly root: Root;
  readonly log: (line: string) => void;
}): Notifier {
  const { parts, paths, program, root, log } = options;
  const { history, now } = parts;
  const apps = (): Declared[] =>
    root.registry.apps().map((app) => {
      const { key, spec } = app.getSnapshot().context;
      return { key, spec };
    });
  const { notices: folder, socket } = paths;
  const specOf = (key: string): AppSpec | undefined =>
    root.registry.app(key)?.getSnapshot().context.spec;
  return createNotifier({ program, folder, socket, history, apps, specOf, log, now });
}

/** Work that is done one piece after the other, whatever becomes of the previous one. */
function oneAtATime(): Daemon["exclusive"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
}
