import type { ActorRef, Snapshot } from "xstate";
import type { ExitFact, OutOfMemory } from "./exit.ts";
import type { HookName, HookReport, HookRun } from "./hooks.ts";
import type { ChildFact, Failure, ProcessFacts, Decision, Removal } from "./facts.ts";

import type { Cause } from "./cause.ts";
import type { Unmet } from "./dependencies.ts";
import type { GroupCommand } from "./group-events.ts";
import type { AppSpec } from "./spec.ts";

/** What people and scripts ask for. `by` is who asked, for the decision record: "`xm stop`". */
export type Command =
  | ({ type: "start"; at: number; by: string } & Waits)
  | { type: "stop"; at: number; by: string }
  | ({ type: "restart"; at: number; by: string } & Waits)
  /** `why`: `deleted` unless it says another reason. */
  | { type: "remove"; at: number; by: string; graceMs?: number; why?: Removal }
  | { type: "reset"; at: number; by: string }
  | { type: "configure"; at: number; spec: AppSpec };

/** What a command that starts something says of the apps it depends on. */
export interface Waits {
  /** It is started whatever they are (`--no-deps`). */
  readonly ignoresDependencies?: boolean;
  /** Keys of apps that are restarted with it: only lives of theirs that begin after the command count. */
  readonly renewed?: readonly string[];
  /** Arguments in place of the declared ones, until the next command starts it (`xm run NAME -- ARGS`). */
  readonly args?: readonly string[];
}

/** The same of its first start, which no command asks for. */
export interface FirstWaits {
  readonly ignoresDependencies: boolean;
  readonly renewed: DependencyInput["renewed"];
}

/** How a life ended, as its observer reports it. */
export interface End {
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords?: readonly string[];
  readonly backgroundPid?: number;
  readonly outOfMemory?: OutOfMemory;
}

/** What happened, told by the ports. */
export type Fact =
  | { type: "child.spawned"; at: number; child: ChildFact }
  | { type: "child.ready"; at: number }
  /** It listens, but nowhere that the process which it is to replace does. */
  | { type: "child.elsewhere"; at: number; why: string }
  /** It was sent its stop signal, or the message in its place: its own code ends it, or the signal itself. */
  | { type: "child.signalled"; at: number }
  | ({ type: "child.exited" } & End)
  | { type: "child.failed"; at: number; failure: Failure; transient: boolean }
  /** Its startup probe has failed too often. */
  | { type: "child.unstarted"; at: number; why: string }
  | { type: "probe.ready"; at: number }
  | { type: "probe.unready"; at: number; why: string }
  | { type: "probe.passing"; at: number }
  | { type: "probe.failing"; at: number; why: string }
  | { type: "child.lost"; at: number; by: string }
  | { type: "sensor.tripped"; at: number; by: string; sensor?: Sensor };

/** What its schedule does with a process. `dueAt`: ms since the epoch. */
export type ScheduleEvent =
  /** A run is about to begin, or to be skipped: it is in the journal before. */
  | { type: "schedule.fired"; at: number; dueAt: number }
  | { type: "schedule.skipped"; at: number; by: string };

/** What the schedule of an app tells it. */
export type ScheduleReport =
  | { type: "schedule.due"; at: number; dueAt: number }
  /** It is in the journal, on the disk. */
  | { type: "schedule.begin"; at: number; by: string }
  /** When it is due next; ms since the epoch, `null` for never. */
  | { type: "schedule.next"; at: number; nextAt: number | null };

/** What the sensors of an app tell it. */
export type SensorReport =
  | ScheduleReport
  | { type: "sensor.tripped"; at: number; by: string; sensor: Sensor }
  /** It cannot do its work, or not all of it; told again with another reason, or `sensor.recovered`. */
  | { type: "sensor.failed"; at: number; sensor: Sensor; reason: string }
  | { type: "sensor.recovered"; at: number; sensor: Sensor };

/** What the sensors of an app are to watch from now on; `null` for nothing. */
export type ToSensors = {
  type: "watch";
  spec: AppSpec | null;
  /** The latest time of its schedule that was used. */
  firedAt: number | null;
};

/** What may ask for a restart. */
export type Sensor = "memory" | "cron" | "watch" | "heartbeat" | "liveness" | "cpu" | "age";

/** What the apps that a pending process waits for have come to. */
export type DependencyReport =
  | { type: "dependencies.met"; at: number }
  /** Told at once, and again whenever it is another. */
  | { type: "dependencies.unmet"; at: number; unmet: readonly Unmet[] }
  /** One of them will not come by itself any more. */
  | { type: "dependencies.lost"; at: number; unmet: readonly Unmet[]; cause?: Cause };

/** What has become of an app that one which runs depends on: `by` says it for the decision record. */
export type BondReport =
  | { type: "bond.stop"; at: number; by: string; cause?: Cause }
  | { type: "bond.restart"; at: number; by: string; cause?: Cause };

/** What an app tells a process of a cluster whose readiness probe fails: it takes connections, or leaves them to others. */
export type TrafficOrder =
  | { type: "traffic.leave"; at: number }
  | { type: "traffic.enter"; at: number };

