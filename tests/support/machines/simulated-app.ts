import { createActor, fromCallback } from "xstate";
import { appMachine, type ReloadRequest } from "../../../machines/app.ts";
import type { ReloadFacts } from "../../../machines/facts.ts";
import { processMachine, type ProcessActor } from "../../../machines/process.ts";
import { processKey } from "../../../machines/lib/process-key.ts";
import type {
  BondInput,
  Command,
  DependencyInput,
  LaunchInput,
  SensorInput,
  SensorReport,
  ToChild,
  ToSensors,
} from "../../../machines/process-events.ts";
import { reloadMachine } from "../../../machines/reload.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { VirtualClock } from "../../../machines/lib/virtual-clock.ts";

type ProbeFact = "probe.ready" | "probe.unready" | "probe.passing" | "probe.failing";

/** A child of the simulated operating system, of one generation of one process. */
export interface AppChild {
  readonly id: number;
  readonly generation: number;
  isAlive: boolean;
  isReady: boolean;
  stopAskedAt: number | null;
  /** How long it was given then; ms. */
  graceMs: number | null;
  /** It was told to leave its connections to others. */
  isOut: boolean;
  readonly tell: (event: never) => void;
}

/** An app with its processes and reloads on a virtual clock: the test plays the kernel and the programs. */
export class SimulatedApp {
  readonly clock = new VirtualClock();
  readonly children: AppChild[] = [];
  /** Every reload that has ended. */
  readonly ended: ReloadFacts[] = [];
  refused = 0;
  readonly spec: AppSpec;
  readonly #reload: typeof reloadMachine;
  readonly #seen: (app: typeof appMachine) => typeof appMachine;
  readonly #memory = new Map<string, (by: string) => void>();
  readonly #finds = new Map<string, (type: ProbeFact, at: number) => void>();
  #report: (report: SensorReport) => void = () => {};
  /** Its own sensors break when they are told what to watch. */
  sensorsBreak = false;
  /** What its sensors were told to watch. */
  watched: AppSpec | null = null;
  readonly actor: ReturnType<SimulatedApp["create"]>;

  /** @param reload its reload machine, for who wants to hear of its guards; `seen` makes one of its own that is checked. */
  constructor(
    spec: AppSpec,
    reload = reloadMachine,
    seen: (app: typeof appMachine) => typeof appMachine = (app) => app,
  ) {
    this.spec = spec;
    this.#reload = reload;
    this.#seen = seen;
    this.actor = this.create();
    this.add(Array.from({ length: spec.instances }, (_, id) => id));
  }

  get context() {
    return this.actor.getSnapshot().context;
  }

  get ids(): number[] {
    return Object.keys(this.context.processes).map(Number);
  }

  get living(): AppChild[] {
    return this.children.filter(({ isAlive }) => isAlive);
  }

  /** Children that can serve and have not been told to end. */
  serving(id: number): AppChild[] {
    return this.living.filter(
      (child) => child.id === id && child.isReady && child.stopAskedAt === null,
    );
  }

  get isReloading(): boolean {
    return this.context.reload !== null;
  }

  /** Replacements, and what still has to end. */
  get others(): ProcessActor[] {
    const { successors, leaving } = this.context;
    return [...Object.values(successors), ...Object.values(leaving)];
  }

  add(ids: readonly number[]): void {
    const processes = ids.map((id) => ({ id, instance: id, seed: id, resume: null }));
    this.actor.send({ type: "processes.add", at: this.clock.now(), processes });
  }

  command(type: "start" | "stop" | "restart" | "remove", id: number): void {
    const command: Command = { type, at: this.clock.now(), by: "a test" };
    this.actor.send({ type: "processes.command", ids: [id], command });
  }

  reload(options: Partial<ReloadRequest> = {}): void {
    const reload: ReloadRequest = {
      by: "a test",
      ids: this.ids,
      surge: this.spec.policy.reload.surge,
      force: false,
      spec: this.spec,
      resume: null,
      ...options,
    };
    this.actor.send({ type: "app.reload", at: this.clock.now(), reload });
  }

