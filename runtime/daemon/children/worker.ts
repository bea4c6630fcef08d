import type { ChildFact } from "../../../machines/facts.ts";
import type { WorkerEvents, WorkerLine } from "../balancers/contract.ts";
import type { Complain } from "../../host/complaints.ts";
import type { Delivery } from "../app-links/lives.ts";
import type { Down } from "../../contract/app-link/protocol.ts";
import { permissionsOf } from "./permitted.ts";
import type { Groups } from "../../host/groups/groups.ts";
import { readProcess } from "../../host/procfs.ts";
import { resolveIdentity } from "../../host/users.ts";
import { adoptOutputs } from "./adopt-outputs.ts";
import { Child } from "./child.ts";
import type { ChildEvents, ChildHandle, ChildServices, End, Launch } from "./contract.ts";
import { childEnvironment } from "./environment.ts";
import { failureFrom, preflight, type SpawnFailure } from "./failure.ts";
import { lifeMarker, lifeVariable } from "./life.ts";
import { beginCount, takeOutOfMemory } from "./own-group.ts";
import { workerAddition } from "./node-app.ts";
import { writePidFile } from "./pid-file.ts";
import { openWorkerOutputs, type WorkerOutputs } from "./worker-outputs.ts";
import { steadyNow } from "../../host/clock.ts";

/** A worker of a cluster app: its balancer forks it, hears its channel and learns its exit code. */
export interface WorkerHandle extends Omit<ChildHandle, "fact"> {
  readonly fact: ChildFact | undefined;
}

/**
 * Has the app's balancer fork a worker.
 * @returns `undefined` when it cannot be; `failed` says why.
 */
export function spawnWorker(
  launch: Launch,
  events: ChildEvents,
  services: ChildServices,
): WorkerHandle | undefined {
  const { spec, app, lifeId: life } = launch;
  const fail = (failure: SpawnFailure): undefined => {
    setImmediate(() => events.failed(failure));
    return undefined;
  };
  const env = childEnvironment(launch);
  const fault = preflight(spec, env);
  if (fault !== undefined) return fail(fault);
  const identity = resolveIdentity(spec.uid, spec.gid);
  if (typeof identity === "string") {
    return fail({ at: steadyNow(), code: "ERR_CANNOT_SPAWN", message: identity, transient: false });
  }
  let outputs: WorkerOutputs;
  let permissions: string[] | undefined;
  try {
    permissions = permissionsOf(launch, services);
    const { lane, given } = services;
    outputs = openWorkerOutputs({ launch, lane, given, identity, events });
  } catch (cause) {
    return fail(failureFrom(cause, spec));
  }
  const command = {
    instance: launch.instance,
    script: spec.script,
    args: spec.args,
    execArgv: spec.interpreterArgs,
    ...(permissions === undefined ? {} : { permissions }),
    cwd: spec.cwd,
    env: { ...env, ...workerAddition(launch, services) },
    out: outputs.out,
    error: outputs.error,
    umask: spec.umask,
    mayLoseOutput: launch.counts.restarts > 0,
  };
  const worker = new Worker(launch, events, services, outputs.close);
  const mark = { variable: lifeVariable, text: lifeMarker(launch) };
  const order = { app, spec, identity, life, mark, command };
  worker.line = services.balancers.fork({ ...order, events: worker });
  return worker;
}

/** Takes over a worker that outlived its daemon; when its balancer did not, it is about to end. */
export function adoptWorker(
  launch: Launch,
  fact: ChildFact,
  events: ChildEvents,
  services: ChildServices,
): WorkerHandle {
  const worker = new Worker(launch, events, services);
  adoptOutputs(launch, fact.pid, services.lane);
  worker.line = services.balancers.adopt(fact, worker);
  worker.begin(fact);
  if (worker.line === undefined) setImmediate(() => worker.lost());
  return worker;
}

/** Orders that arrive before it exists are carried out once it does. */
class Worker implements WorkerHandle, WorkerEvents {
  line: WorkerLine | undefined;
  readonly isInFront = false;
  readonly #launch: Launch;
  readonly #events: ChildEvents;
  #child: Child | undefined;
  #later: ((child: Child) => void)[] = [];
  #isReleased = false;

