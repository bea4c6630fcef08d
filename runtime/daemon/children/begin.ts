import type { ChildFact } from "../../../machines/facts.ts";
import { steadyNow } from "../../host/clock.ts";
import { adoptOutputs } from "./adopt-outputs.ts";
import { Child } from "./child.ts";
import type { ChildEvents, ChildHandle, ChildServices, Launch } from "./contract.ts";
import { connectsItself } from "./node-app.ts";
import { startChild } from "./spawn.ts";

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
  child = new Child({ launch, fact: started.fact, events, started, talk });
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
  const child: Child = new Child({ launch, fact, events, talk });
  child.watch(services.exits);
  adoptOutputs(launch, fact.pid, services.lane);
  events.spawned(fact);
  return child;
}
