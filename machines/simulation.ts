import { createActor, fromCallback } from "xstate";
import { isAtRest, type ProcessStatus, type Decision } from "./facts.ts";
import type { HookName, HookReport } from "./hooks.ts";
import type { Ports } from "./lib/port.ts";
import { VirtualClock } from "./lib/virtual-clock.ts";
import { duration } from "./lib/words.ts";
import { processMachine } from "./process.ts";
import { factsOf } from "./process-view.ts";
import type {
  BondInput,
  DependencyInput,
  Fact,
  HookInput,
  LaunchInput,
  SensorInput,
  ToChild,
} from "./process-events.ts";
import type { AppSpec } from "./spec.ts";

/** How one life of the simulated child goes. */
export interface LifePattern {
  /** How long it lives, in ms; `null` for a life that does not end by itself. */
  readonly lifeMs: number | null;
  readonly code: number | null;
  /** For example `SIGSEGV`. */
  readonly signal: string | null;
  /** When it reports ready, in ms after its start; `null` for never. */
  readonly readyMs: number | null;
}

/** The lives of the simulated child in order; those after the list are like its last one. */
export type CrashPattern = readonly LifePattern[];

/** One change of where the process is, of its child, or a decision. Times in ms since the start. */
export interface SimulatedEvent {
  readonly at: number;
  /** `start`, a fact of the machine (`child.spawned` …), or the delay that is over (`restartDelay` …). */
  readonly event: string;
  readonly status: ProcessStatus;
  /** The child that lives now: 1 is the first. */
  readonly pid?: number;
  readonly decision?: Decision;
}

export interface SimulationEnd {
  /** It is in a state that it does not leave by itself, the time is over, or it changed too often. */
  readonly because: "at rest" | "time over" | "cut";
  readonly status: ProcessStatus;
  readonly restarts: number;
  readonly at: number;
  readonly sentence: string;
}

export interface Simulation {
  readonly events: readonly SimulatedEvent[];
  readonly end: SimulationEnd;
  /** How many children it had. */
  readonly lives: number;
}

/** The most changes of a simulation: a policy that never gives up on a child that exits at once has no other end. */
export const maxSimulatedEvents = 10_000;

/** What a restart is drawn from: the jitter of a backoff is the same in every simulation. */
const seed = 1;

/**
 * Plays a policy against a pattern of crashes: the process machine itself under a virtual clock, over a child that
 * lives as the pattern says. No command arrives and no sensor trips: only the policy decides.
 * @param forMs how long, in ms of the virtual clock.
 */
export function simulate(options: {
  readonly spec: AppSpec;
  readonly pattern: CrashPattern;
  readonly forMs: number;
  /** Hooks that fail whenever they run; the others succeed at once. */
  readonly failingHooks?: readonly HookName[] | undefined;
}): Simulation {
  const { pattern, forMs } = options;
  const clock = new VirtualClock();
  const lives: LifePattern[] = [];
  const machine = processMachine.provide({
    actors: {
      childProcess: childSource({ clock, pattern, lives }),
      sensors: fromCallback<{ type: "none" }, SensorInput>(() => undefined),
      hook: fromCallback<{ type: "end" }, HookInput>(({ sendBack, input: { name } }) => {
        const why = options.failingHooks?.includes(name) === true ? "exit code 1" : null;
        const tell = (report: HookReport): void => sendBack(report);
        const at = clock.now();
        tell({ type: "hook.begun", at, name, run: name });
        tell({ type: "hook.ended", at, name, code: why === null ? 0 : 1, why });
      }),
      bonds: fromCallback<{ type: "none" }, BondInput>(() => undefined),
      dependencies: fromCallback<{ type: "none" }, DependencyInput>(({ sendBack }) =>
        sendBack({ type: "dependencies.met", at: clock.now() }),
      ),
    } satisfies Ports<typeof processMachine>,
  });
  const spec = { ...options.spec, autostart: true };
  const events: SimulatedEvent[] = [];
  let last: { event?: SimulatedEvent; decision?: Decision | undefined } = {};
  const actor = createActor(machine, {
    clock,
    input: { id: 0, app: spec.name, instance: 0, spec, seed, at: 0, resume: null },
    inspect: (inspected) => {
      if (inspected.type !== "@xstate.snapshot" || inspected.actorRef !== actor) return;
      const { status, child, decisions } = factsOf(actor.getSnapshot());
      const decision = decisions.at(-1);
      const isDecided = decision !== undefined && decision !== last.decision;
      if (!isDecided && status === last.event?.status && child?.pid === last.event.pid) return;
      const event: SimulatedEvent = {
        at: clock.now(),
        event: nameOf(inspected.event.type),
        status,
        ...(child === null ? {} : { pid: child.pid }),
        ...(isDecided ? { decision } : {}),
      };
      events.push(event);
      last = { event, decision };
    },
  });
  actor.start();
  const because = play({ clock, forMs, events });
  const { status, restarts, child, decisions } = factsOf(actor.getSnapshot());
  actor.stop();
  const end = { because, status, restarts, at: because === "time over" ? forMs : clock.now() };
  const isForGood = child !== null && lives.at(-1)?.lifeMs === null;
  const sentence = sentenceOf(end, {
    decision: decisions.at(-1),
    since: isForGood ? child.at : null,
    hasCron: spec.sensors.cron !== null,
  });
  return { events, end: { ...end, sentence }, lives: lives.length };
}

