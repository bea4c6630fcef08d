import { createActor, fromCallback, fromPromise } from "xstate";
import { appMachine } from "../../../machines/app.ts";
import { bondSource, dependencySource } from "../../../machines/dependency-watch.ts";
import type { ProcessFacts } from "../../../machines/facts.ts";
import { godMachine, type DeclaredApp, type GodActor } from "../../../machines/god.ts";
import type { GroupFacts } from "../../../machines/group-events.ts";
import { groupFactsOf, groupMachine, type GroupActor } from "../../../machines/group.ts";
import { memberSource } from "../../../machines/group-watch.ts";
import { VirtualClock } from "../../../machines/lib/virtual-clock.ts";
import { processMachine } from "../../../machines/process.ts";
import { factsOf } from "../../../machines/process-view.ts";
import type {
  Command,
  LaunchInput,
  SensorInput,
  ToChild,
  ToSensors,
  Waits,
} from "../../../machines/process-events.ts";
import { reloadMachine } from "../../../machines/reload.ts";
import type { AppSpec } from "../../../machines/spec.ts";

interface RestoredState {
  readonly at: number;
  readonly apps: readonly DeclaredApp[];
  readonly groups?: readonly GroupFacts[];
}

/** A child of the simulated operating system; it lives on when its daemon dies. */
export interface GodsChild {
  readonly app: string;
  readonly id: number;
  readonly pid: number;
  readonly at: number;
  isAlive: boolean;
  isReady: boolean;
  wasAsked: boolean;
  code: number | null;
  tell: (event: never) => void;
}

/** How the programs of an app live. */
export interface Behaviour {
  /** Until it says that it is ready. */
  readonly readyMs: number;
  /** How it ends by itself, life after life, the last for ever; `null` for a life that does not. */
  readonly ends: readonly ({ readonly afterMs: number; readonly code: number } | null)[];
  /** From the stop signal to its end. */
  readonly stopMs: number;
}

/**
 * God with apps, processes and their dependencies on a virtual clock, over programs that live as they are told. What the
 * test may do: command, end a child, and kill God, whom another follows from the facts that the journal would hold.
 */
export class SimulatedGod {
  readonly clock = new VirtualClock();
  readonly children: GodsChild[] = [];
  /** What the journal would hold of the groups. */
  readonly groups = new Map<string, GroupFacts>();
  readonly #met = new WeakSet<GroupActor>();
  readonly #specs: readonly AppSpec[];
  readonly #behaviours: ReadonlyMap<string, Behaviour>;
  readonly #seen: (child: GodsChild, what: "spawned" | "asked") => void;
  actor: GodActor;

  private constructor(options: {
    specs: readonly AppSpec[];
    behaviours: ReadonlyMap<string, Behaviour>;
    seen: (child: GodsChild, what: "spawned" | "asked") => void;
  }) {
    this.#specs = options.specs;
    this.#behaviours = options.behaviours;
    this.#seen = options.seen;
    this.actor = this.#create([]);
  }

  /** A God that runs, with nothing declared. */
  static async begin(options: {
    specs: readonly AppSpec[];
    behaviours: ReadonlyMap<string, Behaviour>;
    seen: (child: GodsChild, what: "spawned" | "asked") => void;
  }): Promise<SimulatedGod> {
    const god = new SimulatedGod(options);
    await god.#isRunning();
    return god;
  }

