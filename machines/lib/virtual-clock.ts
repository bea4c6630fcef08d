interface Timer {
  readonly dueAt: number;
  readonly run: () => void;
}

/**
 * A clock for actors that moves only when it is advanced, from due time to due time. XState's `SimulatedClock` runs a
 * timer that a timer sets at the end of a large step and not at its own time; here each one sees its own.
 * Times in ms since the clock began.
 */
export class VirtualClock {
  #now = 0;
  #nextId = 0;
  /** In the order they were set: of two that are due at once the older runs first. */
  readonly #timers = new Map<number, Timer>();

  now(): number {
    return this.#now;
  }

  setTimeout(run: (...args: unknown[]) => void, timeout: number): number {
    const id = (this.#nextId += 1);
    this.#timers.set(id, { dueAt: this.#now + timeout, run });
    return id;
  }

  clearTimeout(id: number): void {
    this.#timers.delete(id);
  }

  /** When the next timer is due; `undefined` when none is armed. */
  nextDue(): number | undefined {
    return this.#next()?.[1].dueAt;
  }

  /** Advances to the next timer and runs only that one. */
  step(): void {
    const next = this.#next();
    if (next === undefined) return;
    const [id, { dueAt, run }] = next;
    this.#timers.delete(id);
    this.#now = Math.max(this.#now, dueAt);
    run();
  }

  advance(ms: number): void {
    this.set(this.#now + ms);
  }

  /** Goes on to a time and runs what is due by then. */
  set(at: number): void {
    for (let due = this.nextDue(); due !== undefined && due <= at; due = this.nextDue()) {
      this.step();
    }
    this.#now = Math.max(this.#now, at);
  }

  #next(): [number, Timer] | undefined {
    let next: [number, Timer] | undefined;
    for (const entry of this.#timers) {
      if (next === undefined || entry[1].dueAt < next[1].dueAt) next = entry;
    }
    return next;
  }
}
