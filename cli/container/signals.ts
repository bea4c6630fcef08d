/** Whoever does what a signal asks for. */
export interface SignalTarget {
  /** SIGTERM, SIGINT or SIGQUIT. */
  readonly end: (signal: NodeJS.Signals) => void;
  readonly reload: () => void;
  /** SIGUSR1 or SIGUSR2. */
  readonly user: (signal: NodeJS.Signals) => void;
}

export interface Signals {
  /** From now on there may be apps: exits are handled once something can stop them in order. */
  hold(): void;
  hand(target: SignalTarget): void;
}

const ends = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

/**
 * Hears every signal from now on, so that none ends this process by itself; nor does SIGUSR1 open Node's debugger.
 * @param endAtOnce what an end does while there is nothing to end in order.
 */
export function hearSignals(endAtOnce: (signal: NodeJS.Signals) => void): Signals {
  let target: SignalTarget | undefined;
  let isHeld = false;
  let pending: NodeJS.Signals | undefined;
  for (const signal of ends) {
    process.on(signal, () => {
      if (target !== undefined) target.end(signal);
      else if (isHeld) pending ??= signal;
      else endAtOnce(signal);
    });
  }
  process.on("SIGHUP", () => target?.reload());
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    process.on(signal, () => target?.user(signal));
  }
  return {
    hold: () => {
      isHeld = true;
    },
    hand: (to) => {
      target = to;
      if (pending !== undefined) to.end(pending);
    },
  };
}
