import type {
  AnyActorRef,
  AnyMachineSnapshot,
  AnyTransitionDefinition,
  InspectionEvent,
} from "xstate";
import { labelFrom } from "../../charts/label.ts";
import { messageOf } from "../../contract/errors.ts";
import type { MachineName, MachineStep, MachineView } from "../../contract/inspector.ts";
import { ownGroup } from "../../../machines/group-spec.ts";
import { keyOf } from "../records/guard-log.ts";
import { earlierReadings, machineView } from "./machine-view.ts";
import type { Daemon } from "../daemon.ts";

/** Steps of one macrostep that are sent; a machine that takes more in one has a fault. */
const mostSteps = 50;

export type Tell = (view: MachineView, json: string) => void;

/** The machines around processes, while they are watched. */
export interface Watch {
  /**
   * Tells where the machines around a process are (its own, with those of a replacement and of what was replaced, its
   * app's, a reload's, its group's and God's), and then each of their transitions, until the answer is called. Without a process God's alone.
   */
  around(process: number | null, tell: Tell): () => void;
  /** Something has happened to a process: watchers that wait for that id receive its events from now on. */
  noteProcess(process: number): void;
}

interface Viewer {
  readonly process: number | null;
  readonly tell: Tell;
  actors: ReadonlyMap<AnyActorRef, MachineName>;
}

interface Watched {
  readonly machine: MachineName;
  readonly viewers: Set<Viewer>;
  readonly unwatchGuards: () => void;
  steps: MachineStep[];
}

type WatchedDaemon = Pick<Daemon, "god" | "registry" | "guardLog" | "now">;

/**
 * Inspection is attached to the actor system by the first viewer and detached with the last: XState asks its
 * observers in the middle of each transition, so that they cost every process. For the same reason nothing of a
 * machine without viewers is observed, and a fault here is logged and goes no further.
 */
export function createWatch(daemon: WatchedDaemon, log: (line: string) => void): Watch {
  const { god, registry, guardLog } = daemon;
  const viewers = new Set<Viewer>();
  const watched = new Map<AnyActorRef, Watched>();
  let inspection: { unsubscribe(): void } | undefined;

  const actorsAround = (process: number | null): ReadonlyMap<AnyActorRef, MachineName> => {
    const actors = new Map<AnyActorRef, MachineName>();
    for (const app of process === null ? [] : registry.apps()) {
      const { processes, successors, leaving, reload, spec } = app.getSnapshot().context;
      const others = Object.values(leaving).filter(
        (each) => each.getSnapshot().context.id === process,
      );
      const own = [processes[process ?? -1], successors[process ?? -1], ...others].filter(
        (each) => each !== undefined,
      );
      if (own.length === 0) continue;
      for (const each of own) actors.set(each, "process");
      actors.set(app, "app");
      if (reload !== null) actors.set(reload, "reload");
      const group = god.getSnapshot().context.groups.get(ownGroup(spec) ?? "");
      if (group !== undefined) actors.set(group, "group");
    }
    actors.set(god, "god");
    return actors;
  };
  const follow = (viewer: Viewer, actor: AnyActorRef, machine: MachineName): void => {
    let entry = watched.get(actor);
    if (entry === undefined) {
      const { context } = actor.getSnapshot() as AnyMachineSnapshot;
      const key = keyOf(machine, context);
      entry = { machine, viewers: new Set(), unwatchGuards: guardLog.watch(key), steps: [] };
      guardLog.seed(key, earlierReadings(machine, context));
      watched.set(actor, entry);
    }
    entry.viewers.add(viewer);
  };
  const leave = (viewer: Viewer, actor: AnyActorRef): void => {
    const entry = watched.get(actor);
    if (entry?.viewers.delete(viewer) !== true || entry.viewers.size > 0) return;
    entry.unwatchGuards();
    watched.delete(actor);
  };
  const tellTo = (to: Iterable<Viewer>, actor: AnyActorRef, entry: Watched): void => {
    const view = machineView({ machine: entry.machine, actor }, entry.steps, daemon);
    const json = JSON.stringify({ type: "machine", machine: view });
    for (const viewer of to) viewer.tell(view, json);
  };
  /** Brings what a viewer follows up to date: a reload begins, a replacement takes a place, a process is gone. */
  const refresh = (viewer: Viewer): void => {
    const actors = actorsAround(viewer.process);
    const before = viewer.actors;
    viewer.actors = actors;
    for (const actor of before.keys()) {
      if (actors.has(actor)) continue;
      // Its parent hears of a machine's end before its observers do: what it did last is sent now or never.
      const entry = watched.get(actor);
      if (entry !== undefined && entry.steps.length > 0) tellTo([viewer], actor, entry);
      leave(viewer, actor);
    }
    for (const [actor, machine] of actors) {
      if (before.has(actor)) continue;
      follow(viewer, actor, machine);
      const entry = watched.get(actor);
      if (entry !== undefined) tellTo([viewer], actor, { ...entry, steps: [] });
    }
  };
  const observe = (event: InspectionEvent): void => {
    const actor = event.actorRef as AnyActorRef;
    const entry = watched.get(actor);
    if (entry === undefined) return;
    if (event.type === "@xstate.microstep") {
      for (const transition of event._transitions) {
        if (entry.steps.length < mostSteps) entry.steps.push(stepFrom(transition));
      }
    } else if (event.type === "@xstate.snapshot") {
      tellTo(entry.viewers, actor, entry);
      entry.steps = [];
      if (entry.machine === "app" || entry.machine === "god") {
        for (const viewer of entry.viewers) refresh(viewer);
      }
    }
  };
  const guarded = (event: InspectionEvent): void => {
    try {
      observe(event);
    } catch (error) {
      log(`the inspector: ${messageOf(error)}`);
    }
  };

  return {
    noteProcess: (process) => {
      for (const viewer of viewers) {
        if (viewer.process !== process || [...viewer.actors.values()].includes("process")) continue;
        refresh(viewer);
      }
    },
    around: (process, tell) => {
      const viewer: Viewer = { process, tell, actors: new Map() };
      viewers.add(viewer);
      inspection ??= god.system.inspect(guarded);
      refresh(viewer);
      return () => {
        for (const actor of viewer.actors.keys()) leave(viewer, actor);
        viewer.actors = new Map();
        viewers.delete(viewer);
        if (viewers.size > 0) return;
        inspection?.unsubscribe();
        inspection = undefined;
      };
    },
  };
}

function stepFrom(transition: AnyTransitionDefinition): MachineStep {
  const { event, guard } = labelFrom(transition);
  const [target] = transition.target ?? [];
  return { source: transition.source.id, target: target?.id ?? null, event, guard };
}
