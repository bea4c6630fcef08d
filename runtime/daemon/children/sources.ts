import { fromCallback } from "xstate";
import { processKey } from "../../../machines/lib/process-key.ts";
import type { LaunchInput, ProcessEvent, ToChild } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { UncaughtException, Up } from "../../contract/app-link/protocol.ts";
import { pipeOrder } from "../log-lane/launch-order.ts";
import { adoptChild, spawnChild } from "./begin.ts";
import { takeException } from "./exception.ts";
import { launchOf } from "./launch.ts";
import { logSize, lastWordsOf, waitForWords } from "./last-words.ts";
import type { ChildEvents, ChildHandle, ChildServices, Launch } from "./contract.ts";
import { createListens, meansListening, serversIn } from "./listens.ts";
import { deployedIn } from "./deployed.ts";
import { askerOf, type Asked } from "../probes/ask.ts";
import { runProbe } from "../probes/run.ts";
import { startProbe } from "./probe.ts";
import { adoptWorker, spawnWorker, type WorkerHandle } from "./worker.ts";
import type { SensorDependencies } from "../sensors/contract.ts";

/** An exception that is older than this has not ended a life: the app's own code handled it. ms. */
const freshMs = 2_000;
/** Before the end of the patience with it; ms. */
const lastChanceMs = 100;

/** The children that are held now, by `processKey`: for what passes the machines by, such as `sendSignal`. */
export type Children = Map<string, ChildHandle | WorkerHandle>;

export interface SourceDependencies {
  readonly home: string;
  /** Where hooks that run have their files. */
  readonly hooks: string;
  readonly children: Children;
  readonly services: ChildServices;
  readonly newLifeId: () => string;
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly sensors: Omit<SensorDependencies, "trip">;
  /** Log and pid files of every process, which no watch counts. */
  readonly ownFiles: () => ReadonlySet<string>;
  /** Resolves when what was recorded is on the disk. */
  readonly flushed: () => Promise<void>;
  /** What an app says that is not a fact of its lifecycle: messages, beats. */
  readonly onSaid: (process: { id: number; lifeId: string }, message: Up) => void;
}

/**
 * Fills the port `childProcess`. Its cleanup lets go of the child and never kills it: a machine that is stopped
 * is a daemon that leaves, and its children keep running. They end by `stop` and `kill` alone.
 */
