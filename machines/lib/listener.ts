import type { Subscription } from "xstate";

/** What an observer is given: enough of an actor to hear of it. */
export interface Observed {
  subscribe(observer: { next: () => void; error: () => void; complete: () => void }): Subscription;
}

export interface Listener {
  /** Hears of an actor from now on; once, however often it is named. */
  readonly hear: (actor: Observed) => void;
  readonly end: () => void;
}

/**
 * Hears of actors that are found while it looks at others.
 * @param heard called whenever anything of one of them changes, until it is ended.
 */
export function listener(heard: () => void): Listener {
  const subscriptions = new Map<Observed, Subscription>();
  let isOver = false;
  const changed = (): void => {
    if (!isOver) heard();
  };
  return {
    hear: (actor) => {
      if (subscriptions.has(actor)) return;
      subscriptions.set(actor, { unsubscribe: () => {} });
      subscriptions.set(
        actor,
        actor.subscribe({ next: changed, error: changed, complete: changed }),
      );
    },
    end: () => {
      isOver = true;
      for (const subscription of subscriptions.values()) subscription.unsubscribe();
    },
  };
}
