import { createActor, fromCallback, type AnyActor, type AnyTransitionDefinition } from "xstate";
import type { ChildFact, ProcessFacts } from "../../../machines/facts.ts";
import { processMachine } from "../../../machines/process.ts";
import { factsOf } from "../../../machines/process-view.ts";
import type {
  BondInput,
  DependencyInput,
  HookInput,
  LaunchInput,
  ProcessInput,
  Report,
  Resume,
  Sensor,
  SensorInput,
  ToChild,
} from "../../../machines/process-events.ts";
import type { HookName } from "../../../machines/hooks.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { VirtualClock } from "../../../machines/lib/virtual-clock.ts";

/** A child of the simulated operating system. */
export interface SimulatedChild {
  readonly fact: ChildFact;
  /** What its source was told, with the time. */
  readonly told: { type: ToChild["type"]; at: number }[];
  isAlive: boolean;
}

/**
 * A process machine on a virtual clock over a simulated operating system: the test plays the kernel, and the
 * daemon's death (`die` and `resume`).
 */
export class SimulatedProcess {
  static readonly #ofSystem = new WeakMap<AnyActor["system"], SimulatedProcess>();

  /** One machine for all: to provide it with actors takes longer than to play a path. */
  static readonly #machine = processMachine.provide({
    actors: {
      childProcess: fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input, system }) => {
        const it = SimulatedProcess.#of(system);
        it.#tell = sendBack;
        const at = it.clock.now();
        if (it.spawns === "breaks") throw new Error("the source is broken");
        if (it.spawns === "slowly") {
          it.#spawnLate = () =>
            sendBack({ type: "child.spawned", at: it.clock.now(), child: it.#spawn().fact });
          return undefined;
        }
        if (input.adopt === null && it.spawns !== "works") {
          const failure = { at, code: "ENOENT", message: "it does not exist" };
          sendBack({
            type: "child.failed",
            at,
            failure,
            transient: it.spawns === "fails for now",
          });
          return undefined;
        }
        const child = input.adopt === null ? it.#spawn() : it.last;
        let alreadyAsked = input.stopWasAsked;
        receive((order) => {
          const { type } = order;
          const isTaken = type === "traffic" && order.isTaken;
          if (type === "stop" && alreadyAsked) alreadyAsked = false;
          else if (type === "traffic") it.traffic.push(isTaken);
          else child.told.push({ type, at: it.clock.now() });
        });
        sendBack({ type: "child.spawned", at, child: child.fact });
        return () => {
          it.#tell = undefined;
        };
      }),
      hook: fromCallback<{ type: "end" }, HookInput>(({ sendBack, receive, input, system }) => {
        const it = SimulatedProcess.#of(system);
        if (it.hooksBreak) throw new Error("the hooks are broken");
        const { name, adopt } = input;
        const own = { name, tell: sendBack };
        it.#hook = own;
        it.hookRuns.push(`${name} ${adopt === null ? "begun" : "adopted"}`);
        if (adopt === null)
          sendBack({ type: "hook.begun", at: it.clock.now(), name, run: `${name}-1` });
        receive(() => it.hookRuns.push(`${name} over`));
        return () => {
          if (it.#hook === own) it.#hook = undefined;
        };
      }),
      bonds: fromCallback<{ type: "none" }, BondInput>(({ sendBack, system }) => {
        const it = SimulatedProcess.#of(system);
        if (it.bondsBreak) throw new Error("the bonds are broken");
        it.#bond = sendBack;
        return () => {
          it.#bond = undefined;
        };
      }),
      dependencies: fromCallback<{ type: "none" }, DependencyInput>(({ sendBack, system }) => {
        const it = SimulatedProcess.#of(system);
        if (it.dependenciesBreak) throw new Error("the dependencies are broken");
        it.#need = sendBack;
        return () => {
          it.#need = undefined;
        };
      }),
      sensors: fromCallback<{ type: "none" }, SensorInput>(({ sendBack, system }) => {
        const it = SimulatedProcess.#of(system);
        if (it.sensorsBreak) throw new Error("the sensors are broken");
        it.#trip = sendBack;
        return () => {
          it.#trip = undefined;
        };
      }),
    },
  });

  readonly clock = new VirtualClock();
  readonly children: SimulatedChild[] = [];
  readonly unexpected: string[] = [];
  /** When daemons started. */
  readonly resumedAt: number[] = [];
  /** Every transition taken, by `transitionKey`. */
  readonly taken = new Set<string>();
  /** Whether the next spawn succeeds. */
  spawns: "works" | "fails" | "fails for now" | "breaks" | "slowly" = "works";
  #spawnLate: (() => void) | undefined;
  sensorsBreak = false;
  dependenciesBreak = false;
  bondsBreak = false;
  hooksBreak = false;
  /** Runs of hooks that were begun, adopted or ended by its word, in order. */
  readonly hookRuns: string[] = [];
  #hook: { name: HookName; tell: (event: never) => void } | undefined;
  #bond: ((event: never) => void) | undefined;
  #need: ((event: never) => void) | undefined;
  #tell: ((event: never) => void) | undefined;
  #trip: ((event: never) => void) | undefined;
  readonly spec: AppSpec;
  actor: ReturnType<SimulatedProcess["create"]>;

  /** What it was told of its connections. */
  readonly traffic: boolean[] = [];

  /** What it tells its app, when it has one. */
  readonly reports: Report[] = [];
  readonly #isOwned: boolean;

  /** @param isOwned whether it has an app, which decides about some of its restarts. */
  constructor(spec: AppSpec, resume: Resume | null = null, isOwned = false) {
    this.spec = spec;
    this.#isOwned = isOwned;
    if (resume !== null) this.clock.set(resume.at);
    if (resume?.facts.child && resume.child === "alive") {
      this.children.push({ fact: resume.facts.child, told: [], isAlive: true });
    }
    this.actor = this.create(resume);
  }

  get facts(): ProcessFacts {
    return factsOf(this.actor.getSnapshot());
  }

  get status(): ProcessFacts["status"] {
    return this.facts.status;
  }

  get value(): unknown {
    return this.actor.getSnapshot().value;
  }

  /** The child that lives now. */
  get living(): SimulatedChild[] {
    return this.children.filter(({ isAlive }) => isAlive);
  }

  get last(): SimulatedChild {
    const child = this.children.at(-1);
    if (child === undefined) throw new Error("nothing was spawned");
    return child;
  }

  command(type: "start" | "stop" | "restart" | "remove" | "reset"): void {
    this.actor.send({ type, at: this.clock.now(), by: "a test" });
  }

  /** The living child ends, and nothing of its tree is left. */
  exit(code: number | null, signal: string | null = null): void {
    const child = this.living[0];
    if (child === undefined) throw new Error("nothing lives");
    child.isAlive = false;
    this.#tell?.({ type: "child.exited", at: this.clock.now(), code, signal } as never);
  }

  /** What spawns slowly is spawned. */
  spawned(): void {
    this.#spawnLate?.();
  }

  ready(): void {
    this.#tell?.({ type: "child.ready", at: this.clock.now() } as never);
  }

  /** Its own code, or the signal itself, ends it from now on. */
  signalled(): void {
    this.#tell?.({ type: "child.signalled", at: this.clock.now() } as never);
  }

  lose(by: string): void {
    this.#tell?.({ type: "child.lost", at: this.clock.now(), by } as never);
  }

  trip(by: string, sensor?: Sensor): void {
    this.#trip?.({ type: "sensor.tripped", at: this.clock.now(), by, sensor } as never);
  }

  /** What its probes have found. */
  finds(type: "probe.ready" | "probe.unready" | "probe.passing" | "probe.failing"): void {
    this.#trip?.({ type, at: this.clock.now(), why: "HTTP 503" } as never);
  }

  /** What becomes of an app that it depends on. */
  follows(type: "bond.stop" | "bond.restart"): void {
    const by = type === "bond.stop" ? "the end of db" : "the restart of db";
    this.#bond?.({ type, at: this.clock.now(), by } as never);
  }

  /** What its app says of its connections. */
  shares(type: "traffic.leave" | "traffic.enter"): void {
    this.actor.send({ type, at: this.clock.now() });
  }

  /** It listens where what it replaces does not. */
  listensElsewhere(): void {
    const why = "listens on 41233, and not on 3000 as the old one does";
    this.#tell?.({ type: "child.elsewhere", at: this.clock.now(), why } as never);
  }

  /** Its startup probe has run out. */
  runOut(): void {
    const why = "ECONNREFUSED, 3 times in a row";
    this.#tell?.({ type: "child.unstarted", at: this.clock.now(), why } as never);
  }

  /** What it depends on has come to something. */
  hears(report: "met" | "unmet" | "lost", state = "launching"): void {
    const unmet = [{ app: "db", condition: "service_healthy", state, isLost: report === "lost" }];
    const at = this.clock.now();
    this.#need?.(
      (report === "met"
        ? { type: "dependencies.met", at }
        : { type: `dependencies.${report}`, at, unmet }) as never,
    );
  }

  /** The hook that runs ends. @param why what went wrong. */
  hookEnds(why: string | null = null): void {
    const running = this.#hook;
    if (running === undefined) throw new Error("no hook runs");
    const code = why === null ? 0 : 1;
    const at = this.clock.now();
    running.tell({ type: "hook.ended", at, name: running.name, code, why } as never);
  }

  /** The hook that runs. */
  get hook(): HookName | undefined {
    return this.#hook?.name;
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** The daemon dies and another continues from the facts, `afterMs` later; children live on or end meanwhile. */
  restartDaemon(options: { afterMs?: number; childEnds?: boolean } = {}): void {
    const { facts } = this;
    this.actor.stop();
    this.clock.set(this.clock.now() + (options.afterMs ?? 0));
    if (options.childEnds === true) for (const child of this.living) child.isAlive = false;
    this.resumedAt.push(this.clock.now());
    const child = facts.child === null ? "none" : this.living.length > 0 ? "alive" : "gone";
    this.actor = this.create({ facts, child, at: this.clock.now() });
  }

  create(resume: Resume | null) {
    const at = this.clock.now();
    const input: ProcessInput = {
      id: 0,
      app: "app",
      instance: 0,
      spec: this.spec,
      seed: 1,
      at,
      resume,
      ...(this.#isOwned ? { owner: this.#owner() } : {}),
    };
    const actor = createActor(SimulatedProcess.#machine, {
      clock: this.clock,
      input,
      inspect: (event) => {
        if (event.type !== "@xstate.microstep") return;
        for (const transition of event._transitions) this.taken.add(transitionKey(transition));
      },
    });
    SimulatedProcess.#ofSystem.set(actor.system, this);
    actor.on("unexpected", ({ event }) => this.unexpected.push(event));
    actor.start();
    return actor;
  }

  static #of(system: AnyActor["system"]): SimulatedProcess {
    const it = SimulatedProcess.#ofSystem.get(system);
    if (it === undefined) throw new Error("an actor of no simulated process");
    return it;
  }

  #owner(): NonNullable<ProcessInput["owner"]> {
    const app = createActor(
      fromCallback<Report>(({ receive }) => receive((report) => this.reports.push(report))),
    );
    app.start();
    return app;
  }

  #spawn(): SimulatedChild {
    const pid = 1_000 + this.children.length;
    const fact = { pid, startTicks: pid, lifeId: `life-${pid}`, at: this.clock.now() };
    const child = { fact, told: [], isAlive: true };
    this.children.push(child);
    return child;
  }
}

/** What tells a transition of a chart from the others. */
export function transitionKey({
  source,
  eventType,
  guard,
  target,
}: AnyTransitionDefinition): string {
  const condition = typeof guard === "string" ? ` [${guard}]` : "";
  const targets = (target ?? []).map(({ id }) => id).join(", ");
  return `${source.id} on ${eventType || "always"}${condition} → ${targets || "itself"}`;
}
