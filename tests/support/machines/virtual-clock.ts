import { SimulatedClock } from "xstate";

/**
 * Moves a clock from due time to due time: `SimulatedClock.increment` of a large step runs timers that a timer
 * sets at the time of the end and not at their own.
 */
export class VirtualClock extends SimulatedClock {
  readonly #due = new Map<number, number>();
  #nextId = 0;
  readonly #ids = new Map<number, number>();

  override setTimeout(fn: (...args: unknown[]) => void, timeout: number): number {
    const key = (this.#nextId += 1);
    const id = super.setTimeout(() => {
      this.#due.delete(key);
      fn();
    }, timeout);
    this.#due.set(key, this.now() + timeout);
    this.#ids.set(id, key);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#due.delete(this.#ids.get(id) ?? -1);
    super.clearTimeout(id);
  }

  /** When the next timer is due; `undefined` when none is armed. */
  nextDue(): number | undefined {
    return this.#due.size === 0 ? undefined : Math.min(...this.#due.values());
  }

  advance(ms: number): void {
    const end = this.now() + ms;
    for (let next = this.nextDue(); next !== undefined && next <= end; next = this.nextDue()) {
      this.set(Math.max(next, this.now()));
    }
    this.set(end);
  }
}
