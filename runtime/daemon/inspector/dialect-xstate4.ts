import type { AnyActorRef, AnyMachineSnapshot, EventObject } from "xstate";
import { contextOf } from "../records/context.ts";
import { jsonWithoutEnvironment } from "../registry/redaction.ts";
import { machineOf, type Dialect } from "./dialect.ts";
import { xstate4Definition, xstate4Event } from "./xstate4-definition.ts";

/*
 * The wire protocol of `@xstate/inspect`, which is for XState 4: `service.register`, `service.state`, `service.event` and
 * `service.stop`, in which machines, states and events are JSON in strings. Its services are machines: an actor of
 * another kind (a child, a sensor) is not registered, and what it does is seen as the events that its machine gets.
 */

export const xstate4Dialect: Dialect = {
  introduction: (actor) => {
    const definition = definitionOf(actor);
    // An actor that is being created has no state yet, and without one there is no service.
    const state = stateOf(actor, { type: "xstate.init" });
    if (definition === undefined || state === undefined) return undefined;
    return JSON.stringify({
      type: "service.register",
      machine: definition,
      state,
      id: actor.id === actor.sessionId ? machineOf(actor)?.name : actor.id,
      sessionId: actor.sessionId,
      parent: (actor as { _parent?: AnyActorRef })._parent?.sessionId,
    });
  },
  event: ({ actorRef: { sessionId }, event, sourceRef }) =>
    JSON.stringify({
      type: "service.event",
      event: jsonWithoutEnvironment(scxmlOf(event, sourceRef?.sessionId)),
      sessionId,
    }),
  snapshot: ({ actorRef, event, snapshot }) => {
    const actor = actorRef as AnyActorRef;
    const { sessionId } = actor;
    const state = JSON.stringify({
      type: "service.state",
      state: stateOf(actor, event),
      sessionId,
    });
    const { status } = snapshot as { status?: string };
    return status === "active"
      ? [state]
      : [state, JSON.stringify({ type: "service.stop", sessionId })];
  },
};

const definitions = new Map<string, string>();

function definitionOf(actor: AnyActorRef): string | undefined {
  const known = machineOf(actor);
  if (known === undefined) return undefined;
  const { name, machine } = known;
  const text = definitions.get(name) ?? JSON.stringify(xstate4Definition(machine));
  definitions.set(name, text);
  return text;
}

/** A state as XState 4 writes it; its machine and its configuration are never part of it. */
function stateOf(actor: AnyActorRef, event: EventObject): string | undefined {
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot | undefined;
  const machine = machineOf(actor);
  if (snapshot === undefined || machine === undefined) return undefined;
  const { value, context, tags, status } = snapshot;
  const scxml = scxmlOf(event, undefined);
  return jsonWithoutEnvironment({
    value,
    context: contextOf(machine.name, context),
    event: scxml.data,
    _event: scxml,
    _sessionid: actor.sessionId,
    actions: [],
    activities: {},
    meta: {},
    events: [],
    configuration: [],
    transitions: [],
    children: {},
    tags: [...tags],
    done: status === "done",
    changed: true,
  });
}

/** An event as XState 4 hands it round, in an envelope of SCXML. */
function scxmlOf(event: EventObject, origin: string | undefined) {
  const name = xstate4Event(event.type);
  const data = name === event.type ? event : { ...event, type: name };
  return { name, data, $$type: "scxml", type: "external", origin };
}
