import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import { messageOf } from "../../contract/errors.ts";
import { contextOf } from "../records/context.ts";
import { jsonWithoutEnvironment } from "../registry/redaction.ts";
import { machineOf, type Dialect } from "./dialect.ts";

/*
 * The wire protocol of `@statelyai/inspect`: one `@xstate.actor` for each actor with its definition, then `@xstate.event`
 * and `@xstate.snapshot` as they happen. That package's own server half is not used: it listens on all interfaces,
 * checks no origin and costs ten times a transition.
 */

/** The version of the protocol: that of the package whose receiver the conformance test uses. */
const protocolVersion = "0.7.2";

export const statelyDialect: Dialect = {
  introduction: (actor, rootId) =>
    jsonWithoutEnvironment({
      ...base("@xstate.actor", actor, rootId),
      name: actor.id === actor.sessionId ? (machineOf(actor)?.name ?? actor.id) : actor.id,
      parentId: (actor as { _parent?: AnyActorRef })._parent?.sessionId,
      definition: definitionOf(actor),
      snapshot: snapshotOf(actor),
    }),
  event: ({ type, actorRef, rootId, event, sourceRef }) =>
    jsonWithoutEnvironment({
      ...base(type, actorRef as AnyActorRef, rootId),
      event,
      sourceId: sourceRef?.sessionId,
    }),
  snapshot: ({ type, actorRef, rootId, event }) => {
    const actor = actorRef as AnyActorRef;
    return [
      jsonWithoutEnvironment({ ...base(type, actor, rootId), event, snapshot: snapshotOf(actor) }),
    ];
  },
};

function base(type: string, actor: AnyActorRef, rootId: string | undefined) {
  return {
    type,
    sessionId: actor.sessionId,
    rootId,
    id: null,
    createdAt: String(Date.now()),
    _version: protocolVersion,
  };
}

const definitions = new Map<string, string>();

/** The chart of a machine, without its functions; of what is not a machine its name. */
function definitionOf(actor: AnyActorRef): string {
  const { name, machine } = machineOf(actor) ?? {};
  if (name === undefined) return JSON.stringify({ id: actor.id });
  const known = definitions.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify({ id: name, ...machine?.config });
  definitions.set(name, text);
  return text;
}

/** What an actor that is not a machine was given (a whole specification) is not told. */
function snapshotOf(actor: AnyActorRef): unknown {
  const snapshot = actor.getSnapshot() as Partial<AnyMachineSnapshot> | undefined;
  if (snapshot === undefined) return { status: "active" };
  const { status, value, context, error } = snapshot;
  const machine = machineOf(actor);
  if (machine === undefined) return { status };
  const told = error === undefined ? {} : { error: messageOf(error) };
  return { status, value, context: contextOf(machine.name, context), ...told };
}
