import { fromCallback } from "xstate";
import type {
  LaunchInput,
  ProcessEvent,
  SensorInput,
  ToChild,
} from "../../machines/process-events.ts";
import { instanceLogPaths, instancePidFile } from "../logs/paths.ts";
import { startSensors, type SensorDependencies } from "../sensors/index.ts";
import {
  adoptChild,
  spawnChild,
  type ChildEvents,
  type ChildHandle,
  type Launch,
} from "./child.ts";

/** The children that are held now, by process id: for what passes the machines by, such as `sendSignal`. */
export type Children = Map<number, ChildHandle>;

export interface SourceDependencies {
  readonly home: string;
  readonly children: Children;
  readonly newLifeId: () => string;
  readonly now: () => number;
  readonly sensors: Omit<SensorDependencies, "trip">;
  /** Told before a machine gets a fact, so that the journal can name what caused a change. */
  readonly onFact: (id: number, event: ProcessEvent) => void;
}

/**
 * Fills the port `childProcess`. Its cleanup lets go of the child and never kills it: a machine that is stopped
 * is a daemon that leaves, and its children live on. They end by `stop` and `kill` alone.
 */
export function childSource(dependencies: SourceDependencies) {
  return fromCallback<ToChild, LaunchInput>(({ sendBack, receive, input }) => {
    const { children, now, onFact } = dependencies;
    const tell = (event: ProcessEvent): void => {
      onFact(input.id, event);
      sendBack(event);
    };
    const events: ChildEvents = {
      spawned: (child) => tell({ type: "child.spawned", at: now(), child }),
      message: (message) => {
        if (message === "ready") tell({ type: "child.ready", at: now() });
      },
      failed: ({ transient, ...failure }) =>
        tell({ type: "child.failed", at: failure.at, failure, transient }),
      exited: ({ at, code, signal }) => tell({ type: "child.exited", at, code, signal }),
    };
    const launch = launchFrom(input, dependencies);
    const handle =
      input.adopt === null ? spawnChild(launch, events) : adoptChild(launch, input.adopt, events);
    if (handle !== undefined) children.set(input.id, handle);

    let alreadyAsked = input.stopWasAsked;
    receive((event) => {
      if (event.type === "kill") handle?.kill();
      else if (alreadyAsked) alreadyAsked = false;
      else handle?.stop();
    });
    return () => {
      if (children.get(input.id) === handle) children.delete(input.id);
      handle?.release();
    };
  });
}

/** Fills the port `sensors`. */
export function sensorSource({ sensors, now, onFact }: SourceDependencies) {
  return fromCallback<{ type: "none" }, SensorInput>(({ sendBack, input }) => {
    const trip = (by: string): void => {
      const event: ProcessEvent = { type: "sensor.tripped", at: now(), by };
      onFact(input.id, event);
      sendBack(event);
    };
    return startSensors(input, { ...sensors, trip });
  });
}

function launchFrom(input: LaunchInput, { home, newLifeId }: SourceDependencies): Launch {
  const { spec, id, instance } = input;
  return {
    spec,
    id,
    instance,
    home,
    lifeId: input.adopt?.lifeId ?? newLifeId(),
    logs: instanceLogPaths(spec, id),
    pidFile: instancePidFile(spec, id),
  };
}
