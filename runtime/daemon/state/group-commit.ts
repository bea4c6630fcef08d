/**
 * Shares one slow "force to disk" among all who wait for it. A caller gets one that began after its call: what it
 * wrote before is then on disk. Calls of one turn of the event loop share one; calls while one runs share the next.
 */
export class GroupCommit {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves or rejects as the shared `sync` does. */
  commit(): Promise<void> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  /** Resolves when nothing is being forced to disk; never rejects. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next]);
  }

  async #afterRunning(): Promise<void> {
    // Its failure is the business of those who wait for it.
    await Promise.allSettled([this.#running]);
    this.#running = this.#sync();
    this.#next = null;
    await this.#running;
  }
}
