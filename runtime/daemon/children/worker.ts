import type { ChildFact } from "../../../machines/facts.ts";
import type { WorkerEvents, WorkerLine } from "../balancers/contract.ts";
import type { Down } from "../../contract/app-link/protocol.ts";
import { ownFile, pipeOrder } from "../log-lane/launch-order.ts";
import type { Lane, OpenPipe } from "../log-lane/lane.ts";
import { readProcess } from "../../host/procfs.ts";
import { resolveIdentity } from "../../host/users.ts";
import { adoptOutputs, Child } from "./child.ts";
import type { ChildEvents, ChildHandle, ChildServices, Launch } from "./contract.ts";
import { childEnvironment } from "./environment.ts";
import { assertWritable, emptyFiles, unlessUnwritable } from "./outputs.ts";
import { failureFrom, preflight, type SpawnFailure } from "./failure.ts";
import { nodeAddition } from "./node-app.ts";
import { writePidFile } from "./pid-file.ts";

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
    return fail({ at: Date.now(), code: "ERR_CANNOT_SPAWN", message: identity, transient: false });
  }
  const pipes: OpenPipe[] = [];
  const close = (): void => {
    for (const pipe of pipes.splice(0)) pipe.close();
  };
  let out: string | null;
  let error: string | null;
  try {
    const path = (stream: "out" | "err"): string | null =>
      unlessUnwritable(launch, stream, events, () =>
        outputPath(launch, stream, services.lane, pipes),
      ) ?? null;
    out = path("out");
    error = path("err");
  } catch (cause) {
    close();
    return fail(failureFrom(cause, spec));
  }
  const addition = nodeAddition(launch, services, "own");
  const command = {
    script: spec.script,
    args: spec.args,
    execArgv: [...addition.args, ...spec.interpreterArgs],
    cwd: spec.cwd,
    env: { ...env, ...addition.env },
    out,
    error,
    ...identity,
  };
  const worker = new Worker(launch, events, close);
  worker.line = services.balancers.fork({ app, spec, life, command, events: worker });
  return worker;
}

/** The file or pipe that the balancer opens; a pipe stays open here until the worker has it. */
function outputPath(
  launch: Launch,
  stream: "out" | "err",
  lane: Lane,
  pipes: OpenPipe[],
): string | null {
  const order = pipeOrder(launch, stream);
  const path = ownFile(launch, stream);
  assertWritable(
    order === undefined ? [path, ...emptyFiles(launch)] : [order.file, order.combined],
  );
  if (order === undefined) return path;
  const pipe = lane.open(order);
  pipes.push(pipe);
  return pipe.path;
}

/** Takes over a worker that outlived its daemon; when its balancer did not, it is about to end. */
export function adoptWorker(
  launch: Launch,
  fact: ChildFact,
  events: ChildEvents,
  services: ChildServices,
): WorkerHandle {
  const worker = new Worker(launch, events);
  adoptOutputs(launch, fact.pid, services.lane);
  worker.line = services.balancers.adopt(fact.lifeId, worker);
  worker.begin(fact);
  if (worker.line === undefined) setImmediate(() => worker.lost());
  return worker;
}

/** What is asked of it before it is there is done when it is. */
class Worker implements WorkerHandle, WorkerEvents {
  line: WorkerLine | undefined;
  readonly #launch: Launch;
  readonly #events: ChildEvents;
  #child: Child | undefined;
  #later: ((child: Child) => void)[] = [];
  #isReleased = false;

  /** Once the balancer has forked it, or will not. */
  readonly #closeOutputs: () => void;

  constructor(launch: Launch, events: ChildEvents, closeOutputs = (): void => {}) {
    this.#launch = launch;
    this.#events = events;
    this.#closeOutputs = closeOutputs;
  }

  get fact(): ChildFact | undefined {
    return this.#child?.fact;
  }

  begin(fact: ChildFact): void {
    const talk = {
      tell: (message: Down) => this.line?.tell(message) ?? false,
      post: (data: unknown) => this.line?.tell({ type: "message", data }) ?? false,
      release: () => this.line?.release(),
    };
    this.#child = new Child({ launch: this.#launch, fact, events: this.#events, talk });
    this.#events.spawned(fact);
    for (const todo of this.#later.splice(0)) todo(this.#child);
  }

  forked(pid: number): void {
    this.#closeOutputs();
    if (this.#isReleased) return;
    const startTicks = readProcess(pid)?.startTicks ?? 0;
    writePidFile(this.#launch.pidFile, pid);
    this.begin({ pid, startTicks, lifeId: this.#launch.lifeId, at: Date.now() });
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

  ended(end: { at: number; code: number | null; signal: string | null }): void {
    if (!this.#isReleased) this.#child?.ended(end);
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

  post(data: unknown): boolean {
    return this.#child?.post(data) ?? false;
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