export function childSource(dependencies: SourceDependencies) {
  const listens = createListens();
  return fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
    const { children, services, now, onSaid, log, sensors } = dependencies;
    const key = processKey(input);
    const launch = launchFrom(input, dependencies);
    const told = input.adopt === null ? deployedIn(input.spec) : {};
    const { error: errorLog } = launch.logs;
    const begun = input.adopt?.errorLogBytes ?? logSize(errorLog);
    // Unknown for an adopted child: a line may have come already.
    const begunOut = input.adopt === null ? logSize(launch.logs.out) : 0;
    let exception: UncaughtException | undefined;
    let thrownAt = 0;
    let wasAsked = input.stopWasAsked;
    let stopWaiting: (() => void) | undefined;
    let stopProbe: (() => void) | undefined;
    let lastChance: NodeJS.Timeout | undefined;
    const tell = (event: ProcessEvent): void => sendBack(event);
    const ready = (): void => {
      if (policy.probes !== null) stopProbe?.();
      tell({ type: "child.ready", at: now() });
    };
    const { mode, policy } = input.spec;
    const began = now();
    /** One that listens, but not everywhere that its predecessor does, is waited for as long as may be. */
    const readyWhenComplete = (): void => {
      if (listens.isComplete(input)) return ready();
      const leftMs = began + input.listenPatienceMs - lastChanceMs - now();
      lastChance ??= setTimeout(
        () => {
          const why = listens.elsewhere(input);
          if (why === undefined) ready();
          else tell({ type: "child.elsewhere", at: now(), why });
        },
        Math.max(0, leftMs),
      ).unref();
    };
    const startup = input.wasReady ? null : (policy.probes?.startup ?? null);
    const asked: Asked = {
      spec: input.spec,
      instance: input.instance,
      logs: launch.logs,
      begin: { out: begunOut, error: begun },
      beats: () => 0,
      question: (order, signal) =>
        sensors.questions.ask(launch.lifeId, (message) => handle?.tell(message) ?? false, {
          ...order,
          signal,
        }),
    };
    const probe = (): void => {
      if (startup !== null) {
        stopProbe ??= runProbe(startup, askerOf(startup.check, asked), (found) => {
          if (found === null) ready();
          else tell({ type: "child.unstarted", at: now(), why: found });
        });
      } else if (policy.readiness === "probe" && policy.probe !== null) {
        stopProbe ??= startProbe(input.spec, ready, (why) =>
          log(`${input.spec.name} (${input.id}): its probe cannot run: ${why}`),
        );
      }
    };
    const events: ChildEvents = {
      spawned: (child) => {
        const life = { ...child, ...told, ...(begun > 0 ? { errorLogBytes: begun } : {}) };
        tell({ type: "child.spawned", at: now(), child: input.adopt ?? life });
        // A worker answers for itself, once it listens.
        const asksPort = ["http", "tcp", "unix"].includes(startup?.check.kind ?? "http");
        if (mode === "fork" || !asksPort) probe();
      },
      told: (message) => {
        for (const server of serversIn(message)) listens.add(input, server);
        if (meansReady(input.spec, message)) ready();
        else if (policy.readiness === "listening" && meansListening(message)) readyWhenComplete();
        if (meansListening(message)) probe();
        if (message.type === "exception") {
          exception = message.error;
          thrownAt = now();
        }
        if (message.type === "answer") sensors.questions.hear(launch.lifeId, message);
        else onSaid({ id: input.id, lifeId: launch.lifeId }, message);
      },
      failed: ({ transient, ...failure }) =>
        tell({ type: "child.failed", at: failure.at, failure, transient }),
      signalled: (at) => tell({ type: "child.signalled", at }),
      lost: (by) => tell({ type: "child.lost", at: now(), by }),
      exited: ({ at, code, signal, ...rest }) => {
        services.settleLogs();
        const left = takeException(services.exits, launch.lifeId);
        if (left !== undefined) {
          exception = left;
          thrownAt = at;
          onSaid({ id: input.id, lifeId: launch.lifeId }, { type: "exception", error: left });
        }
        // The last words of a process that was asked to end explain nothing.
        const thrown = at - thrownAt < freshMs ? exception : undefined;
        const look = (): readonly string[] | undefined =>
          wasAsked
            ? undefined
            : lastWordsOf({ errorLog, fromBytes: begun, exception: thrown, code });
        const report = (): void => {
          const words = look();
          const lastWords = words === undefined ? {} : { lastWords: words };
          tell({ type: "child.exited", at, code, signal, ...rest, ...lastWords });
        };
        // What the lane holds of a failure is in the log in a moment. A killed process had no time to write.
        const isOnItsWay =
          !wasAsked && code !== null && code !== 0 && pipeOrder(launch, "err") !== undefined;
        if (!isOnItsWay) return report();
        const { lane } = services;
        stopWaiting = waitForWords(
          { isUp: () => lane.pid() !== null, hasWritten: () => lane.hasWritten(input.id, "err") },
          report,
        );
      },
    };
    const handle = begin(launch, input, events, services);
    if (handle !== undefined) children.set(key, handle);

    let alreadyAsked = input.stopWasAsked;
    receive((event) => {
      if (event.type === "traffic") return void handle?.tell(event);
      wasAsked = true;
      if (event.type === "kill") handle?.kill();
      else if (alreadyAsked) {
        alreadyAsked = false;
        handle?.remind(event.graceMs, input.wasSignalled);
      } else handle?.stop(event.graceMs);
    });
    return () => {
      if (children.get(key) === handle) children.delete(key);
      stopProbe?.();
      clearTimeout(lastChance);
      listens.forget(input);
      stopWaiting?.();
      handle?.release();
    };
  });
}

function begin(
  launch: Launch,
  { adopt, spec }: LaunchInput,
  events: ChildEvents,
  services: ChildServices,
): ChildHandle | WorkerHandle | undefined {
  if (spec.mode === "cluster") {
    return adopt === null
      ? spawnWorker(launch, events, services)
      : adoptWorker(launch, adopt, events, services);
  }
  return adopt === null
    ? spawnChild(launch, events, services)
    : adoptChild(launch, adopt, events, services);
}

/** Whether a message reports that the app is ready. */
function meansReady({ policy: { readiness } }: AppSpec, message: Up): boolean {
  const byMessage = readiness === "message" || readiness === "listening";
  if (message.type === "message") return byMessage && message.data === "ready";
  return message.type === "hello" && byMessage && message.isReady;
}

function launchFrom(input: LaunchInput, { home, newLifeId }: SourceDependencies): Launch {
  return launchOf(input, home, input.adopt?.lifeId ?? newLifeId());
}
