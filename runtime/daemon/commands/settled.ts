import type { ProcessFacts, ProcessStatus } from "../../../machines/facts.ts";
import { factsOf, type ProcessActor } from "../../../machines/process.ts";

/** Resolves with the facts of a process once it is in none of the states a command passes through. */
export function settled(
  actor: ProcessActor,
  passing: readonly ProcessStatus[],
): Promise<ProcessFacts> {
  return new Promise((resolve) => {
    const check = (): boolean => {
      const facts = factsOf(actor.getSnapshot());
      if (passing.includes(facts.status)) return false;
      resolve(facts);
      return true;
    };
    if (check()) return;
    const finish = (): void => {
      subscription.unsubscribe();
      resolve(factsOf(actor.getSnapshot()));
    };
    const subscription = actor.subscribe({
      next: () => {
        if (check()) subscription.unsubscribe();
      },
      error: finish,
      complete: finish,
    });
  });
}
