import type { AnyStateNode, SnapshotFrom } from "xstate";
import { getShortestPaths } from "xstate/graph";
import { processMachine } from "../../../machines/process.ts";
import type { ProcessEvent, ProcessInput } from "../../../machines/process-events.ts";
import { hookNames } from "../../../machines/hooks.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const child = { pid: 1, startTicks: 1, lifeId: "life", at: 0 };

/** Every paths' steps by what they mean, so that they can be replayed on a virtual clock. */
export function eventsFor(): ProcessEvent[] {
  const at = 10;
  const unmet = [{ app: "db", condition: "service_healthy", state: "launching", isLost: true }];
  const failure = { at, code: "ENOENT", message: "it does not exist" };
  return [
    { type: "start", at, by: "a test" },
    { type: "stop", at, by: "a test" },
    { type: "restart", at, by: "a test" },
    { type: "remove", at, by: "a test" },
    { type: "reset", at, by: "test" },
    { type: "child.spawned", at, child },
    { type: "child.ready", at },
    { type: "child.signalled", at },
    { type: "child.exited", at, code: 0, signal: null },
    { type: "child.exited", at, code: 1, signal: null },
    { type: "child.exited", at, code: null, signal: "SIGSEGV" },
    { type: "child.failed", at, failure, transient: false },
    { type: "child.failed", at, failure, transient: true },
    { type: "child.lost", at, by: "the end of its balancer" },
    { type: "sensor.tripped", at, by: "a sensor" },
    { type: "child.elsewhere", at, why: "a test" },
    { type: "child.unstarted", at, why: "a test" },
    { type: "probe.ready", at },
    { type: "probe.unready", at, why: "a test" },
    { type: "probe.passing", at },
    { type: "probe.failing", at, why: "a test" },
    { type: "dependencies.unmet", at, unmet },
    { type: "dependencies.met", at },
    { type: "dependencies.lost", at, unmet },
    ...hookNames.flatMap((name) => [
      { type: "hook.ended" as const, at, name, code: 0, why: null },
      { type: "hook.ended" as const, at, name, code: 1, why: "exit code 1" },
    ]),
    { type: "group.start", at },
    ...(["hold", "end", "rest"] as const).map((after) => ({
      type: "group.stop" as const,
      at,
      group: "g",
      after,
      why: "group g is one_for_all and db crashed",
    })),
    ...delays().map((type) => ({ type }) as unknown as ProcessEvent),
  ];
}

const hookStates = {
  pre_start: "preparing",
  post_start: { alive: { online: { hooks: "postStart" } } },
  pre_stop: { alive: { stopping: "preStop" } },
  post_stop: { concluding: "postStop" },
} as const;

type State = SnapshotFrom<typeof processMachine>;

/** The shortest path to every state the chart can tell apart, and from there one step by every event. */
export function pathsFor(spec: AppSpec, events = eventsFor()): ProcessEvent[][] {
  const input: ProcessInput = {
    id: 0,
    app: "app",
    instance: 0,
    spec,
    seed: 1,
    at: 0,
    resume: null,
  };
  const paths = getShortestPaths(processMachine, {
    input,
    events,
    // What the chart can tell apart, and no more: otherwise every count would be a state of its own.
    serializeState: ({ value, context, status }) =>
      JSON.stringify([
        value,
        status,
        context.goal,
        context.verdict !== null,
        context.child !== null,
        JSON.stringify(value).includes("pending") && context.unmet.length > 0,
        context.groupOrder?.after,
        Math.min(context.unstableRestarts, 3),
        Math.min(context.restartTimes.length, 2),
      ]),
    filterEvents: mayHappen,
  });
  return paths.flatMap(({ state, steps }) => {
    const before = steps.map(({ event }) => event);
    return events.filter((event) => mayHappen(state, event)).map((event) => [...before, event]);
  });
}

/** Facts come only when the kernel could tell them. */
function mayHappen(snapshot: State, event: ProcessEvent): boolean {
  if (snapshot.status === "done") return false;
  const isAlive = snapshot.matches("alive");
  const hasChild = snapshot.context.child !== null;
  if (event.type === "hook.ended") return snapshot.matches(hookStates[event.name]);
  if (event.type.startsWith("group.") && snapshot.context.spec.group === undefined) return false;
  if (event.type === "child.spawned" || event.type === "child.failed") return isAlive && !hasChild;
  if (event.type === "child.unstarted" || event.type === "child.elsewhere")
    return hasChild && snapshot.hasTag("starting");
  if (event.type.startsWith("probe.")) {
    const isOfLiveness = event.type === "probe.passing" || event.type === "probe.failing";
    return isOfLiveness && JSON.stringify(snapshot.value).includes('"probing"');
  }
  if (event.type.startsWith("child.")) return isAlive && hasChild;
  if (event.type.startsWith("dependencies.")) return snapshot.matches("pending");
  if (event.type === "sensor.tripped") {
    return JSON.stringify(snapshot.value).includes('"watching"');
  }
  return snapshot.machine.getTransitionData(snapshot, event).length > 0;
}

/** Does to a simulated process what a step of a path says. */
export function play(process: SimulatedProcess, event: ProcessEvent): void {
  switch (event.type) {
    case "xstate.init" as never:
    case "child.spawned":
    case "child.failed":
      return;
    case "hook.ended":
      return process.hookEnds(event.why);
    case "child.ready":
      return process.ready();
    case "child.exited":
      return process.living.length > 0 ? process.exit(event.code, event.signal) : undefined;
    case "child.signalled":
      return process.signalled();
    case "child.lost":
      return process.lose(event.by);
    case "sensor.tripped":
      return process.trip(event.by);
    case "child.elsewhere":
      return process.listensElsewhere();
    case "child.unstarted":
      return process.runOut();
    case "probe.ready":
    case "probe.unready":
    case "probe.passing":
    case "probe.failing":
      return process.finds(event.type);
    case "dependencies.unmet":
      return process.hears("unmet");
    case "dependencies.met":
      return process.hears("met");
    case "dependencies.lost":
      return process.hears("lost", "errored");
    case "group.start":
    case "group.stop":
    case "configure":
      process.actor.send(event);
      return;
    case "start":
    case "stop":
    case "restart":
    case "remove":
    case "reset":
      return process.command(event.type);
    default: {
      const due = process.clock.nextDue();
      if (due !== undefined) process.advance(due - process.clock.now());
    }
  }
}

function delays(node: AnyStateNode = processMachine.root): string[] {
  return [
    ...node.after.map(({ eventType }) => eventType),
    ...Object.values(node.states).flatMap(delays),
  ];
}
