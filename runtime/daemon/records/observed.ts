import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from "xstate";

/** What a machine was given: a command, a fact, a delay that is over, or what an actor of its came to. */
export interface Given {
  readonly type: string;
}

/**
 * A machine that reports every transition as it is taken: when its actor shows the new snapshot, and before anything that it sends to
 * others, starts or stops. XState tells observers after all of that, and then a process that made a reload go on comes after what the
 * reload made of it. The end of a released actor (`xstate.stop`) is not a transition.
 * @returns the same machine; `provide` makes another one, which is not observed.
 */
export function observed<T extends AnyStateMachine>(
  machine: T,
  tell: (actor: AnyActorRef, given: Given) => void,
): T {
  const transition = machine.transition.bind(machine);
  machine.transition = (snapshot: AnyMachineSnapshot, event: Given, scope) => {
    if (event.type !== "xstate.stop") scope.defer(() => guarded(() => tell(scope.self, event)));
    return transition(snapshot, event, scope);
  };
  return machine;
}

/** XState takes what fails here for a failure of the machine, whose it is not. */
function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** The delay behind an event that XState sends itself, by the name that the chart has for it. */
export function delayOf({ type }: Given): string | undefined {
  return /^xstate\.after\.([^.]+)\./.exec(type)?.[1];
}