  /** All at once, in the order in which they stand. */
  declare(): void {
    const apps = this.#specs.map((spec, id): DeclaredApp => {
      return { key: spec.name, spec, processes: [{ id, instance: 0, seed: id, resume: null }] };
    });
    this.actor.send({ type: "app.declare", at: this.clock.now(), apps });
  }

  command(type: "start" | "stop" | "restart", app: string, waits: Waits = {}): void {
    const id = this.#specs.findIndex(({ name }) => name === app);
    const command: Command = { type, at: this.clock.now(), by: "a test", ...waits };
    this.actor.send({ type: "processes.command", key: app, ids: [id], command });
  }

  living(app: string): GodsChild[] {
    return this.children.filter((child) => child.app === app && child.isAlive);
  }

  last(app: string): GodsChild | undefined {
    return this.children.findLast((child) => child.app === app);
  }

  facts(app: string): ProcessFacts {
    const actor = this.actor.getSnapshot().context.apps.get(app);
    const process = Object.values(actor?.getSnapshot().context.processes ?? {})[0];
    if (process === undefined) throw new Error(`${app} is not there`);
    return factsOf(process.getSnapshot());
  }

  exit(child: GodsChild, code: number): void {
    if (!child.isAlive) return;
    child.isAlive = false;
    child.code = code;
    child.tell({ type: "child.exited", at: this.clock.now(), code, signal: null } as never);
  }

  /** SIGKILL to God: what the journal holds is all that the next one has. Children may end while nobody looks. */
  async die(afterMs: number): Promise<void> {
    const before = this.#specs.map(({ name }) => this.facts(name));
    this.actor.stop();
    for (const child of this.children) child.tell = () => {};
    this.clock.advance(afterMs);
    this.actor = this.#create(before);
    await this.#isRunning();
  }

  #create(before: readonly ProcessFacts[]): GodActor {
    const at = this.clock.now();
    const apps = before.map((facts): DeclaredApp => {
      const spec = this.#specs.find(({ name }) => name === facts.app);
      if (spec === undefined) throw new Error(`nothing is declared as ${facts.app}`);
      const child = this.children.find(({ pid }) => pid === facts.child?.pid);
      const was = facts.child === null ? "none" : child?.isAlive === true ? "alive" : "gone";
      const end = was === "gone" ? { at, code: child?.code ?? null, signal: null } : undefined;
      const resume = { facts, child: was, at, ...(end && { end }) } as const;
      return { key: spec.name, spec, processes: [{ id: facts.id, instance: 0, seed: 0, resume }] };
    });
    const process = processMachine.provide({
      actors: {
        childProcess: this.#childSource(),
        sensors: fromCallback<{ type: "none" }, SensorInput>(() => undefined),
        bonds: bondSource(
          () => this.actor,
          () => this.clock.now(),
        ),
        dependencies: dependencySource(
          () => this.actor,
          () => this.clock.now(),
        ),
      },
    });
    const sensors = fromCallback<ToSensors, { readonly key: string }>(() => undefined);
    const app = appMachine.provide({ actors: { process, reload: reloadMachine, sensors } });
    const group = groupMachine.provide({
      actors: {
        members: memberSource(
          () => this.actor,
          () => this.clock.now(),
        ),
      },
    });
    const groups = [...this.groups.values()];
    const restore = fromPromise<RestoredState, void>(() => Promise.resolve({ at, apps, groups }));
    const actor: GodActor = createActor(godMachine.provide({ actors: { app, group, restore } }), {
      clock: this.clock,
    });
    this.actor = actor;
    actor.subscribe(() => this.#meetGroups());
    actor.start();
    return actor;
  }

  #meetGroups(): void {
    for (const group of this.actor.getSnapshot().context.groups.values()) {
      if (this.#met.has(group)) continue;
      this.#met.add(group);
      const facts = groupFactsOf(group);
      this.groups.set(facts.name, facts);
      group.on("group.moved", (moved) => this.groups.set(moved.facts.name, moved.facts));
    }
  }

  #childSource() {
    return fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
      const at = this.clock.now();
      const found = this.children.find(({ pid }) => pid === input.adopt?.pid);
      const child: GodsChild = found ?? {
        app: input.app,
        id: input.id,
        pid: 1_000 + this.children.length,
        at,
        isAlive: true,
        isReady: false,
        wasAsked: false,
        code: null,
        tell: () => {},
      };
      child.tell = sendBack;
      if (found === undefined) this.#begin(child);
      receive(({ type }) => {
        if (!child.wasAsked) {
          child.wasAsked = true;
          this.#seen(child, "asked");
          const stopMs = this.#behaviours.get(child.app)?.stopMs ?? 0;
          this.clock.setTimeout(() => this.exit(child, 0), stopMs);
        }
        if (type === "kill") this.exit(child, 137);
      });
      const { pid } = child;
      const fact = { pid, startTicks: pid, lifeId: `life-${pid}`, at: child.at };
      sendBack({ type: "child.spawned", at, child: fact });
      if (child.isReady) sendBack({ type: "child.ready", at });
      return undefined;
    });
  }

  /** A program that runs by itself, whoever supervises it. */
  #begin(child: GodsChild): void {
    const behaviour = this.#behaviours.get(child.app);
    const lives = this.children.filter(({ app }) => app === child.app).length;
    this.children.push(child);
    this.#seen(child, "spawned");
    if (behaviour === undefined) return;
    const end = behaviour.ends[Math.min(lives, behaviour.ends.length - 1)] ?? null;
    this.clock.setTimeout(() => {
      if (!child.isAlive) return;
      child.isReady = true;
      child.tell({ type: "child.ready", at: this.clock.now() } as never);
    }, behaviour.readyMs);
    if (end !== null) this.clock.setTimeout(() => this.exit(child, end.code), end.afterMs);
  }

  /** `restore` is a promise. */
  async #isRunning(): Promise<void> {
    for (let turn = 0; turn < 100 && !this.actor.getSnapshot().matches("running"); turn += 1) {
      await Promise.resolve();
    }
    if (!this.actor.getSnapshot().matches("running")) throw new Error("God does not come up");
  }
}
