import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { HistoryRecord } from "../../../contract/history.ts";

/** Reads the last records there are, or the last ones up to a time; oldest first. */
export type ReadRecords = (asked: { until?: number; limit: number }) => Promise<HistoryRecord[]>;

/** Records kept in the page of one machine. */
const mostKept = 2_000;

/** Records of one machine: the latest ones, and those around the viewed moment of the past. */
export class Recorded {
  readonly latest = signal<readonly HistoryRecord[]>([]);
  readonly around = signal<readonly HistoryRecord[]>([]);
  /** The records to show: those around the moment where there are some. */
  readonly known: ReadonlySignal<readonly HistoryRecord[]>;
  readonly isReading = signal(false);
  readonly #limits: { readonly latest: number; readonly around: number };
  #read: ReadRecords | undefined;
  #isLoaded = false;
  /** The latest ones are all there are. */
  #isWhole = false;
  /** Up to when those around a moment are whole; ms. */
  #aroundUntil = 0;
  #ticket = 0;
  /** The last requested moment. */
  #wanted = 0;

  constructor(limits: { latest: number; around: number }) {
    this.#limits = limits;
    this.known = computed(() =>
      this.around.value.length > 0 ? this.around.value : this.latest.value,
    );
  }

  /** There is nothing before the first record. */
  get isWhole(): boolean {
    return this.#isWhole && this.around.value.length === 0;
  }

  /** Forgets all, and reads of another machine from now on. */
  begin(read: ReadRecords | undefined): void {
    this.#ticket += 1;
    this.#read = read;
    this.#isLoaded = false;
    this.#isWhole = false;
    this.latest.value = [];
    this.around.value = [];
    this.isReading.value = false;
  }

  /** Reads the latest ones, once. */
  async load(): Promise<void> {
    if (this.#isLoaded || this.#read === undefined) return;
    this.#isLoaded = true;
    const ticket = this.#ticket;
    this.isReading.value = true;
    try {
      const found = await this.#read({ limit: this.#limits.latest });
      if (ticket !== this.#ticket) return;
      const newest = found.at(-1)?.seq ?? 0;
      const later = this.latest.value.filter(({ seq }) => seq > newest);
      this.#isWhole = found.length < this.#limits.latest;
      this.latest.value = [...found, ...later];
    } catch (error) {
      if (ticket === this.#ticket) this.#isLoaded = false;
      throw error;
    } finally {
      if (ticket === this.#ticket) this.isReading.value = false;
    }
  }

  /** One that has just happened. */
  take(record: HistoryRecord): void {
    const last = this.latest.value.at(-1);
    if (last !== undefined && record.seq <= last.seq) return;
    const all = [...this.latest.value, record];
    if (all.length > mostKept) this.#isWhole = false;
    this.latest.value = all.slice(-mostKept);
  }

  /** Makes the records of a moment available: at once where they are loaded, else when they have arrived. */
  async travel(to: number): Promise<void> {
    this.#wanted = to;
    await this.load();
    if (this.#wanted !== to) return;
    if (this.#isWhole || covers(this.latest.value, to)) {
      this.around.value = [];
      return;
    }
    if (covers(this.around.value, to) && to <= this.#aroundUntil) return;
    const ticket = this.#ticket;
    this.isReading.value = true;
    try {
      const found = await this.#read?.({ until: to, limit: this.#limits.around });
      // Another moment may have been asked for since.
      if (ticket !== this.#ticket || this.#wanted !== to) return;
      this.#aroundUntil = to;
      this.around.value = found ?? [];
    } finally {
      if (ticket === this.#ticket && this.#wanted === to) this.isReading.value = false;
    }
  }

  /** Looks at now again. */
  leave(): void {
    this.#wanted = 0;
    this.around.value = [];
  }
}

function covers(records: readonly { at: number }[], at: number): boolean {
  const [first] = records;
  return first !== undefined && first.at <= at;
}
