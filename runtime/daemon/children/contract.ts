import type { ChildFact } from "../../../machines/facts.ts";
import type { OutOfMemory } from "../../../machines/exit.ts";
import type { LaunchCounts } from "../../../machines/process-events.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { Balancers } from "../balancers/contract.ts";
import type { Groups } from "../../host/groups/groups.ts";
import type { Complain } from "../../host/complaints.ts";
import type { Lane } from "../log-lane/lane.ts";
import type { Down, Up } from "../../contract/app-link/protocol.ts";
import type { Delivery } from "../app-links/lives.ts";
import type { Links } from "../app-links/server.ts";
import type { InstanceLogs } from "../../host/log-files/paths.ts";
import type { GivenFiles } from "./given-files.ts";
import type { SpawnFailure } from "./failure.ts";

/** What one life needs. */
export interface Launch {
  readonly spec: AppSpec;
  readonly id: number;
  readonly generation: number;
  /** Key of its app. */
  readonly app: string;
  readonly instance: number;
  readonly home: string;
  readonly lifeId: string;
  /** Of the process, for the app's environment. */
  readonly uniqueId: string;
  /** Of this process; the specification's are its app's. */
  readonly logs: InstanceLogs;
  readonly pidFile: string | null;
  readonly counts: LaunchCounts;
}

/** Where children come from and how they are talked to. */
export interface ChildServices {
  readonly links: Links;
  readonly balancers: Balancers;
  /** Where the lines go that are to be changed. */
  readonly lane: Lane;
  /** What programs wrote into files that were removed is in their log files. */
  readonly settleLogs: () => void;
  /** The preload's file. */
  readonly preload: string;
  /** The socket that preloads connect to. */
  readonly linkSocket: string;
  /** Where apps leave exit codes that nobody waited for. */
  readonly exits: string;
  /** The files that lives were given as their output. */
  readonly given: GivenFiles;
  /** The cgroups of apps that have one. */
  readonly groups: Groups;
  /** Tells of what goes wrong beside an app, once a minute at most for each thing. */
  readonly complain: Complain;
  /** Where the pipes are that apps read as their standard input. */
  readonly stdin: string;
}

/** What a child tells its owner. Nothing comes after `failed` or `exited`. */
export interface ChildEvents {
  spawned(fact: ChildFact): void;
  told(message: Up): void;
  failed(failure: SpawnFailure): void;
  /** It was sent its stop signal, or the message in its place. */
  signalled(at: number): void;
  /** It cannot continue, through no fault of its own. */
  lost(why: string): void;
  /** It has ended, and nothing of its tree is left. */
  exited(end: End): void;
}

export interface End {
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** See `ExitFact`. */
  readonly backgroundPid?: number;
  readonly outOfMemory?: OutOfMemory;
}

export interface ChildHandle {
  readonly fact: ChildFact;
  /** It only starts the app, as `npm` does: what it uses is what its whole session uses. */
  readonly isInFront: boolean;
  /** Asks it to end: it drains, or gets one signal to each process of its tree, or the message `shutdown`. */
  stop(graceMs: number): void;
  /**
   * The same, where the daemon before has asked already, or died before it could: no program is signalled twice.
   * @param wasSignalled the daemon before was about to signal it, or has done so; otherwise it has certainly not.
   */
  remind(graceMs: number, wasSignalled: boolean): void;
  /** SIGKILL to its whole tree, until nothing is left. */
  kill(): void;
  /** Signals the main process alone. */
  signal(signal: string): void;
  /** @returns whether it can hear. */
  tell(message: Down): boolean;
  /**
   * Gives the app a message; one that has not begun to listen yet gets it when it does, as over a channel of Node's.
   */
  post(data: unknown): Delivery;
  /** Lets go of it: it lives on and is watched no more. */
  release(): void;
}
