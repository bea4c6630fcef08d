import { basename } from "node:path";
import type { ChildFact } from "../../../machines/facts.ts";
import { steadyNow } from "../../host/clock.ts";
import { adoptOutputs } from "./adopt-outputs.ts";
import { Child } from "./child.ts";
import type { ChildEvents, ChildHandle, ChildServices, Launch } from "./contract.ts";
import { connectsItself } from "./node-app.ts";
import { OwnGroup } from "./own-group.ts";
import { groupName, startChild } from "./spawn.ts";

/**
 * Spawns a child, with its log files as its output.
 * @returns `undefined` when it cannot be spawned; `failed` says why.
 */
export function spawnChild(
  launch: Launch,
  events: ChildEvents,
  services: ChildServices,
): ChildHandle | undefined {
  const line = connectsItself(launch, services) ? "connects" : "inherits";
  const talk = services.links.attach(
    launch.lifeId,
    (message, from) => child?.hear(message, from),
    line,
  );
  let child: Child | undefined;
  const started = startChild(launch, events, services);
  if (started === undefined) {
    talk.release();
    return undefined;
  }
  const { groups } = services;
  const group = started.group === undefined ? undefined : new OwnGroup(started.group, groups);
  child = new Child({ launch, fact: started.fact, events, started, talk, group });
  const own = child;
  started.onExit((code, signal) => own.ended({ at: steadyNow(), code, signal }));
  events.spawned(started.fact);
  return child;
}

/** Takes over a child that outlived its daemon. Only a parent can wait for it: it is polled. */
export function adoptChild(
  launch: Launch,
  fact: ChildFact,
  events: ChildEvents,
  services: ChildServices,
): ChildHandle {
  const line = connectsItself(launch, services) ? "connects" : "had";
  const talk = services.links.attach(
    launch.lifeId,
    (message, from) => child.hear(message, from),
    line,
  );
  const child: Child = new Child({
    launch,
    fact,
    events,
    talk,
    group: groupOf(fact, launch, services),
  });
  child.watch(services.exits);
  adoptOutputs(launch, fact.pid, services.lane);
  events.spawned(fact);
  return child;
}

/** Its group is known by its name; the daemon may have another place for groups by now. */
function groupOf(fact: ChildFact, { id }: Launch, { groups }: ChildServices): OwnGroup | undefined {
  const name = groupName(id, fact.lifeId);
  const its = groups.of(fact.pid);
  const path = its !== undefined && basename(its) === name ? its : groups.find(name);
  return path === undefined ? undefined : new OwnGroup(path, groups);
}
