import type { ChildFact } from "../../machines/facts.ts";
import type { AppSpec, LogPaths } from "../../machines/spec.ts";
import { expectEnd, watchAdopted } from "./adopted.ts";
import { markerOf } from "./environment.ts";
import type { SpawnFailure } from "./failure.ts";
import { removePidFile } from "./pid-file.ts";
import { startChild, type StartedChild } from "./spawn.ts";
import {
  addLeader,
  findTree,
  removeLeader,
  sharedScan,
  signalProcess,
  signalTree,
} from "./tree.ts";

/** What one life needs. */
export interface Launch {
  readonly spec: AppSpec;
  readonly id: number;
  readonly instance: number;
  readonly home: string;
  readonly lifeId: string;
  /** Of this process; the specification's are its app's. */
  readonly logs: LogPaths;
  readonly pidFile: string | null;
}

/** What a child tells its owner. Nothing comes after `failed` or `exited`. */
export interface ChildEvents {
  spawned(fact: ChildFact): void;
  message(message: unknown): void;
  failed(failure: SpawnFailure): void;
  /** It has ended, and nothing of its tree is left. */
  exited(end: End): void;
}

interface End {
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ChildHandle {
  readonly fact: ChildFact;
  /** Asks it to end: one signal to each process of its tree, or the message `shutdown`. */
  stop(): void;
  /** SIGKILL to its whole tree, until nothing is left. */
  kill(): void;
  /** Signals the main process alone. */
  signal(signal: string): void;
  /** Lets go of it: it lives on and is watched no more. */
  release(): void;
}

/**
 * Spawns a child, with its log files as its output.
 * @returns `undefined` when it cannot be spawned; `failed` says why.
 */
export function spawnChild(launch: Launch, events: ChildEvents): ChildHandle | undefined {
  const started = startChild(launch, events);
  if (started === undefined) return undefined;
  const child = new Child(launch, started.fact, events, started);
  started.onExit((code, signal) => child.ended({ at: Date.now(), code, signal }));
  events.spawned(started.fact);
  return child;
}

/**
 * Takes over a child that outlived its daemon. Nobody but a parent can wait for it: it is polled, and its exit
 * code stays unknown.
 */
export function adoptChild(launch: Launch, fact: ChildFact, events: ChildEvents): ChildHandle {
  const child = new Child(launch, fact, events, undefined);
  child.endWatch = watchAdopted(fact, () =>
    child.ended({ at: Date.now(), code: null, signal: null }),
  );
  events.spawned(fact);
  return child;
}

/** Between two looks at what is left of a tree; ms. */
const shortestLookMs = 2;
const longestLookMs = 50;

/** An identity with a lifetime: from the spawn, or the adoption, until nothing of its tree is left. */
class Child implements ChildHandle {
  readonly fact: ChildFact;
  endWatch: (() => void) | undefined;
  readonly #launch: Launch;
  readonly #events: ChildEvents;
  readonly #started: StartedChild | undefined;
  #end: End | undefined;
  #stopWasAsked = false;
  #isKilling = false;
  #timer: NodeJS.Timeout | undefined;
  #lookMs = shortestLookMs;

  constructor(
    launch: Launch,
    fact: ChildFact,
    events: ChildEvents,
    started: StartedChild | undefined,
  ) {
    this.#launch = launch;
    this.fact = fact;
    this.#events = events;
    this.#started = started;
    addLeader(fact.pid);
  }

  stop(): void {
    if (this.#started === undefined && !this.#stopWasAsked) expectEnd(this.fact);
    this.#stopWasAsked = true;
    const { stopWithMessage, stopSignal, killsTree } = this.#launch.spec;
    if (stopWithMessage && this.#started?.send("shutdown") === true) return;
    if (killsTree) signalTree(this.fact, this.#tree(), stopSignal);
    else signalProcess(this.fact, stopSignal);
  }

  kill(): void {
    if (this.#started === undefined && !this.#stopWasAsked) expectEnd(this.fact);
    this.#isKilling = true;
    this.#look();
  }

  signal(signal: string): void {
    signalProcess(this.fact, signal);
  }

  release(): void {
    clearTimeout(this.#timer);
    this.endWatch?.();
    this.#started?.release();
    removeLeader(this.fact.pid);
  }

  /** The main process has ended; the rest of its tree may not have. */
  ended(end: End): void {
    this.#end = end;
    removePidFile(this.#launch.pidFile);
    this.#look();
  }

  /** Kills what is to be killed, and looks again until nothing is left. */
  #look(): void {
    clearTimeout(this.#timer);
    const { killsTree } = this.#launch.spec;
    const tree = killsTree ? this.#tree() : [];
    if (this.#end !== undefined && tree.length === 0) {
      this.#events.exited(this.#end);
      return;
    }
    const isLeftOver = this.#end !== undefined && !this.#stopWasAsked;
    if (this.#isKilling || isLeftOver) {
      if (killsTree) signalTree(this.fact, tree, "SIGKILL");
      else signalProcess(this.fact, "SIGKILL");
    }
    if (this.#end === undefined && !killsTree) return;
    this.#timer = setTimeout(() => this.#look(), this.#lookMs);
    this.#lookMs = Math.min(this.#lookMs * 2, longestLookMs);
  }

  #tree(): ReturnType<typeof findTree> {
    const scan = sharedScan(this.#end === undefined ? undefined : this.fact);
    return findTree(this.fact, markerOf(this.#launch), scan);
  }
}
