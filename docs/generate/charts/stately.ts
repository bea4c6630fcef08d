import type { AnyStateMachine } from "xstate";

/**
 * A machine's configuration without its functions: names of guards, actions, delays and actors, as Stately Studio
 * imports it.
 */
export function toStately(machine: AnyStateMachine): unknown {
  return JSON.parse(JSON.stringify({ id: machine.id, ...machine.config }));
}
