import type { ProcessFacts } from "../../../machines/facts.ts";
import type { ProcessActor } from "../../../machines/process.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { BusEvent, BusTopic } from "../../contract/api/schemas.ts";
import type { UncaughtException, Up } from "../../contract/app-link/protocol.ts";
import type { CustomMetrics } from "../metrics/custom.ts";
import { followLogs, type FollowedLogs } from "./bus-logs.ts";
import type { Change, Recorder } from "../records/recorder.ts";
import type { Managed, Registry } from "../registry/registry.ts";
import { detailOf } from "../registry/views.ts";
import { shownTime } from "../../host/clock.ts";

/** What a command that has been carried out is called on the bus. */
export type CommandEvent = Extract<BusEvent, { kind: "process" }>["event"];

/**
 * Live events for current subscribers: processes, messages of apps, their output, the daemon's own log.
 * Without subscribers nothing is computed, kept or read.
 */
export interface Bus {
  /** Hears some topics from now on. @returns ends it. */
  subscribe(topics: ReadonlySet<BusTopic>, listener: (event: BusEvent) => void): () => void;
  /** Processes are about to be started with a declaration: what they write is published from their first line on. */
  expect(ids: readonly number[], spec: AppSpec): void;
  /** A command to a process has been carried out. */
  command(event: CommandEvent, managed: Managed, after?: ProcessFacts): void;
  /** An app said something. */
  heard(id: number, message: Up): void;
  /** A process met an exception that nothing has caught. */
  failed(id: number, error: UncaughtException): void;
  /** A line of the daemon's log. */
  logged(line: string): void;
  /** The daemon ends, and its processes with it. */
  killed(by: string): void;
}

interface Subscriber {
  readonly topics: ReadonlySet<BusTopic>;
  readonly listener: (event: BusEvent) => void;
}

export function createBus(options: {
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly custom: CustomMetrics;
  readonly now: () => number;
}): Bus {
  const { registry, recorder, custom, now } = options;
  const subscribers = new Set<Subscriber>();
  let endChanges: (() => void) | undefined;
  let logs: FollowedLogs | undefined;

  const isHeard = (topic: BusTopic): boolean =>
    [...subscribers].some(({ topics }) => topics.has(topic));
  const tell = (topic: BusTopic, event: BusEvent): void => {
    for (const { topics, listener } of subscribers) if (topics.has(topic)) listener(event);
  };
  const tellOf = (managed: Managed, event: CommandEvent, isCommand: boolean, at: number): void =>
    tell("processes", {
      kind: "process",
      at,
      event,
      isCommand,
      process: detailOf(managed, undefined, custom),
    });
  const fromChange = (change: Change): void => {
    const { at, facts } = change;
    const events = eventsOf(change);
    const managed = events.length === 0 ? undefined : managedOf(registry, facts);
    if (managed === undefined) return;
    for (const event of events) tellOf(managed, event, false, shownTime(at));
  };
  /** Starts what subscribers need and stops what none needs any more. */
  const keep = (): void => {
    if (isHeard("processes")) endChanges ??= recorder.subscribe(fromChange);
    else {
      endChanges?.();
      endChanges = undefined;
    }
    if (!isHeard("logs")) {
      logs?.end();
      logs = undefined;
    } else {
      logs ??= followLogs({
        registry,
        recorder,
        onLine: (who, stream, line) =>
          tell("logs", { kind: "log", at: now(), ...who, stream, line }),
      });
    }
  };

  const failed: Bus["failed"] = (id, error) => {
    const who = isHeard("messages") ? whoOf(registry, id) : undefined;
    if (who !== undefined) tell("messages", { kind: "exception", ...who, ...error });
  };

  return {
    subscribe: (topics, listener) => {
      const subscriber = { topics, listener };
      subscribers.add(subscriber);
      keep();
      return () => {
        if (subscribers.delete(subscriber)) keep();
      };
    },
    expect: (ids, spec) => {
      for (const id of ids) logs?.expect(id, spec);
    },
    command: (event, managed, after = managed.facts) => {
      if (isHeard("processes")) tellOf({ ...managed, facts: after }, event, true, now());
    },
    heard: (id, message) => {
      if (message.type === "exception") failed(id, message.error);
      if (message.type !== "message" || !isHeard("messages")) return;
      const who = whoOf(registry, id);
      if (who !== undefined) {
        tell("messages", { kind: "message", at: now(), ...who, message: message.data });
      }
    },
    failed,
    logged: (line) => {
      if (isHeard("daemon")) tell("daemon", { kind: "daemon", at: now(), line });
    },
    killed: (by) => {
      if (subscribers.size > 0) tell("processes", { kind: "killed", at: now(), by });
    },
  };
}

/** What a change means: an end comes before what follows from it. */
function eventsOf({ before, facts }: Change): CommandEvent[] {
  const events: CommandEvent[] = [];
  const rule = facts.decisions.at(-1)?.rule;
  if (facts.status === "errored" && before?.status !== "errored" && isOverLimit(rule)) {
    events.push("overlimit");
  }
  const ended = before?.child?.lifeId;
  if (ended !== undefined && facts.child?.lifeId !== ended) events.push("exit");
  if (facts.status === "online" && before?.status !== "online") events.push("online");
  return events;
}

function isOverLimit(rule: string | undefined): boolean {
  return rule === "unstableTooOften" || rule === "restartsTooOften";
}

/** The process of a change: it may be a replacement, or on its way out of the list. */
function managedOf(registry: Registry, facts: ProcessFacts): Managed | undefined {
  const app = registry.app(facts.app);
  if (app === undefined) return undefined;
  const { processes, successors, leaving, spec } = app.getSnapshot().context;
  const actors = [processes, successors, leaving].flatMap((each): ProcessActor[] => {
    const actor = each[facts.id];
    return actor === undefined ? [] : [actor];
  });
  const isOwn = (each: ProcessActor): boolean =>
    each.getSnapshot().context.generation === facts.generation;
  const own = actors.find(isOwn);
  const actor = own ?? actors[0];
  return actor && { actor, app, spec: own?.getSnapshot().context.spec ?? spec, facts };
}

function whoOf(
  registry: Registry,
  id: number,
): { id: number; name: string; namespace: string } | undefined {
  const managed = registry.processes().find(({ facts }) => facts.id === id);
  if (managed === undefined) return undefined;
  const { name, namespace } = managed.spec;
  return { id, name, namespace };
}