  /** Once the balancer has forked it, or will not. */
  readonly #closeOutputs: () => void;
  readonly #complain: Complain;
  readonly #groups: Groups;
  #group: string | undefined;

  constructor(
    launch: Launch,
    events: ChildEvents,
    { complain, groups }: Pick<ChildServices, "complain" | "groups">,
    closeOutputs = (): void => {},
  ) {
    this.#launch = launch;
    this.#events = events;
    this.#complain = complain;
    this.#groups = groups;
    this.#closeOutputs = closeOutputs;
  }

  get fact(): ChildFact | undefined {
    return this.#child?.fact;
  }

  begin(fact: ChildFact): void {
    const talk = {
      tell: (message: Down) => Number(this.line?.tell(message) ?? false),
      hears: () => this.line !== undefined,
      post: (data: unknown): Delivery => {
        if (this.line === undefined) return "unreachable";
        return this.line.tell({ type: "message", data }) ? "sent" : "full";
      },
      main: () => {},
      release: () => this.line?.release(),
    };
    this.#group = this.#groups.of(fact.pid);
    if (this.#group !== undefined) beginCount(this.#group);
    this.#child = new Child({ launch: this.#launch, fact, events: this.#events, talk });
    this.#events.spawned(fact);
    for (const todo of this.#later.splice(0)) todo(this.#child);
  }

  forked(pid: number): void {
    this.#closeOutputs();
    if (this.#isReleased) return;
    const startTicks = readProcess(pid)?.startTicks ?? 0;
    const fault = writePidFile(this.#launch, pid);
    const { spec, id } = this.#launch;
    if (fault !== undefined) this.#complain(`${id} pid file`, `${spec.name} (${id}): ${fault}`);
    this.begin({ pid, startTicks, lifeId: this.#launch.lifeId, at: steadyNow() });
  }

  failed(code: string, message: string): void {
    this.#closeOutputs();
    if (this.#isReleased) return;
    const error = Object.assign(new Error(message), { code });
    this.#events.failed(failureFrom(error, this.#launch.spec));
  }

  told(message: Parameters<Child["hear"]>[0]): void {
    if (!this.#isReleased) this.#child?.hear(message);
  }

  ended(end: End): void {
    if (this.#isReleased) return;
    // Its later messages are ignored: its process waits for none.
    if (this.#child === undefined) this.failed("EAGAIN", "it ended before it was forked");
    else this.#child.ended(this.#explained(end));
  }

  /** The group is the cluster's: only a kill explains what the kernel counts in it. */
  #explained(end: End): End {
    if (end.signal !== "SIGKILL" || this.#group === undefined) return end;
    const outOfMemory = takeOutOfMemory(this.#group);
    return outOfMemory === undefined ? end : { ...end, outOfMemory };
  }

  lost(): void {
    if (this.#isReleased) return;
    if (this.#child === undefined) {
      this.failed("EAGAIN", "its balancer died before it was forked");
      return;
    }
    this.#child.lose();
    this.#events.lost("the end of its balancer");
  }

  remind(graceMs: number, wasSignalled: boolean): void {
    this.#do((child) => child.remind(graceMs, wasSignalled));
  }

  stop(graceMs: number): void {
    this.#do((child) => child.stop(graceMs));
  }

  kill(): void {
    this.#do((child) => child.kill());
  }

  signal(signal: string): void {
    this.#do((child) => child.signal(signal));
  }

  tell(message: Down): boolean {
    return this.#child?.tell(message) ?? false;
  }

  post(data: unknown): Delivery {
    return this.#child?.post(data) ?? "unreachable";
  }

  release(): void {
    this.#isReleased = true;
    this.#closeOutputs();
    if (this.#child === undefined) this.line?.release();
    else this.#child.release();
  }

  #do(todo: (child: Child) => void): void {
    if (this.#child === undefined) this.#later.push(todo);
    else todo(this.#child);
  }
}