export type ProcessEvent =
  | Command
  | GroupCommand
  | Fact
  | DependencyReport
  | BondReport
  | HookReport
  | TrafficOrder
  | ScheduleEvent;

/** Commands to the child source. `signal` and `send` bypass the machine: they change no state. */
export type ToChild =
  | { type: "stop"; graceMs: number }
  | { type: "kill" }
  /** It accepts connections, or no more of them. */
  | { type: "traffic"; isTaken: boolean };

/** Which life a report is of: `pid` is `null` when nothing could be spawned. */
interface Reported {
  readonly at: number;
  readonly id: number;
  readonly generation: number;
  readonly pid: number | null;
  readonly livedMs: number;
}

/** What a process tells its app, in the order in which it happens. `wasAsked`: a command or a sensor wanted the end. */
export type Report =
  | LifeReport
  /** A sensor of its child asks for a restart; when it comes is the app's to say. */
  | {
      type: "process.tripped";
      at: number;
      id: number;
      generation: number;
      by: string;
      sensor: Sensor;
    }
  /** Its readiness probe says another thing than before. */
  | { type: "process.judged"; at: number; id: number }
  /** It was started or has come to rest: what its app watches may be another. */
  | { type: "process.moved"; id: number };

/** The steps of a life. */
export type LifeReport =
  | (Reported & { type: "process.spawned" })
  /** `because`: why it is late, when more is known than that it was not ready in time. */
  | (Reported & { type: "process.ready"; isLate: boolean; because?: string })
  | (Reported & { type: "process.stopping"; removal: Removal | null })
  | (Reported & {
      type: "process.ended";
      wasAsked: boolean;
      reason: string;
      lastWords?: readonly string[];
    });

/** What one life needs. */
export interface LaunchInput {
  readonly id: number;
  readonly generation: number;
  /** Key of the app. */
  readonly app: string;
  readonly instance: number;
  readonly spec: AppSpec;
  /** A child that is alive already and is taken over instead of spawned. */
  readonly adopt: ChildFact | null;
  /** The child to adopt was asked to stop already: it shall see one stop signal, not two. */
  readonly stopWasAsked: boolean;
  /** It may have got its stop signal already, or the message in its place. */
  readonly wasSignalled: boolean;
  /** The child to adopt could serve already. */
  readonly wasReady: boolean;
  /** How long its readiness is waited for; ms. */
  readonly listenPatienceMs: number;
  readonly uniqueId: string | null;
  /** What the process has behind it, for the environment of this life. */
  readonly counts: LaunchCounts;
}

/** What a hook runs with, and the facts that it receives. */
export interface HookInput extends Pick<
  LaunchInput,
  "id" | "generation" | "app" | "instance" | "spec" | "uniqueId" | "counts"
> {
  readonly name: HookName;
  /** What lives, before its end. */
  readonly child: ChildFact | null;
  /** How the life has ended. */
  readonly exit: ExitFact | null;
  /** Why it ends, or has ended, in words. */
  readonly reason: string | null;
  /** A run that a former daemon has begun, and that has not been seen to end. */
  readonly adopt: HookRun | null;
}

/** How often and since when a process is started. */
export interface LaunchCounts {
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly restarts: number;
  readonly unstableRestarts: number;
}

/** What the sensors of a process watch: its child. */
export interface SensorInput {
  readonly id: number;
  readonly generation: number;
  readonly instance: number;
  readonly spec: AppSpec;
  readonly child: ChildFact | null;
}

/** What a pending process waits for. */
export interface DependencyInput {
  /** Key of its app. */
  readonly app: string;
  readonly spec: AppSpec;
  /** Apps of which only lives count that begin after a time. */
  readonly renewed: { readonly keys: readonly string[]; readonly since: number } | null;
}

/** What a process that runs looks at. */
export interface BondInput {
  readonly spec: AppSpec;
  /** When its life began: what has happened before is past. */
  readonly since: number;
}

/** The state to continue from after the daemon's death. The kernel takes precedence over the file. */
export interface Resume {
  readonly facts: ProcessFacts;
  /** `gone`: it ended while no daemon watched. `none`: there was none, or the machine has been booted since. */
  readonly child: "alive" | "gone" | "none";
  /** When it is resumed, in ms since the epoch. */
  readonly at: number;
  /** How it ended, if its balancer or it itself recorded that. */
  readonly end?: End;
}

/** What a replacement takes over from the process it replaces. */
export interface Inheritance {
  readonly restarts: number;
  readonly decisions: readonly Decision[];
  readonly readyMs: number | null;
  readonly ignoresDependencies: boolean;
}

export interface ProcessInput {
  readonly id: number;
  readonly generation?: number;
  readonly app: string;
  /** Number within the app. */
  readonly instance: number;
  readonly spec: AppSpec;
  /** Seed of the backoff's jitter. */
  readonly seed: number;
  readonly uniqueId?: string | undefined;
  readonly at: number;
  readonly resume: Resume | null;
  readonly inherits?: Inheritance;
  readonly waits?: FirstWaits;
  /** Told what its reloads wait for. */
  readonly owner?: ActorRef<Snapshot<unknown>, Report>;
}
