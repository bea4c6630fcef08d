import type { GivenFiles } from "./children/given-files.ts";
import type { GodActor } from "../../machines/god.ts";
import type { HomePaths } from "../host/home/paths.ts";
import type { AppProfiles } from "./metrics/app-profiles.ts";
import type { Bus } from "./bus/bus.ts";
import type { Children } from "./children/sources.ts";
import type { Carrier } from "./log-carrier/carrier.ts";
import type { Lane } from "./log-lane/lane.ts";
import type { CustomMetrics } from "./metrics/custom.ts";
import type { Notifier } from "./notify/notifier.ts";
import type { Rotations } from "./rotation/rotations.ts";
import type { Sampler } from "./metrics/sampler.ts";
import type { Usage } from "./metrics/usage.ts";
import type { Calls } from "./registry/calls.ts";
import type { GuardLog } from "./records/guard-log.ts";
import type { History } from "./records/history.ts";
import type { Recorder } from "./records/recorder.ts";
import type { Registry } from "./registry/registry.ts";
import type { StateStore } from "./state/store.ts";

export interface CommandDependencies {
  readonly god: GodActor;
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly store: StateStore;
  readonly bus: Bus;
  readonly now: () => number;
}

export interface DeclareDependencies extends CommandDependencies {
  readonly newSeed: () => number;
  /** One at a time: ids and names are given out and taken in one piece. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Everything the API acts on. */
export interface Daemon extends DeclareDependencies {
  readonly paths: HomePaths;
  /** Steady time, as `now`; see `host/clock.ts`. */
  readonly startedAt: number;
  /** The wall clock, for what people see; ms since the epoch. */
  readonly wall: () => number;
  readonly god: GodActor;
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly store: StateStore;
  readonly sampler: Sampler;
  readonly usage: Usage;
  readonly history: History;
  /** What apps publish of themselves. */
  readonly custom: CustomMetrics;
  readonly profiles: AppProfiles;
  /** Live events for subscribers. */
  readonly bus: Bus;
  readonly children: Children;
  readonly guardLog: GuardLog;
  /** The commands in progress. */
  readonly calls: Calls;
  readonly lane: Lane;
  readonly carrier: Carrier;
  readonly rotations: Rotations;
  readonly notifier: Notifier;
  readonly given: GivenFiles;
  /** What was repaired, adopted or lost at its start. */
  readonly notes: readonly string[];
  /** Resolves once the root machine runs. */
  readonly isRestored: Promise<void>;
  /** The shell that restarts the daemon; `null` when there is none. */
  readonly watchdogPid: () => number | null;
  /** Stops every process and forgets it; resolves when all are gone. */
  readonly stopEverything: (by: string) => Promise<void>;
  /** After `stopEverything`: also removes from the state what an unfinished start had declared. */
  readonly forgetEverything: () => Promise<void>;
  /** Leaves every process to the next daemon. */
  readonly handOver: (by: string) => void;
}