/**
 * A child that ends `everyMs` after each start.
 * @param crashes only the first N lives end, the next one stays up; without it all do. 0: none does.
 * @param readyMs see `LifePattern`; 0 by default.
 */
export function crashing(options: {
  readonly everyMs: number;
  readonly crashes?: number | undefined;
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
  readonly readyMs?: number | null | undefined;
}): CrashPattern {
  const { everyMs, crashes, signal = null, readyMs = 0 } = options;
  const code = signal === null ? (options.code ?? 1) : null;
  const life: LifePattern = { lifeMs: everyMs, code, signal, readyMs };
  if (crashes === undefined) return [life];
  const length = Math.min(crashes, maxSimulatedEvents);
  return [...Array.from({ length }, () => life), { ...life, lifeMs: null }];
}

/** The child source: the lives of the pattern, one after the other, with pids 1, 2, 3 … */
function childSource(world: {
  readonly clock: VirtualClock;
  readonly pattern: CrashPattern;
  /** Every life that was begun. */
  readonly lives: LifePattern[];
}) {
  const { clock, pattern, lives } = world;
  return fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
    const life = pattern[Math.min(lives.length, pattern.length - 1)];
    if (life === undefined) throw new Error("a pattern has at least one life");
    lives.push(life);
    const { lifeMs, readyMs, code, signal } = life;
    const pid = lives.length;
    const at = clock.now();
    const tell = (fact: Fact): void => sendBack(fact);
    const later = (ms: number | null, fact: (at: number) => Fact): number =>
      ms === null ? 0 : clock.setTimeout(() => tell(fact(clock.now())), ms);
    tell({
      type: "child.spawned",
      at,
      child: { pid, startTicks: pid, lifeId: `life-${pid}`, at },
    });
    const ready = later(readyMs, (at) => ({ type: "child.ready", at }));
    const exit = later(lifeMs, (at) => ({ type: "child.exited", at, code, signal }));
    // Only the end of a run's time asks it to end, and it obeys.
    const { stopSignal } = input.spec;
    receive(({ type }) => {
      if (type !== "stop") return;
      clock.clearTimeout(exit);
      later(0, (at) => ({ type: "child.exited", at, code: null, signal: stopSignal }));
    });
    return () => {
      clock.clearTimeout(ready);
      clock.clearTimeout(exit);
    };
  });
}

/** Moves the clock until nothing more can come of it. */
function play(run: {
  readonly clock: VirtualClock;
  readonly forMs: number;
  readonly events: readonly SimulatedEvent[];
}): SimulationEnd["because"] {
  const { clock, forMs, events } = run;
  for (;;) {
    const status = events.at(-1)?.status;
    if (status === "removed" || (status !== undefined && isAtRest(status))) return "at rest";
    if (events.length >= maxSimulatedEvents) return "cut";
    const due = clock.nextDue();
    if (due === undefined || due > forMs) return "time over";
    clock.step();
  }
}

/** A delay's event names the delay and its state (`xstate.after.restartDelay.process.waiting`). */
function nameOf(type: string): string {
  if (type === "xstate.init") return "start";
  return /^xstate\.after\.(\w+)\./.exec(type)?.[1] ?? type;
}

function sentenceOf(
  end: Omit<SimulationEnd, "sentence">,
  known: {
    readonly decision: Decision | undefined;
    /** When the life began that does not end by itself; `null` when there is none. */
    readonly since: number | null;
    readonly hasCron: boolean;
  },
): string {
  const { because, status, at, restarts } = end;
  const { decision, since, hasCron } = known;
  const after = `after ${duration(at)} and ${restarts === 1 ? "1 restart" : `${restarts} restarts`}`;
  switch (because) {
    case "at rest": {
      const cron = status !== "errored" && hasCron ? " Its cron pattern starts it again." : "";
      const is = status === "completed" || status === "failed" ? "has" : "is";
      return `It ${is} ${status} ${after}, ${reasonOf(decision)}${cron}`;
    }
    case "cut":
      return `It is not errored ${after}; the simulation stops there, at ${maxSimulatedEvents} changes.`;
    case "time over":
      return since === null
        ? `It is not errored ${after}.`
        : `It is ${status} ${after}; ${restarts === 0 ? "its first life" : `the life that began at ${duration(since)}`} does not end by itself.`;
  }
}

/** The part of a decision's sentence that gives its reason; the rest says what the simulation's own says. */
function reasonOf(decision: Decision | undefined): string {
  const sentence = decision?.sentence ?? "because nothing starts it.";
  return sentence.slice(Math.max(0, sentence.indexOf("because ")));
}
