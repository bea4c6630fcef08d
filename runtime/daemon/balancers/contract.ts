import type { AppSpec } from "../../../machines/spec.ts";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import type { WorkerCommand, WorkerEnd } from "../../contract/balancer.ts";

/** What becomes of one worker. */
export interface WorkerEvents {
  forked(pid: number): void;
  failed(code: string, message: string): void;
  told(message: Up): void;
  ended(end: { at: number; code: number | null; signal: string | null }): void;
  /** Its balancer has died: its exit code will not be known, and it is about to end. */
  lost(): void;
}

/** The balancers of a home, one per cluster app. */
export interface Balancers {
  /** Forks a worker; starts the app's balancer if there is none. */
  fork(options: {
    app: string;
    spec: AppSpec;
    life: string;
    command: WorkerCommand;
    events: WorkerEvents;
  }): WorkerLine;
  /** Hears of a worker that another daemon has forked; `undefined` when no balancer knows it. */
  adopt(life: string, events: WorkerEvents): WorkerLine | undefined;
  /** Connects to what a former daemon has left, and gives the ends that nobody has heard of yet. */
  find(): Promise<ReadonlyMap<string, WorkerEnd>>;
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
