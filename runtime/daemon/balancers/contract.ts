import type { AppSpec } from "../../../machines/spec.ts";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import type { WorkerCommand, WorkerEnd } from "../../contract/balancer.ts";
import type { Identity } from "../../host/users.ts";

/** What becomes of one worker. */
export interface WorkerEvents {
  forked(pid: number): void;
  failed(code: string, message: string): void;
  told(message: Up): void;
  ended(end: { at: number; code: number | null; signal: string | null }): void;
  /** Its balancer has died: its exit code will not be known, and it is about to end. */
  lost(): void;
}

/** What a life is known by in the environment of its processes. */
export interface LifeMark {
  readonly variable: string;
  readonly text: string;
}

/** The balancers of a home, one per cluster app. */
export interface Balancers {
  /** Forks a worker; starts the app's balancer if there is none. */
  fork(options: {
    app: string;
    spec: AppSpec;
    /** Whose rights balancer and workers have. */
    identity: Identity;
    life: string;
    mark: LifeMark;
    command: WorkerCommand;
    events: WorkerEvents;
  }): WorkerLine;
  /** Hears of a worker that another daemon has forked; `undefined` when its balancer does not know it by this pid. */
  adopt(child: { lifeId: string; pid: number }, events: WorkerEvents): WorkerLine | undefined;
  /**
   * Connects to what a former daemon has left, and gives the exits that have not been reported yet.
   * @param options.mayTrustOld balancers of version 0.1.0, which have no record, are taken over too: no app of the home
   * has another user's rights, so nobody less trusted can have put one there.
   */
  find(options: { mayTrustOld: boolean }): Promise<ReadonlyMap<string, WorkerEnd>>;
  /** The ends that `find` gave are in the journal. */
  confirm(): void;
  /** The app is gone: its balancer need not linger. */
  end(app: string): void;
  /** Ends those that have no workers, and waits until they are gone. */
  quit(): Promise<void>;
}

export interface WorkerLine {
  tell(message: Down): boolean;
  release(): void;
}