  ready(child: AppChild): void {
    child.isReady = true;
    child.tell({ type: "child.ready", at: this.clock.now() } as never);
  }

  listensElsewhere(child: AppChild): void {
    const why = "listens on 41233, and not on 3000 as the old one does";
    child.tell({ type: "child.elsewhere", at: this.clock.now(), why } as never);
  }

  /** A sensor of the app trips. */
  trip(sensor: "cron" | "watch", by: string): void {
    this.#report({ type: "sensor.tripped", at: this.clock.now(), by, sensor });
  }

  report(report: SensorReport): void {
    this.#report(report);
  }

  /** A process is over its memory limit. */
  outgrow({ id, generation }: AppChild): void {
    this.#memory.get(processKey({ id, generation }))?.("the memory limit");
  }

  /** What the probes of a process have found. */
  finds({ id, generation }: AppChild, type: ProbeFact): void {
    this.#finds.get(processKey({ id, generation }))?.(type, this.clock.now());
  }

  exit(child: AppChild, code: number): void {
    child.isAlive = false;
    child.tell({ type: "child.exited", at: this.clock.now(), code, signal: null } as never);
  }

  /** Every program does what it is to do: says that it is ready, ends when it is asked. */
  obey(): void {
    for (let turn = 0; turn < 100; turn += 1) {
      const stopping = this.living.find(({ stopAskedAt }) => stopAskedAt !== null);
      const waiting = this.living.find(({ isReady }) => !isReady);
      if (stopping !== undefined) this.exit(stopping, 0);
      else if (waiting !== undefined) this.ready(waiting);
      else return;
    }
    throw new Error("the app does not come to rest");
  }

  create() {
    const process = processMachine.provide({
      actors: {
        childProcess: fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
          const { id, generation } = input;
          const at = this.clock.now();
          const child: AppChild = {
            id,
            generation,
            isAlive: true,
            isReady: false,
            isOut: false,
            graceMs: null,
            stopAskedAt: null,
            tell: sendBack,
          };
          this.children.push(child);
          receive((order) => {
            const { type } = order;
            if (type === "traffic") {
              child.isOut = !order.isTaken;
              return;
            }
            if (type === "stop") child.graceMs = order.graceMs;
            child.stopAskedAt ??= this.clock.now();
            if (type === "kill" && child.isAlive) this.exit(child, 137);
          });
          const pid = 1_000 + this.children.length;
          const fact = { pid, startTicks: pid, lifeId: `life-${pid}`, at };
          sendBack({ type: "child.spawned", at, child: fact });
          return undefined;
        }),
        bonds: fromCallback<{ type: "none" }, BondInput>(() => undefined),
        dependencies: fromCallback<{ type: "none" }, DependencyInput>(({ sendBack }) =>
          sendBack({ type: "dependencies.met", at: this.clock.now() }),
        ),
        sensors: fromCallback<{ type: "none" }, SensorInput>(({ sendBack, input }) => {
          this.#finds.set(processKey(input), (type, at) => sendBack({ type, at, why: "HTTP 503" }));
          this.#memory.set(processKey(input), (by) =>
            sendBack({ type: "sensor.tripped", at: this.clock.now(), by, sensor: "memory" }),
          );
        }),
      },
    });
    const sensors = fromCallback<ToSensors, { readonly key: string }>(({ sendBack, receive }) => {
      this.#report = sendBack;
      receive(({ spec }) => {
        if (this.sensorsBreak) throw new Error("the sensors are broken");
        this.watched = spec;
      });
    });
    const actors = { process, reload: this.#reload, sensors };
    const actor = createActor(this.#seen(appMachine.provide({ actors })), {
      clock: this.clock,
      input: { key: "app", spec: this.spec },
    });
    actor.on("reload.moved", ({ facts }) => {
      if (facts.step === "succeeded" || facts.step === "failed") this.ended.push(facts);
    });
    actor.on("reload.refused", () => void (this.refused += 1));
    actor.start();
    return actor;
  }
}
