import type {
  AnyActorRef,
  AnyStateMachine,
  InspectedEventEvent,
  InspectedSnapshotEvent,
} from "xstate";
import type { MachineName } from "../../contract/inspector.ts";

/** A protocol for tools, as the messages that tell of one actor. Each is JSON without values of the environment. */
export interface Dialect {
  /** Introduces an actor; `undefined`: the protocol has no word for it, or not before its first event. */
  introduction(actor: AnyActorRef, rootId: string): string | undefined;
  event(inspected: InspectedEventEvent): string;
  /** The result of a transition; the last one of an actor reports its end. */
  snapshot(inspected: InspectedSnapshotEvent): string[];
}

interface Logic {
  readonly id?: unknown;
  readonly config?: unknown;
}

/** The statechart of an actor that is a machine, and its name. */
export function machineOf(
  actor: AnyActorRef,
): { readonly name: MachineName; readonly machine: AnyStateMachine } | undefined {
  const { logic } = actor as { logic?: Logic };
  if (typeof logic?.config !== "object" || typeof logic.id !== "string") return undefined;
  return { name: logic.id as MachineName, machine: logic as AnyStateMachine };
}
