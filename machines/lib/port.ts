import { fromCallback, fromPromise, type AnyStateMachine, type EventObject } from "xstate";

/**
 * A port: an actor source that a machine names and types, and that the runtime fills with `provide`.
 * A port nobody filled fails by name the moment it is used.
 */
export function sourcePort<TReceives extends EventObject, TInput>(name: string) {
  return fromCallback<TReceives, TInput>(() => {
    throw new Error(`the port "${name}" is not wired: runtime/daemon/wire.ts must provide it`);
  });
}

/** A port that does one thing and ends with an output. */
export function taskPort<TOutput, TInput>(name: string) {
  return fromPromise<TOutput, TInput>(() =>
    Promise.reject(
      new Error(`the port "${name}" is not wired: runtime/daemon/wire.ts must provide it`),
    ),
  );
}

/** The ports of a machine: `satisfies Ports<typeof machine>` makes a forgotten one fail to compile. */
export type Ports<TMachine extends AnyStateMachine> =
  NonNullable<Parameters<TMachine["provide"]>[0]["actors"]> extends infer TActors
    ? { [K in keyof TActors]-?: NonNullable<TActors[K]> }
    : never;
